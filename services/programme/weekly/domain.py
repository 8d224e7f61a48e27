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


class WeeklyRecord(BaseModel):
    """The weekly results of one spell over its planned weeks, whatever the spell's end, and what they meet.

    `closed`: no more is expected (imported records only). A record begins with its first result: where none is kept, nothing is missing.
    """

    model_config = ConfigDict(frozen=True)

    stage: int
    spell: int
    started_on: date
    weeks: int
    imported: bool = False
    closed: bool = False
    results: dict[int, Result] = {}
    standing: dict[str, Standing] = {}

    def known(self, today: date) -> tuple[Result, ...]:
        """Every week recorded or past; a past week without a result is missing.

        A week has passed when it is over; in an imported record when a later one is recorded or the record is closed.
        Source: contracts section 3.
        """
        last = max(self.results, default=0)
        if not self.imported:
            last = max(last, min(self.weeks, (today - self.started_on).days // DAYS_A_WEEK))
        elif self.closed:
            last = self.weeks
        return tuple(self.results.get(week, "missing") for week in range(1, last + 1))

    def over_on(self, week: int) -> date:
        """The first day after a week."""
        return self.started_on + timedelta(days=DAYS_A_WEEK * week)

    def next_over_on(self, today: date) -> date | None:
        """The day on which the next week passes by itself; None when none will."""
        passed = max(0, (today - self.started_on).days // DAYS_A_WEEK)
        return None if self.imported or passed >= self.weeks else self.over_on(passed + 1)


class Change(NamedTuple):
    """What new results, or weeks that passed, did to a definition. `moved`: still met, in another week, as the same relapse."""

    what: Literal["met", "moved", "withdrawn"]
    definition: str
    relapse_id: UUID
    week: int
    known_on: date


def begin(spell: Spell, imported: bool) -> WeeklyRecord:
    return WeeklyRecord(stage=spell.stage, spell=spell.number, started_on=spell.started_on, weeks=spell.weeks, imported=imported)


def record_results(record: WeeklyRecord, results: Mapping[int, Result], closes: bool, days: Days) -> WeeklyRecord:
    """Add or replace results by week. Raises Refused("observations-not-recordable"). Source: contracts section 3.

    No week begins after a death, except in an imported record, which is closed over all its planned weeks.
    """
    first_days = [record.over_on(week - 1) for week in results]
    refuse(
        "observations-not-recordable",
        {
            "week-within-planned-weeks": any(week > record.weeks for week in results),
            "week-begun": any(day > days.latest for day in first_days),
            "not-after-death": days.died_on is not None and not record.imported and any(day > days.died_on for day in first_days),
            "only-imported-records-close": closes and not record.imported,
        },
    )
    return record.model_copy(update={"results": {**record.results, **results}, "closed": record.closed or closes})


def judge(record: WeeklyRecord, definitions: Iterable[str], today: date) -> tuple[WeeklyRecord, list[Change]]:
    """Apply the definitions to the known weeks: each stands at most once a spell; one that a late result undoes is withdrawn.

    Source: standards section 3, contracts section 3.
    """
    weeks = record.known(today)
    standing = dict(record.standing)
    changes = []
    for code in definitions:
        change = _change(record, code, evaluate(DEFINITIONS[code], weeks))
        if change is None:
            continue
        changes.append(change)
        if change.what == "withdrawn":
            del standing[code]
        else:
            standing[code] = Standing(relapse_id=change.relapse_id, week=change.week)
    return record.model_copy(update={"standing": standing}), changes


def _change(record: WeeklyRecord, code: str, met: Met | None) -> Change | None:
    before = record.standing.get(code)
    if met is None:
        return Change("withdrawn", code, before.relapse_id, before.week, _known_on(record, code, before.week)) if before else None
    if before and before.week == met.week:
        return None
    known_on = _known_on(record, code, met.week)
    if before:
        return Change("moved", code, before.relapse_id, met.week, known_on)
    return Change("met", code, uuid4(), met.week, known_on)


def _known_on(record: WeeklyRecord, code: str, week: int) -> date:
    """The last day of the window's last week."""
    return record.over_on(week + DEFINITIONS[code].window - 1) - timedelta(days=1)
