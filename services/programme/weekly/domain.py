"""A weekly record and what it meets. Pure; the definitions are `definition/domain.py`'s, what a relapse does is `relapse/domain.py`'s."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.definition.domain import DEFINITIONS, Met, Result, evaluate
from services.programme.journey.domain import Spell
from shared.errors import refuse

DAYS_A_WEEK = 7


class Standing(BaseModel):
    """A definition that is met now, the week its window opens and the identity of what it made."""

    model_config = ConfigDict(frozen=True)

    relapse_id: UUID
    week: int


class Reach(NamedTuple):
    """How far a record answers. `until`: today, or the day after which no week passes any more. `closes_after`: days after a week's end.

    `ended_on`: the last day of the stay, None while it goes on. `to_plan`: the person dropped out or was discharged by the organisation.
    """

    until: date
    closes_after: int
    ended_on: date | None = None
    to_plan: bool = False


class WeeklyRecord(BaseModel):
    """The weekly results of one spell, and what they meet. A record begins with its first result: where none is kept, nothing is missing.

    `closed`: no more is expected (imported records only). `closed_through`: the weeks that a clinician closed. `begun_on`: the day of
    the first entry, None in older rows.
    """

    model_config = ConfigDict(frozen=True)

    stage: int
    spell: int
    started_on: date
    weeks: int
    imported: bool = False
    closed: bool = False
    closed_through: int = 0
    begun_on: date | None = None
    results: dict[int, Result] = {}
    standing: dict[str, Standing] = {}

    @property
    def says_nothing(self) -> bool:
        """No week was recorded or closed: it is as if there were none."""
        return not (self.results or self.closed or self.closed_through)

    def known(self, reach: Reach) -> tuple[Result | None, ...]:
        """What each week shows, to the last one that shows anything; None where nobody recorded it and it is not closed yet.

        An imported record answers for the weeks before a later result, or for all once it is closed, whatever the stay's end.
        Source: issue of corrections, section 2.
        """
        if self.imported:
            last = self.weeks if self.closed else max(self.results, default=0)
            return tuple(self.results.get(week, "missing") for week in range(1, last + 1))
        if not self.results:
            return ()
        shown = [self.results.get(week) or self._unrecorded(week, reach) for week in range(1, self._last(reach) + 1)]
        while shown and shown[-1] is None:
            shown.pop()
        return tuple(shown)

    def _unrecorded(self, week: int, reach: Reach) -> Result | None:
        closes_on = self._closes_on(week, reach)
        if closes_on is None:
            return None
        is_closed = week <= self.closed_through and self.over_on(week) <= reach.until
        return "missing" if is_closed or closes_on <= reach.until else None

    def _last(self, reach: Reach) -> int:
        """The last week that has a day of the stay; the plan's last one where the person left without the organisation or was sent away."""
        if reach.ended_on is None or reach.to_plan:
            return self.weeks
        return min(self.weeks, (reach.ended_on - self.started_on).days // DAYS_A_WEEK + 1)

    def _closes_on(self, week: int, reach: Reach) -> date | None:
        """The day on which a week becomes missing if nobody records it; None where the stay does not last until its end."""
        over_on = self.over_on(week)
        is_whole = reach.ended_on is None or over_on <= reach.ended_on + timedelta(days=1)
        if not is_whole:
            return over_on if reach.to_plan else None
        return max(over_on, self.begun_on or over_on) + timedelta(days=reach.closes_after)

    def over_on(self, week: int) -> date:
        """The first day after a week."""
        return self.started_on + timedelta(days=DAYS_A_WEEK * week)

    def next_closing_on(self, reach: Reach) -> date | None:
        """The day on which the next week becomes missing by itself; None when none will."""
        if self.imported or not self.results:
            return None
        open_weeks = (week for week in range(1, self._last(reach) + 1) if week not in self.results and not self._unrecorded(week, reach))
        closings = (self._closes_on(week, reach) for week in open_weeks)
        return min((day for day in closings if day is not None and day > reach.until), default=None)


class Change(NamedTuple):
    """What new results, or weeks that passed, did to a definition. `moved`: still met, in another week or on another day."""

    what: Literal["met", "moved", "withdrawn"]
    definition: str
    relapse_id: UUID
    week: int
    known_on: date


def begin(spell: Spell, imported: bool, today: date) -> WeeklyRecord:
    place = {"stage": spell.stage, "spell": spell.number, "started_on": spell.started_on, "weeks": spell.weeks}
    return WeeklyRecord.model_validate({**place, "imported": imported, "begun_on": today})


class Results(NamedTuple):
    """Weekly results as they were entered. `closes`: no more is expected. `closes_through`: nor up to this week (None: as before)."""

    by_week: Mapping[int, Result]
    closes: bool = False
    closes_through: int | None = None


def record_results(record: WeeklyRecord, entered: Results, days: Days) -> WeeklyRecord:
    """Add or replace results by week. Raises Refused("observations-not-recordable"). Source: contracts section 3.

    No week begins after a death, except in an imported record, which is closed over all its planned weeks.
    """
    results, through = entered.by_week, entered.closes_through or 0
    first_days = [record.over_on(week - 1) for week in results]
    refuse(
        "observations-not-recordable",
        {
            "week-within-planned-weeks": any(week > record.weeks for week in results),
            "week-begun": any(day > days.latest for day in first_days),
            "not-after-death": days.died_on is not None and not record.imported and any(day > days.died_on for day in first_days),
            "only-imported-records-close": entered.closes and not record.imported,
            "imported-record-closes-whole": through > 0 and record.imported,
            "closed-weeks-over": through > record.weeks or (through > 0 and record.over_on(through) > days.latest),
        },
    )
    closed = {
        "closed": record.closed or entered.closes,
        "closed_through": record.closed_through if entered.closes_through is None else through,
    }
    return record.model_copy(update={"results": {**record.results, **results}, **closed})


def moved(record: WeeklyRecord, spell: Spell, days: Days) -> WeeklyRecord:
    """The record of a stay whose start or plan was corrected; its results are of the same weeks. Raises as `record_results` does."""
    placed = record.model_copy(update={"started_on": spell.started_on, "weeks": spell.weeks})
    return record_results(placed, Results(record.results), days)


def judge(record: WeeklyRecord, definitions: Iterable[str], reach: Reach, days_moved: bool = False) -> tuple[WeeklyRecord, list[Change]]:
    """Apply the definitions to the known weeks: each stands at most once a spell; one that a late result undoes is withdrawn.

    `days_moved`: the weeks lie on other days than before. Source: standards section 3, contracts section 3.
    """
    weeks = record.known(reach)
    standing = dict(record.standing)
    changes = []
    for code in definitions:
        change = _change(record, code, evaluate(DEFINITIONS[code], weeks), days_moved)
        if change is None:
            continue
        changes.append(change)
        if change.what == "withdrawn":
            del standing[code]
        else:
            standing[code] = Standing(relapse_id=change.relapse_id, week=change.week)
    return record.model_copy(update={"standing": standing}), changes


def _change(record: WeeklyRecord, code: str, met: Met | None, days_moved: bool) -> Change | None:
    before = record.standing.get(code)
    if met is None:
        return Change("withdrawn", code, before.relapse_id, before.week, _known_on(record, code, before.week)) if before else None
    if before and before.week == met.week and not days_moved:
        return None
    known_on = _known_on(record, code, met.week)
    if before:
        return Change("moved", code, before.relapse_id, met.week, known_on)
    return Change("met", code, uuid4(), met.week, known_on)


def _known_on(record: WeeklyRecord, code: str, week: int) -> date:
    """The last day of the window's last week."""
    return record.over_on(week + DEFINITIONS[code].window - 1) - timedelta(days=1)
