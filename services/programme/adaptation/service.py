"""What can be asked of adaptation steps: to be planned, reached, listed."""

from datetime import date
from uuid import UUID

from services.programme.adaptation import domain, store
from services.programme.adaptation.domain import AdaptationStep
from services.programme.journey import service as journeys
from services.programme.journey.domain import Journey
from shared.database import Tx


async def plan(tx: Tx, journey_id: UUID, step: AdaptationStep) -> None:
    """Raises Refused, NotFound. Source: mission row 000-43."""
    found = await journeys.lock(tx, journey_id)
    domain.check_planned(found.journey, found.pathway, step.kind)
    await store.save_step(tx, journey_id, step)


async def reach(tx: Tx, journey_id: UUID, step_id: UUID, reached_on: date) -> None:
    """Raises Refused, NotFound. Source: mission row 002-20."""
    await journeys.lock(tx, journey_id)
    step = domain.reach(await store.find_step(tx, journey_id, step_id), reached_on, journeys.latest_day(tx))
    await store.save_step(tx, journey_id, step)


async def list_steps(tx: Tx, journey_id: UUID) -> tuple[Journey, list[AdaptationStep]]:
    """For who opened the journey or had a spell in it; raises NotFound for others, those merely named too."""
    journey = (await journeys.get(tx, journey_id)).journey
    tx.caller.must_be_one_of("journey", *journey.organisations())
    return journey, await store.list_steps(tx, journey_id)
