"""Keeping what programme told, and answering from it."""

from datetime import date
from uuid import UUID

from services.referral.journey import domain, store
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import REHABILITATION, Place, Stages
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


async def next_place(tx: Tx, journey_id: UUID, stages: Stages, stage: int, spell: int) -> Place | None:
    """The stage to open after this spell; None when nothing is to be opened. `stages`: the journey's."""
    spells, skips = await store.list_spells(tx, journey_id), await store.list_skipped(tx, journey_id)
    following = domain.next_stage(spells, skips, (stage, spell), stages.size)
    return stages.place(following) if following is not None else None


async def find_stages(tx: Tx, journey_id: UUID | None, person_id: UUID) -> Stages | None:
    """The stages of a journey of the person; None where none is asked for or it was not heard of yet."""
    found = await store.find_stages(tx, journey_id, person_id) if journey_id else None
    if found is None:
        return None
    pathway, codes = found
    known = codes if codes is not None else (await pathways.stages_of(tx, pathway)).codes
    return Stages(pathway, known, are_all=True)


async def get_stages(tx: Tx, journey_id: UUID, person_id: UUID) -> Stages:
    """The same; of a journey not heard of yet those of addiction-rehabilitation, until it is."""
    return await find_stages(tx, journey_id, person_id) or REHABILITATION


async def is_imported(tx: Tx, journey_id: UUID | None) -> bool:
    return journey_id is not None and await store.is_imported(tx, journey_id)


async def is_all_history(tx: Tx, person_id: UUID) -> bool:
    """Whether all that is known of the person was brought from the past: a record declares nobody dead who has a journey of today."""
    return await store.is_all_history(tx, person_id)


async def has_part(tx: Tx, journey_id: UUID, *organisations: UUID | None) -> bool:
    """Whether one of the organisations opened the journey or had a stay in it."""
    return await store.has_part(tx, journey_id, [one for one in organisations if one is not None])


async def is_of_another(tx: Tx, journey_id: UUID | None, person_id: UUID) -> bool:
    """Whether the journey is known to be somebody else's."""
    return journey_id is not None and await store.is_of_another(tx, journey_id, person_id)


async def is_under_way(tx: Tx, person_id: UUID, journey_id: UUID | None, place: Place, organisation_id: UUID) -> bool:
    """Whether the person is in that stage there now, on this journey (None: any): its start may be heard before its referral is made."""
    return await store.is_under_way(tx, person_id, journey_id, place, organisation_id)


async def organisation_of(tx: Tx, journey_id: UUID, stage: int, spell: int) -> UUID | None:
    """Where a spell was or is, as far as heard."""
    spells = await store.list_spells(tx, journey_id)
    return next((s.organisation_id for s in spells if (s.stage, s.spell) == (stage, spell)), None)
