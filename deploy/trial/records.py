"""Reads the trial's CSV files into one frozen record per person, days as whole numbers. No rule about what the records mean.

Source of the data: CTN-0094, see data/README.md. Days count from the person's consent (day 0); a blank day stays None.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

DATA = Path(__file__).parent / "data"

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """One planned visit; `day` is None where the record has none (in trial 0051: whenever it was not attended)."""

    label: str
    what: str
    day: int | None
    flags: frozenset[str]

    @property
    def attended_on(self) -> int | None:
        """The day of a visit that took place. `final` marks the end of a record, not an attendance."""
        return self.day if self.what == "visit" else None


@dataclass(frozen=True, slots=True)
class Randomization:
    """The arm a person was assigned to: the real counterpart of a referral to a programme."""

    treatment: str
    day: int


@dataclass(frozen=True, slots=True)
class Doses:
    """First and last day with a dose of the assigned treatment."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Person:
    """All that is recorded of one person. `randomization` is the first of up to two."""

    who: int
    project: int
    site: str
    age: int | None
    male: bool
    admitted: int | None
    discharged: int | None
    randomization: Randomization | None
    doses: Doses | None
    visits: tuple[Visit, ...]
    urine: tuple[tuple[int, str], ...]
    withdrawal: tuple[tuple[int, int], ...]

    @property
    def code(self) -> str:
        """The record code that stands where a name would: trial and number, never a person's name."""
        return f"{self.project:04d}-{self.who:04d}"

    def recorded_days(self) -> Iterator[int]:
        """Every day anything is dated with, the day of consent included."""
        yield 0
        yield from (day for day in (self.admitted, self.discharged) if day is not None)
        if self.randomization:
            yield self.randomization.day
        if self.doses:
            yield from (self.doses.first, self.doses.last)
        yield from (visit.day for visit in self.visits if visit.day is not None)
        yield from (day for day, _ in self.urine)
        yield from (day for day, _ in self.withdrawal)


def read(persons: str = "0051", folder: Path = DATA) -> list[Person]:
    """The persons of one trial ("0051"), the first n of it ("0051/20") or everybody ("all"), in the order of their numbers."""
    trial, _, first = persons.partition("/")
    rows = [row for row in _rows(folder / "persons.csv") if trial == "all" or int(row["project"]) == int(trial)]
    rows.sort(key=lambda row: int(row["who"]))
    tables = _Tables(folder)
    return [_person(row, tables) for row in rows[: int(first) if first else None]]


class _Tables:
    """The event files, each grouped by person once."""

    def __init__(self, folder: Path) -> None:
        self.detox = _by_person(folder / "detox.csv", lambda row: (row["what"], int(row["when"])))
        self.randomization = _by_person(folder / "randomization.csv", _randomization)
        self.doses = _by_person(folder / "dosing_span.csv", lambda row: Doses(_day(row["first_dose"]), _day(row["last_dose"])))
        self.visits = _by_person(folder / "visits.csv.gz", _visit)
        self.urine = _by_person(folder / "urine_screens.csv.gz", lambda row: (_day(row["when"]), row["what"]))
        self.withdrawal = _by_person(folder / "withdrawal.csv.gz", _score)


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        yield from (dict(zip(header, row, strict=True)) for row in rows)


def _by_person(path: Path, read_row: Callable[[Row], T | None]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = defaultdict(list)
    for row in _rows(path):
        item = read_row(row)
        if item is not None:
            grouped[row["who"]].append(item)
    return grouped


def _day(value: str) -> int:
    return int(float(value))


def _randomization(row: Row) -> Randomization | None:
    return Randomization(row["treatment"], _day(row["when"])) if row["which"] == "1" else None


def _visit(row: Row) -> Visit:
    return Visit(row["visit"], row["what"], _day(row["when"]) if row["when"] else None, frozenset(filter(None, row["flags"].split("|"))))


def _score(row: Row) -> tuple[int, int] | None:
    """Six rows of the full set lack the day or the score and say nothing."""
    return (_day(row["when"]), int(row["withdrawal"])) if row["when"] and row["withdrawal"] else None


def _person(row: Row, tables: _Tables) -> Person:
    who = row["who"]
    stay = dict(tables.detox.get(who, ()))
    return Person(
        who=int(who),
        project=int(row["project"]),
        site=row["site_masked"],
        age=_day(row["age"]) if row["age"] else None,
        male=row["is_male"] == "Yes",
        admitted=stay.get("admission"),
        discharged=stay.get("discharge"),
        randomization=next(iter(tables.randomization.get(who, ())), None),
        doses=next(iter(tables.doses.get(who, ())), None),
        visits=tuple(tables.visits.get(who, ())),
        urine=tuple(tables.urine.get(who, ())),
        withdrawal=tuple(sorted(tables.withdrawal.get(who, ()))),
    )
