"""Withdrawal symptoms 0 (none) to 3 (severe) by day, and their trend. Pure. Source: mission row 002-38."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey
from shared.errors import refuse
from shared.events.programme import WithdrawalScored

Trend = Literal["falling", "level", "rising"]


class Withdrawal(BaseModel):
    model_config = ConfigDict(frozen=True)

    on: date
    score: int


def trend(scores: Sequence[Withdrawal]) -> Trend | None:
    """The latest score against the one before; None with fewer than two. `scores` by day, oldest first."""
    if len(scores) < 2:
        return None
    before, latest = scores[-2].score, scores[-1].score
    return "falling" if latest < before else "rising" if latest > before else "level"


def stage_on(journey: Journey, day: date) -> int:
    """The stage the person was in on a day: of the spell last started by then; before any start, the first one."""
    begun = [spell for spell in journey.spells if spell.started_on <= day]
    last = max(begun, key=lambda spell: (spell.started_on, spell.stage, spell.number), default=None)
    return last.stage if last else journey.stages[0].stage


def check_scores(scores: Sequence[Withdrawal], days: Days, date_reason: str | None, is_anothers: bool) -> None:
    """Earlier days may be entered, but a score replaces nothing that another organisation entered.

    Raises Refused("withdrawal-not-recordable").
    """
    entered = [score.on for score in scores]
    unmet = {**days.unmet(*entered), **days.unlikely(*entered, reason=date_reason), "not-entered-by-another": is_anothers}
    refuse("withdrawal-not-recordable", unmet)


def scored(journey: Journey, scores: Sequence[Withdrawal]) -> list[WithdrawalScored]:
    """What is told of new or changed scores, by day."""
    return [
        WithdrawalScored(
            person_id=journey.person_id,
            journey_id=journey.journey_id,
            stage=stage_on(journey, score.on),
            on=score.on,
            score=score.score,
            imported=journey.imported,
        )
        for score in sorted(scores, key=lambda score: score.on)
    ]
