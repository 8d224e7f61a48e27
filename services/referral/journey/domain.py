"""Which stage comes next, from what programme told, and what a correction changes of a stay. Pure."""

from collections.abc import Collection
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

What = Literal["started", "ended", "skipped", "relapsed", "completed"]


class Fact(NamedTuple):
    """What was told of a journey, as what referrals changed by it name it. `spell` 0: of the stage; `stage` 0: of the whole journey.

    Of a relapse: the stage that it reopened, and the stay after which it did.
    """

    journey_id: UUID
    what: What
    stage: int = 0
    spell: int = 0


class Spell(BaseModel):
    """One stay in a stage as heard. `started_seq`: its place in the person's stream; None while only its end was heard.

    `ended_seq`: the same of its end; None of an end from before it was kept, whose `next_organisation_id` is not known either.
    """

    model_config = ConfigDict(frozen=True)

    stage: int
    spell: int
    organisation_id: UUID
    started_on: date | None
    started_seq: int | None
    ended: str | None
    next_organisation_id: UUID | None = None
    ended_seq: int | None = None


class Corrected(NamedTuple):
    """Which facts of a stay a correction changes: its start, its end, or no more than whom the end named as the next."""

    start: bool
    end: bool
    named: bool


def corrected(before: Spell | None, after: Spell | None) -> Corrected:
    """None: no such stay. Another day alone changes no referral; another organisation changes both facts."""
    was = before if before is not None and before.started_seq is not None else None
    moved = was is not None and after is not None and was.organisation_id != after.organisation_id
    start = (was is None) != (after is None) or moved
    was_ended, ended = before.ended if before else None, after.ended if after else None
    end = was_ended != ended or (moved and ended is not None)
    told = before is not None and after is not None and before.ended_seq is not None
    same = told and before is not None and after is not None and before.next_organisation_id == after.next_organisation_id
    return Corrected(start, end, named=not end and ended in ("completed", "transferred") and not same)


def comes_next(spells: Collection[Spell], skipped: Collection[int], count: int) -> int | None:
    """The stage after the stay that began last; its own, where that was left; the first one where there is no stay yet."""
    last = max((s for s in spells if s.started_on is not None), key=lambda s: (s.started_on or date.min, s.stage, s.spell), default=None)
    if last is not None and last.ended not in (None, "completed"):
        return last.stage
    return next_stage((), skipped, (last.stage, last.spell) if last else (0, 0), count)


def next_stage(spells: Collection[Spell], skipped: Collection[int], ended: tuple[int, int], count: int) -> int | None:
    """The stage to open after the spell `ended` (stage, spell); None when there is none or it was started already.

    `count`: how many stages the journey has.
    Skipped stages are passed over. Of a reopened stage, a next one that ended before the reopening does not count as started.
    Source: mission rows 002-01, 002-15; contracts section 3.
    """
    stage, number = ended
    began = next((s.started_seq or 0 for s in spells if (s.stage, s.spell) == (stage, number)), 0)
    for following in range(stage + 1, count + 1):
        if following not in skipped:
            started = any(s.stage == following and (s.ended is None or (s.started_seq or 0) > began) for s in spells)
            return None if started else following
    return None
