"""What can be corrected of what was recorded in a journey: lock, decide, save. Nobody else keeps these facts, so nobody is told."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from services.programme.adaptation import service as adaptation
from services.programme.adaptation.domain import AdaptationStep
from services.programme.correction.domain import By, corrected
from services.programme.fact import domain, levels, steps, weeks
from services.programme.fact.domain import Case
from services.programme.fact.levels import Corrected
from services.programme.fact.weeks import Unrecorded
from services.programme.functioning import service as functioning
from services.programme.functioning.domain import Closing, Functioning, Goal, Place
from services.programme.journey import service as journeys
from services.programme.journey.domain import Correction, Found, Journey
from services.programme.relapse import service as relapses
from services.programme.right import service as rights
from services.programme.weekly import service as weekly
from services.programme.withdrawal import service as withdrawal
from shared.database import Tx

StepRule = Callable[[Case, AdaptationStep | None], tuple[AdaptationStep, Correction]]


async def withdraw_score(tx: Tx, journey_id: UUID, place: Place, reason: str) -> None:
    """A score of a level was entered in error. Raises Refused naming what hinders it, NotFound."""
    await _correct_levels(tx, journey_id, reason, lambda case, kept: levels.withdraw_score(case, kept, place))


async def withdraw_goal(tx: Tx, journey_id: UUID, goal_id: UUID, reason: str) -> None:
    """A goal was entered in error. Raises Refused, NotFound."""
    await _correct_levels(tx, journey_id, reason, lambda case, kept: levels.withdraw_goal(case, kept, goal_id))


async def amend_goal(tx: Tx, journey_id: UUID, goal: Goal, reason: str) -> None:
    """A goal was another one. Raises Refused, NotFound."""
    await _correct_levels(tx, journey_id, reason, lambda case, kept: levels.amend_goal(case, kept, goal))


async def withdraw_closing(tx: Tx, journey_id: UUID, goal_id: UUID, reason: str) -> None:
    """A goal was not closed. Raises Refused, NotFound."""
    await _correct_levels(tx, journey_id, reason, lambda case, kept: levels.withdraw_closing(case, kept, goal_id))


async def amend_closing(tx: Tx, journey_id: UUID, closing: Closing, reason: str) -> None:
    """A goal was closed otherwise. Raises Refused, NotFound."""
    await _correct_levels(tx, journey_id, reason, lambda case, kept: levels.amend_closing(case, kept, closing))


async def _correct_levels(tx: Tx, journey_id: UUID, reason: str, rule: Callable[[Case, Functioning], Corrected]) -> None:
    async with rights.locked(tx, journey_id) as found:
        left, lines = rule(_case(tx, found, reason), await functioning.get(tx, journey_id))
        await functioning.save(tx, journey_id, left)
        await _keep(tx, found, lines)


async def withdraw_day(tx: Tx, journey_id: UUID, day: date, reason: str) -> None:
    """The withdrawal score of a day was entered in error. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        line = domain.withdraw_day(_case(tx, found, reason), await withdrawal.find(tx, journey_id, day))
        await withdrawal.remove(tx, journey_id, day)
        await _keep(tx, found, [line])


async def withdraw_step(tx: Tx, journey_id: UUID, step_id: UUID, reason: str) -> None:
    """An adaptation step was entered in error. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        lines = steps.withdraw_step(_case(tx, found, reason), await adaptation.find(tx, journey_id, step_id))
        await adaptation.remove(tx, step_id)
        await _keep(tx, found, lines)


async def amend_step(tx: Tx, journey_id: UUID, step: AdaptationStep, reason: str) -> AdaptationStep:
    """Another adaptation step was planned. Raises Refused, NotFound."""
    return await _correct_step(tx, journey_id, step.step_id, reason, lambda case, kept: steps.amend_step(case, kept, step))


async def withdraw_reaching(tx: Tx, journey_id: UUID, step_id: UUID, reason: str) -> None:
    """An adaptation step was not reached. Raises Refused, NotFound."""
    await _correct_step(tx, journey_id, step_id, reason, steps.withdraw_reaching)


async def amend_reaching(tx: Tx, journey_id: UUID, step_id: UUID, on: date, reason: str) -> None:
    """An adaptation step was reached on another day. Raises Refused, NotFound."""
    await _correct_step(tx, journey_id, step_id, reason, lambda case, kept: steps.amend_reaching(case, kept, on))


async def _correct_step(tx: Tx, journey_id: UUID, step_id: UUID, reason: str, rule: StepRule) -> AdaptationStep:
    async with rights.locked(tx, journey_id) as found:
        step, line = rule(_case(tx, found, reason), await adaptation.find(tx, journey_id, step_id))
        await adaptation.save(tx, journey_id, step)
        await _keep(tx, found, [line])
        return step


async def withdraw_weeks(tx: Tx, journey_id: UUID, place: tuple[int, int | None], none: Unrecorded, reason: str) -> Journey:
    """Weekly results were entered in error: they are judged again without them, as after a late result. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        spell = found.journey.spell(*place)
        record = await weekly.find(tx, journey_id, spell) if spell else None
        left, line = weeks.withdraw_weeks(_case(tx, found, reason), spell, record, none)
        await weekly.correct(tx, journey_id, left)
        judged = found._replace(journey=await relapses.stays_corrected(tx, found, spell))
        if spell and left.says_nothing:
            await weekly.remove(tx, journey_id, spell)
        await _keep(tx, judged, [line])
        return rights.seen(tx, judged).journey


def _case(tx: Tx, found: Found, reason: str) -> Case:
    by = By(tx.caller.organisation_id, tx.now.date(), reason)
    return Case(found.journey, rights.seen(tx, found).journey, found.pathway, by, journeys.days(tx, found))


async def _keep(tx: Tx, found: Found, lines: list[Correction]) -> None:
    """These lines of history, last of all."""
    tx.audit("correct-journey", found.journey.person_id)
    await journeys.save(tx, corrected(found.journey, *lines))
