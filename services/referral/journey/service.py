"""Keeping what programme told, and answering from it."""

from datetime import date
from uuid import UUID

from services.referral.journey import domain, store
from shared.database import Tx
from shared.events.programme import JourneyOpened, StageCompleted, StageLeft, StageSkipped, StageStarted


async def opened(tx: Tx, event: JourneyOpened) -> None:
    await store.save_journey(tx, event)


async def completed(tx: Tx, journey_id: UUID, on: date) -> None:
    await store.save_completion(tx, journey_id, on)


async def started(tx: Tx, event: StageStarted) -> None:
    await store.save_start(tx, event, tx.cause.seq if tx.cause else None)


async def ended(tx: Tx, event: StageCompleted | StageLeft) -> None:
    await store.save_end(tx, event, event.how if isinstance(event, StageLeft) else "completed")


async def skipped(tx: Tx, event: StageSkipped) -> None:
    await store.save_skip(tx, event.journey_id, event.stage, event.how)


async def next_stage(tx: Tx, journey_id: UUID, stage: int, spell: int) -> int | None:
    """The stage to open after this spell; None when nothing is to be opened."""
    spells, skips = await store.list_spells(tx, journey_id), await store.list_skipped(tx, journey_id)
    return domain.next_stage(spells, skips, (stage, spell))


async def is_imported(tx: Tx, journey_id: UUID | None) -> bool:
    return journey_id is not None and await store.is_imported(tx, journey_id)


async def is_of_another(tx: Tx, journey_id: UUID | None, person_id: UUID) -> bool:
    """Whether the journey is known to be somebody else's."""
    return journey_id is not None and await store.is_of_another(tx, journey_id, person_id)


async def is_under_way(tx: Tx, person_id: UUID, stage: int, organisation_id: UUID) -> bool:
    """Whether the person is in that stage there now: its start may be heard before its referral is made."""
    return await store.is_under_way(tx, person_id, stage, organisation_id)


async def organisation_of(tx: Tx, journey_id: UUID, stage: int, spell: int) -> UUID | None:
    """Where a spell was or is, as far as heard."""
    spells = await store.list_spells(tx, journey_id)
    return next((s.organisation_id for s in spells if (s.stage, s.spell) == (stage, spell)), None)
