"""Remission: days since the last confirmed use, counting observed days only; another clock than the relapse definitions'. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.programme.length.domain import months_later
from services.programme.weekly.domain import WeeklyRecord

Label = Literal["not-observed", "under-three-months", "early", "sustained"]
OBSERVED_WITHIN = timedelta(days=30)


class Observed(BaseModel):
    """One observed day: `use` confirmed or not. A missing week is none."""

    model_config = ConfigDict(frozen=True)

    on: date
    use: bool


class Remission(BaseModel):
    """`days`: from the last confirmed use (or, without any, the first observation) to the last observation."""

    model_config = ConfigDict(frozen=True)

    clock: Literal["observed-days-only"] = "observed-days-only"
    label: Label
    days: int | None
    last_use_on: date | None
    last_observed_on: date | None


def observed_weeks(record: WeeklyRecord) -> list[Observed]:
    """A week's result stands for its last day."""
    return [
        Observed(on=record.over_on(week) - timedelta(days=1), use=result == "positive")
        for week, result in record.results.items()
        if result != "missing"
    ]


def remission(observations: Iterable[Observed], today: date) -> Remission:
    """Early from 3 to 12 calendar months, sustained beyond; no observation for 30 days is `not-observed`, never remission.

    Source: mission row 002-26, standards section 3.
    """
    days = sorted(observations, key=lambda observed: observed.on)
    last = days[-1].on if days else None
    last_use = next((observed.on for observed in reversed(days) if observed.use), None)
    if last is None or today - last > OBSERVED_WITHIN:
        return Remission(label="not-observed", days=None, last_use_on=last_use, last_observed_on=last)
    since = last_use or days[0].on
    return Remission(label=_label(since, last), days=(last - since).days, last_use_on=last_use, last_observed_on=last)


def _label(since: date, until: date) -> Label:
    if until < months_later(since, 3):
        return "under-three-months"
    return "early" if until <= months_later(since, 12) else "sustained"
