"""What family may be told and asked of journeys: hear of one, whether a stage asks for support, which are a person's."""

from uuid import UUID

from services.family.journey import domain, store
from services.family.journey.domain import Journey
from shared.database import Tx
from shared.events.programme import JourneyOpened


async def hear(tx: Tx, event: JourneyOpened) -> None:
    """Nothing is kept of an erased person's; a merged person's goes to whom they were merged into."""
    heard = Journey(
        journey_id=event.journey_id,
        person_id=event.person_id,
        pathway=event.pathway,
        stages=len(event.stages),
        support=domain.asking_for_support(event.stages),
    )
    await store.save_heard(tx, heard)


async def find_journey(tx: Tx, journey_id: UUID) -> Journey | None:
    """None: it was opened before family listened for stages, or its news is still on the way."""
    return await store.find_journey(tx, journey_id)


async def get_journey(tx: Tx, journey_id: UUID, person_id: UUID) -> Journey:
    """The journey; while it has not been heard of, what it is assumed to be."""
    return await store.find_journey(tx, journey_id) or domain.assumed(journey_id, person_id)


async def begin_asking(tx: Tx, journey: Journey, stage: int) -> None:
    await store.insert_assumed(tx, journey)
    await store.save_asking(tx, journey.journey_id, [*(s for s in journey.asking if s != stage), stage])


async def end_asking(tx: Tx, journey: Journey, stage: int) -> bool:
    """Whether that was the last of its stages that ask."""
    left = [s for s in journey.asking if s != stage]
    await store.save_asking(tx, journey.journey_id, left)
    return not left


async def withdraw(tx: Tx, journey_id: UUID) -> None:
    """It was entered in error. Its stages are kept, since they count the steps in what was told."""
    await store.save_withdrawn(tx, journey_id)


async def list_asking(tx: Tx, person_id: UUID) -> list[UUID]:
    """The journeys that have a stage under way which asks for support."""
    return await store.list_asking(tx, person_id)


async def list_ids(tx: Tx, person_id: UUID) -> list[UUID]:
    """Without those that were entered in error."""
    return await store.list_ids(tx, person_id)


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await store.save_merged(tx, person_id, into_id)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.delete_journeys(tx, person_id)
