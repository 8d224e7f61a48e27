"""Keeping what programme told, and answering from it."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.referral.journey import domain, store
from services.referral.journey.domain import Fact, Spell
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import REHABILITATION, Place, Stages
from shared.database import Tx
from shared.events.programme import (
    JourneyCorrected,
    JourneyOpened,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)


async def opened(tx: Tx, event: JourneyOpened) -> None:
    await store.save_journey(tx, event)


async def completed(tx: Tx, journey_id: UUID, on: date | None) -> None:
    """None: its completion was none."""
    await store.save_completion(tx, journey_id, on)


async def is_completed(tx: Tx, journey_id: UUID) -> bool:
    return await store.is_completed(tx, journey_id)


async def started(tx: Tx, event: StageStarted) -> None:
    await store.save_start(tx, event, _seq(tx))


async def ended(tx: Tx, event: StageCompleted | StageLeft) -> None:
    await store.save_end(tx, event, event.how if isinstance(event, StageLeft) else "completed", _seq(tx))


def _seq(tx: Tx) -> int | None:
    return tx.cause.seq if tx.cause else None


async def correct(tx: Tx, event: JourneyCorrected) -> None:
    await store.correct_journey(tx, event)


async def correct_stay(tx: Tx, event: StayCorrected) -> None:
    await store.correct_stay(tx, event, _seq(tx))


async def withdraw_skip(tx: Tx, event: SkipWithdrawn) -> None:
    await store.delete_skip(tx, event.journey_id, event.stage)


class Leads(NamedTuple):
    """The stage that follows a stay, skipped ones passed over, and whether the stay's end opens it: it was not started already."""

    stage: int | None
    opens: bool


class Outline(NamedTuple):
    """The stays and skipped stages of a journey at one moment, and how many stages it has."""

    spells: list[Spell]
    skips: list[int]
    size: int

    def find(self, stage: int, spell: int) -> Spell | None:
        return next((s for s in self.spells if (s.stage, s.spell) == (stage, spell)), None)

    def following(self, stage: int, spell: int) -> int | None:
        """The stage to open after this stay."""
        return domain.next_stage(self.spells, self.skips, (stage, spell), self.size)

    def leads(self, spell: Spell) -> Leads:
        stage = domain.next_stage((), self.skips, (spell.stage, spell.spell), self.size)
        return Leads(stage, self.following(spell.stage, spell.spell) is not None)


async def outline(tx: Tx, journey_id: UUID, stages: Stages) -> Outline:
    return Outline(await store.list_spells(tx, journey_id), await store.list_skipped(tx, journey_id), stages.size)


async def is_skipped(tx: Tx, journey_id: UUID, stage: int) -> bool:
    return stage in await store.list_skipped(tx, journey_id)


async def skipped(tx: Tx, event: StageSkipped) -> bool:
    """Whether that is news: a stage that was skipped otherwise than told at first was skipped all the same."""
    return await store.save_skip(tx, event.journey_id, event.stage, event.how)


async def next_place(tx: Tx, journey_id: UUID, stages: Stages, stage: int, spell: int) -> Place | None:
    """The stage to open after this spell; None when nothing is to be opened. `stages`: the journey's."""
    following = (await outline(tx, journey_id, stages)).following(stage, spell)
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
    """Whether all that is known of the person was brought from the past by who registered it.

    A record declares nobody dead who has a journey of today; nor does one of who was asked for the person meanwhile.
    """
    return await store.is_all_history(tx, person_id)


async def has_part(tx: Tx, journey_id: UUID, *organisations: UUID | None) -> bool:
    """Whether one of the organisations opened the journey or had a stay in it."""
    return await store.has_part(tx, journey_id, [one for one in organisations if one is not None])


async def leads_on(tx: Tx, person_id: UUID, organisation_id: UUID, place: Place, journey_id: UUID | None) -> bool:
    """Whether a stage comes next for its holder in this journey (None: in one on the pathway)."""
    for held in await store.list_held(tx, person_id, organisation_id, place.pathway, journey_id):
        stages = await get_stages(tx, held, person_id)
        stage = domain.comes_next(await store.list_spells(tx, held), await store.list_skipped(tx, held), stages.size)
        if stage is not None and stages.place(stage).code == place.code:
            return True
    return False


async def find_under_way(tx: Tx, person_id: UUID, journey_id: UUID | None, place: Place, organisation_id: UUID) -> Fact | None:
    """By which start the person is in that stage there now, on this journey (None: any): it may be heard before its referral is made."""
    return await store.find_under_way(tx, person_id, journey_id, place, organisation_id)


async def goes_on(tx: Tx, journey_id: UUID, stage: int, spell: int) -> bool:
    spells = await store.list_spells(tx, journey_id)
    return any((s.stage, s.spell, s.ended) == (stage, spell, None) for s in spells)


async def is_left_by_death(tx: Tx, journey_id: UUID) -> bool:
    return any(s.ended == "died" for s in await store.list_spells(tx, journey_id))


async def reopening(tx: Tx, journey_id: UUID, reopened: int, stage: int, spell: int) -> Fact:
    """The reopening of a stage by a relapse of the stay (`stage`, `spell`): after that stay, or else after the last one in the stage."""
    numbers = [s.spell for s in await store.list_spells(tx, journey_id) if s.stage == reopened]
    return Fact(journey_id, "relapsed", reopened, spell if stage == reopened else max(numbers, default=0))


async def organisation_of(tx: Tx, journey_id: UUID, stage: int, spell: int) -> UUID | None:
    """Where a spell was or is, as far as heard."""
    spells = await store.list_spells(tx, journey_id)
    return next((s.organisation_id for s in spells if (s.stage, s.spell) == (stage, spell)), None)
