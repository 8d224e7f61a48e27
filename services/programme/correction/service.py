"""What can be corrected of a journey: lock, decide, save, append; what its relapses and weekly records stand on follows."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.programme.adaptation import service as adaptation
from services.programme.correction import domain, whole
from services.programme.correction.domain import By, Place
from services.programme.correction.whole import Opened
from services.programme.functioning import service as functioning
from services.programme.journey import service as journeys
from services.programme.journey.domain import Found, Journey, SkippedHow, Spell, asks
from services.programme.leftover.domain import Leftover, left_by
from services.programme.organisation import service as organisations
from services.programme.organisation.service import TOLD_BY
from services.programme.relapse import service as relapses
from services.programme.relapse.domain import Relapse
from services.programme.right import service as rights
from services.programme.stage.domain import UNCONFIRMED, Ended, Start, Visit
from services.programme.withdrawal import service as withdrawal
from shared.database import Tx
from shared.errors import NotFound, NotYetKnown, Refused, refuse


async def withdraw_end(tx: Tx, journey_id: UUID, place: Place, reason: str) -> Journey:
    """The end of a stage's last stay was entered in error. Raises Refused naming what hinders it, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        reopens_another = await relapses.reopens_another(tx, found, place[0])
        journey, spell, events = domain.withdraw_end(found.journey, place, _by(tx, reason), found.person.died_on, reopens_another)
        journeys.tell(tx, found, events)
        journey = await relapses.stay_goes_on(tx, found._replace(journey=journey), spell)
        return await _save(tx, found, await _no_death(tx, found._replace(journey=journey), found.journey.spell(*place)))


async def amend_end(tx: Tx, journey_id: UUID, place: Place, ended: Ended, reason: str) -> Journey:
    """A stay ended on another day or otherwise. Raises Refused, NotFound, NotYetKnown for the next organisation."""
    async with rights.locked(tx, journey_id, ("next_organisation_id", ended.next_organisation_id)) as found:
        spell = found.journey.spell(*place)
        is_new = spell is None or spell.next_organisation_id != ended.next_organisation_id
        known = ended._replace(next_is_confirmed=found.is_confirmed or not is_new)
        try:
            journey, amended, events = domain.amend_end(found.journey, place, known, _by(tx, reason), journeys.days(tx, found))
        except Refused as refused:
            if refused.unmet != (UNCONFIRMED,):
                raise
            raise NotYetKnown("next_organisation_id", TOLD_BY, refused) from refused
        journeys.tell(tx, found, events)
        return await _save(tx, found, await relapses.stays_corrected(tx, found._replace(journey=journey), amended))


async def withdraw_start(tx: Tx, journey_id: UUID, place: Place, reason: str) -> Journey:
    """A stage's last stay was entered in error, with its end and all that was recorded of it. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        by = _by(tx, reason)
        spell = domain.start_to_withdraw(found.journey, place, by, found.person.died_on)
        gone = await relapses.stays_gone(tx, found, [spell])
        recorded = gone.recorded | await _recorded(tx, journey_id, left_by(found.journey, spell))
        journey, events = domain.without_start(gone.journey, spell, by, recorded)
        journeys.tell(tx, found, events)
        journey = await relapses.before_stay(tx, found._replace(journey=journey), spell, gone)
        await _stays_used(tx, found, [spell])
        return await _save(tx, found, await _no_death(tx, found._replace(journey=journey), spell))


async def _recorded(tx: Tx, journey_id: UUID, left: Leftover) -> dict[str, Any]:
    """What was recorded in the journey goes with a stay that never was, or with all of it; answers it, for the history."""
    levels = await functioning.stay_gone(tx, journey_id, left)
    gone: dict[str, Sequence[BaseModel]] = {
        "scores": levels.scores,
        "goals": levels.goals,
        "withdrawal_scores": await withdrawal.stay_gone(tx, journey_id, left),
        "adaptation_steps": await adaptation.stay_gone(tx, journey_id, left),
    }
    return {name: [one.model_dump(mode="json", exclude_none=True) for one in facts] for name, facts in gone.items() if facts}


async def _stays_used(tx: Tx, found: Found, gone: Sequence[Spell]) -> None:
    """What somebody accepted is not open to it again by a correction once another organisation has the person."""
    if not asks(found, tx.caller.organisation_id):
        for referral_id in {one for spell in gone for one in spell.accepted}:
            await journeys.dismiss(tx, referral_id)


async def _no_death(tx: Tx, found: Found, corrected: Spell | None) -> Journey:
    """A stay that was left by a death stopped the weeks of the others too."""
    return await relapses.go_on(tx, found) if corrected is not None and corrected.how == "died" else found.journey


async def amend_start(tx: Tx, journey_id: UUID, place: Place, visit: Visit, reason: str) -> Journey:
    """A stay began on another day or otherwise. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        spell, rule = found.journey.spell(*place), found.pathway.rule(place[0])
        if rule is None:
            raise NotFound("stage")
        of = spell.organisation_id if spell else journeys.organisation_of(tx)
        start = Start(of, await organisations.kind_of(tx, of), visit)
        journey, amended, events = domain.amend_start(found.journey, rule, place[1], start, _by(tx, reason), journeys.days(tx, found))
        reported_on = await relapses.first_reported_on(tx, journey_id, amended)
        refuse(domain.NOT_POSSIBLE, {"on-or-before-reported-use": reported_on is not None and reported_on < visit.on})
        journeys.tell(tx, found, events)
        before = journey.spell(amended.stage, amended.number - 1)
        journey = await relapses.start_corrected(tx, found._replace(journey=journey))
        return await _save(tx, found, await relapses.stays_corrected(tx, found._replace(journey=journey), amended, before))


