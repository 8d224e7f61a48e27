"""A figure as one thing, and the tables of all figures as the roll-ups have them now: exact, for use inside only."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.monitoring.figure.domain import FigureRow, Kind, Placed, region_of
from services.monitoring.rollup import service as rollups
from services.monitoring.row.domain import Row
from services.monitoring.table.domain import NOT_KNOWN, Counted, Subject, Table, tables_of
from shared.database import Connection

Beside = Callable[[Connection, date], Awaitable[list[tuple[Subject, Counted]]]]
Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """All there is of one figure: it is listed in `figures.py`, and routes, releases, roll-ups and documents are made from it.

    `units`: the SQL that finds its units of the persons `$1`, with the columns of `unit.domain.Unit`; empty where the units are
    another figure's. `words`: what it counts, by definition code; terms in braces are filled from what was in force.
    `beside`: units that are no person's. `terms`: what the words need beyond the settings, from the counts.
    `derive`: rows made of other figures' released rows, which tells nothing new; it is given the position of each pathway's halfway stage.
    `version` rises when a rule changes that neither the SQL nor a table's kind shows.
    """

    name: str
    path: str
    says: str
    row: type[FigureRow]
    words: Mapping[str, str]
    kinds: tuple[Kind, ...] = ()
    units: str = ""
    filters: tuple[str, ...] = ()
    beside: Beside | None = None
    terms: Callable[[Sequence[Placed]], Terms] | None = None
    derive: Callable[[Mapping[str, list[Row]], Mapping[str, int]], list[Row]] | None = None
    version: int = field(default=1, kw_only=True)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names under which its rows are kept, the first kind's first."""
        return tuple(dict.fromkeys(kind.spec.name for kind in self.kinds)) or (self.name,)


Figures = tuple[Figure, ...]


def units_of(figures: Figures) -> str:
    """All units of all figures of the persons `$1`, as one query."""
    return "\nUNION ALL\n".join(f"({figure.units})" for figure in figures if figure.units)


def version_of(figures: Figures) -> str:
    """Changes with the units of a figure, with how they fall into tables, and with a figure's own version."""
    told = [(f.name, f.version, f.units, [(kind.spec, sorted(kind.falls)) for kind in f.kinds]) for f in figures]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Exact:
    """Every table of every figure at one moment, and the counts they are made of."""

    tables: list[tuple[Figure, Kind, Table]]
    counts: Sequence[Placed]


async def exact_tables(connection: Connection, figures: Figures, before: date, as_of: date) -> Exact:
    """Every table over the days before `before`, as it stood on the day `as_of`."""
    counts = [Placed(*row) for row in await rollups.list_placed(connection, before)]
    tables = []
    for figure in figures:
        beside = await figure.beside(connection, before) if figure.beside else []
        for place, kind in enumerate(figure.kinds):
            counted = [*_counted(kind, counts, as_of), *(beside if place == 0 else [])]
            tables += [(figure, kind, table) for table in tables_of(kind.spec, counted)]
    return Exact(tables, counts)


def _counted(kind: Kind, counts: Sequence[Placed], as_of: date) -> Iterator[tuple[Subject, Counted]]:
    for unit in counts:
        if fall := kind.falls.get(unit.figure):
            fallen = fall(unit, as_of)
            place = (region_of(fallen.region or unit.region) or NOT_KNOWN, unit.programme or NOT_KNOWN, unit.period.strftime("%Y-%m"))
            yield fallen.subject, Counted(*place, fallen.cells, fallen.amount, unit.units)
