"""The figures of trial records by a calculation of its own, which knows neither services nor monitoring: folded from the mapped steps."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from deploy.trial import mapping
from deploy.trial.records import Person
from deploy.trial.released import find
from deploy.trial.steps import AddressReferral, CompleteStage, RecordObservations, StartStage, Step

BANDS = (7, 14, 21, 30)
COMPARED = "consecutive-4-from-week-3"

S = TypeVar("S", bound=Step)


def handover(completed: dict[int, int], started: dict[int, int]) -> dict[str, int]:
    """Days from completion to start: before is overlapping, past 30 is later, never is lost."""
    gaps = [started[who] - day for who, day in completed.items() if who in started]
    within = {str(days): sum(0 <= gap <= days for gap in gaps) for days in BANDS}
    overlapping, later = sum(gap < 0 for gap in gaps), sum(gap > BANDS[-1] for gap in gaps)
    return {"completed": len(completed), "overlapping": overlapping, **within, "later": later, "lost": len(completed) - len(gaps)}


def funnel(referred: dict[int, str], started: set[int]) -> dict[str, tuple[int, int]]:
    """Referred and started persons by programme."""
    return {
        arm: (sum(to == arm for to in referred.values()), sum(to == arm and who in started for who, to in referred.items()))
        for arm in sorted(set(referred.values()))
    }


def relapses(treated: dict[int, str], weeks: dict[int, dict[int, str]]) -> dict[str, tuple[int, int]]:
    """Persons with four weeks in a row, from week 3, none of them negative; by the programme that treated them."""
    return {
        arm: (
            sum(four_in_a_row(found) for who, found in weeks.items() if treated[who] == arm),
            sum(treated[who] == arm for who in weeks),
        )
        for arm in sorted({treated[who] for who in weeks})
    }


def four_in_a_row(found: dict[int, str]) -> bool:
    return any(all(found.get(week, "missing") != "negative" for week in range(first, first + 4)) for first in range(3, 22))


class Mapped:
    """What the steps of some persons add up to."""

    def __init__(self, persons: list[Person]) -> None:
        self.steps = [(person.who, mapping.steps(person)) for person in persons]

    def each(self, kind: type[S], stage: int) -> Iterator[tuple[int, S]]:
        for who, steps in self.steps:
            yield from ((who, step) for step in steps if isinstance(step, kind) and getattr(step, "stage", None) == stage)

    @cached_property
    def starts(self) -> dict[int, int]:
        return {who: step.day for who, step in self.each(StartStage, stage=2)}

    @cached_property
    def addressed(self) -> dict[int, str]:
        return {who: _arm(step.to) for who, step in self.each(AddressReferral, stage=2)}

    def handover(self) -> dict[str, int]:
        return handover({who: step.day for who, step in self.each(CompleteStage, stage=1)}, self.starts)

    def funnel(self) -> dict[str, tuple[int, int]]:
        return funnel(self.addressed, set(self.starts))

    def relapses(self) -> dict[str, tuple[int, int]]:
        """Late results counted in; a person without any is one whose weeks are all missing."""
        found: dict[int, dict[int, str]] = defaultdict(dict, {who: {} for who in self.starts})
        for who, step in self.each(RecordObservations, stage=2):
            found[who] |= dict(step.results)
        return relapses({who: _arm(step.at) for who, step in self.each(StartStage, stage=2)}, found)

    def numbers(self) -> dict[str, int]:
        """Every number of the three tables under a name of its own."""
        named = {f"hand-over {name}": number for name, number in self.handover().items()}
        for arm, (referred, started) in self.funnel().items():
            named |= {f"{arm} referred": referred, f"{arm} started": started}
        for arm, (relapsed, treated) in self.relapses().items():
            named |= {f"{arm} relapsed": relapsed, f"{arm} treated": treated}
        return named


def numbers(exact: Mapping[str, Any]) -> dict[str, int]:
    """The same numbers under the same names as monitoring's exact figures tell them."""
    handed = find(exact["handovers"], from_stage=1, to_stage=2)
    flat = {**handed, **handed.get("within_days", {})}
    wanted = ("completed", "overlapping", *map(str, BANDS), "later", "lost")
    named = {f"hand-over {name}": int(flat.get(name, 0)) for name in wanted}
    for row in exact["referral_funnel"]:
        if row["stage"] == 2:
            named |= {f"{row['programme']} {name}": row[name] for name in ("referred", "started")}
    for row in exact["relapses"]:
        if row["stage"] == 2 and row["definition"] == COMPARED:
            named |= {f"{row['programme']} relapsed": row["persons"], f"{row['programme']} treated": row["of"]}
    return named


def unequal(exact: Mapping[str, Any], persons: list[Person]) -> tuple[int, list[str]]:
    """How many numbers were compared, and each that is not what the records add up to."""
    told, folded = numbers(exact), Mapped(persons).numbers()
    names = sorted(told.keys() | folded.keys())
    differing = [name for name in names if told.get(name, 0) != folded.get(name, 0)]
    return len(names), [f"{name}: {told.get(name, 0)}, by the records {folded.get(name, 0)}" for name in differing]


def _arm(organisation: str) -> str:
    return organisation.split("-", 3)[3]