async def withdraw_skip(tx: Tx, journey_id: UUID, stage: int, reason: str) -> Journey:
    """A stage was not set aside. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        journey, events = whole.withdraw_skip(found.journey, stage, _by(tx, reason))
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def amend_skip(tx: Tx, journey_id: UUID, stage: int, said: tuple[SkippedHow, str], reason: str) -> Journey:
    """A stage was set aside otherwise. `said`: how, and its evidence or reason. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        journey, events = whole.amend_skip(found.journey, stage, *said, _by(tx, reason))
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def withdraw_reopening(tx: Tx, journey_id: UUID, stage: int, reason: str) -> Journey:
    """A stage was not reopened by decision. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        by_relapse = await relapses.wants_open(tx, found, stage)
        journey = whole.withdraw_reopening(found.journey, stage, _by(tx, reason), by_relapse)
        return await _save(tx, found, await relapses.at_rest_again(tx, found._replace(journey=journey)))


async def withdraw_completion(tx: Tx, journey_id: UUID, completed_on: date, reason: str) -> Journey:
    """A journey was not completed. `completed_on`: which completion is meant. Raises Refused, NotFound."""
    async with rights.locked_to_complete(tx, journey_id) as found:
        journey, events = whole.withdraw_completion(found.journey, completed_on, _by(tx, reason))
        await relapses.not_completed(tx, found)
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def amend_completion(tx: Tx, journey_id: UUID, on: date, reason: str) -> Journey:
    """A journey was last completed on another day. Raises Refused, NotFound."""
    async with rights.locked_to_complete(tx, journey_id) as found:
        last = found.pathway.completing.stage
        journey, events = whole.amend_completion(found.journey, last, on, _by(tx, reason), journeys.days(tx, found))
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def amend_journey(tx: Tx, journey_id: UUID, opened: Opened, reason: str) -> Journey:
    """A journey was opened on another day, or for another reason. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        journey, events = whole.amend_journey(found.journey, opened, _by(tx, reason), journeys.days(tx, found))
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def withdraw_journey(tx: Tx, journey_id: UUID, reason: str) -> Journey:
    """A journey was opened in error: it never was, with its own stays. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        by = _by(tx, reason)
        whole.journey_to_withdraw(found.journey, by, found.person.died_on)
        gone = await relapses.stays_gone(tx, found, found.journey.spells)
        await _stays_used(tx, found, found.journey.spells)
        journey, events = whole.without_journey(found.journey, by, gone.recorded | await _recorded(tx, journey_id, Leftover()))
        journeys.tell(tx, found, events)
        return await _save(tx, found, journey)


async def amend_relapse(tx: Tx, journey_id: UUID, relapse_id: UUID, said: tuple[int, date], reason: str) -> Relapse:
    """A use was reported of another stage or day. `said`: which were meant. Raises Refused, NotFound. A second time is none."""
    async with rights.locked(tx, journey_id) as found:
        journey, before, now = await relapses.amend(tx, found, relapse_id, said, reason)
        if now != before:
            await _save(tx, found, domain.amended_relapse(journey, before, _by(tx, reason)))
        return now


def _by(tx: Tx, reason: str) -> By:
    return By(tx.caller.organisation_id, tx.now.date(), reason)


async def _save(tx: Tx, found: Found, journey: Journey) -> Journey:
    """Save what was corrected, last of all; returns the journey as the caller sees it.

    A sender that has no part in the case any more is answered once more all the same.
    """
    own = tx.caller.organisation_id
    had_part, has_part = (own in set(one.organisations()) and one.status != "entered-in-error" for one in (found.journey, journey))
    tx.ended_right = had_part and not has_part and not found.accepted and own != found.person.registered_by
    tx.audit("correct-journey", journey.person_id)
    await journeys.correct(tx, journey)
    return rights.seen(tx, found._replace(journey=journey)).journey
