"""Which stage comes next, from what programme told. Pure."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Spell(BaseModel):
    """One stay in a stage as heard. `started_seq`: its place in the person's stream; None while only its end was heard."""

    model_config = ConfigDict(frozen=True)

    stage: int
    spell: int
    organisation_id: UUID
    started_on: date | None
    started_seq: int | None
    ended: str | None


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
