"""What can be asked of adaptation steps: to be planned, reached, listed."""

from datetime import date
from uuid import UUID

from services.programme.adaptation import domain, store
from services.programme.adaptation.domain import AdaptationStep
from services.programme.journey import service as journeys
from services.programme.journey.domain import Journey
from services.programme.leftover.domain import Leftover
from services.programme.right import service as rights
from shared.database import Tx


async def plan(tx: Tx, journey_id: UUID, step: AdaptationStep) -> None:
    """Raises Refused, NotFound. Source: mission row 000-43."""
    found = await rights.lock_held(tx, journey_id)
    domain.check_planned(found.journey, found.pathway, step, journeys.days(tx, found))
    await store.save_step(tx, journey_id, step)


async def reach(tx: Tx, journey_id: UUID, step_id: UUID, reached_on: date) -> None:
    """Raises Refused, NotFound. Source: mission row 002-20."""
    found = await rights.lock_held(tx, journey_id)
    planned = await store.find_step(tx, journey_id, step_id)
    step = domain.reach(planned, reached_on, journeys.days(tx, found), tx.caller.organisation_id)
    await store.save_step(tx, journey_id, step)


async def find(tx: Tx, journey_id: UUID, step_id: UUID) -> AdaptationStep | None:
    """Call under the journey's lock."""
    return await store.find_step(tx, journey_id, step_id)


async def save(tx: Tx, journey_id: UUID, step: AdaptationStep) -> None:
    """What was corrected of it. Call under the journey's lock."""
    await store.save_step(tx, journey_id, step)


async def remove(tx: Tx, step_id: UUID) -> None:
    """It was none. Call under the journey's lock."""
    await store.delete_step(tx, step_id)


async def stay_gone(tx: Tx, journey_id: UUID, left: Leftover) -> list[AdaptationStep]:
    """A stay or the journey never was; answers the steps that went with it, and those that it alone had reached.

    Call under the journey's lock.
    """
    changed = []
    for step in await store.list_all(tx, journey_id):
        if left.is_gone(step.entered_by):
            await remove(tx, step.step_id)
        elif step.reached_on and left.is_gone(step.reached_by):
            await save(tx, journey_id, step.model_copy(update={"reached_on": None, "reached_by": None}))
        else:
            continue
        changed.append(step)
    return changed


async def list_steps(tx: Tx, journey_id: UUID) -> tuple[Journey, list[AdaptationStep]]:
    """For who sees all of a journey it opened or had a stay in; raises NotFound for others."""
    sight = await rights.get_delivered(tx, journey_id)
    rights.must_be_whole(sight)
    return sight.journey, await store.list_steps(tx, journey_id)
