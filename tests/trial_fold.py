"""The figures of trial records by a calculation of its own, which knows neither services nor monitoring: folded from the mapped steps."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from deploy.trial import mapping
from deploy.trial.records import Person
from deploy.trial.steps import AddressReferral, CompleteStage, RecordObservations, StartStage, Step

ARMS = {"Inpatient NR-NTX": "naltrexone", "Inpatient BUP": "buprenorphine"}
BANDS = (7, 14, 21, 30)

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
        for arm in ARMS.values()
    }


def relapses(referred: dict[int, str], weeks: dict[int, dict[int, str]]) -> dict[str, tuple[int, int]]:
    """Persons with four weeks in a row, from week 3, none of them negative."""
    return {
        arm: (
            sum(four_in_a_row(found) for who, found in weeks.items() if referred[who] == arm),
            sum(referred[who] == arm for who in weeks),
        )
        for arm in ARMS.values()
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
        return {who: step.to.rsplit("-", 1)[-1] for who, step in self.each(AddressReferral, stage=2)}

    def handover(self) -> dict[str, int]:
        return handover({who: step.day for who, step in self.each(CompleteStage, stage=1)}, self.starts)

    def funnel(self) -> dict[str, tuple[int, int]]:
        return funnel(self.addressed, set(self.starts))

    def relapses(self) -> dict[str, tuple[int, int]]:
        """Late results counted in; a person without any is one whose weeks are all missing."""
        found: dict[int, dict[int, str]] = defaultdict(dict, {who: {} for who in self.starts})
        for who, step in self.each(RecordObservations, stage=2):
            found[who] |= dict(step.results)
        return relapses(self.addressed, found)
