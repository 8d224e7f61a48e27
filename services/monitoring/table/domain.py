"""Tables of figures: rows, cells that add up, what is published of them. Pure; hides nothing. Which kinds there are is each figure's.

A table has rows (all, by region, by programme, by month: one breakdown at a time, the published grain) and cells that add up to its total.
A cell `a/b` is part of cell `a`, or of the total where `a` is no cell: a second way to split the same total.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

TOTAL = "*"
ALL_ROWS = ("all", "")
NOT_KNOWN = "not-known"

RowKey = tuple[str, str]


class StageAt(NamedTuple):
    """A stage by its position in its pathway, and its code."""

    position: int
    code: str


class Subject(NamedTuple):
    """What a table is about. Two pathways never share one; `pathway` is None where a figure has none."""

    pathway: str | None
    parts: tuple[StageAt | str, ...]

    def in_order(self) -> tuple[str, ...]:
        """Sorts by pathway, then by each part as readers count."""
        return (self.pathway or "", *(f"{part.position:03}" if isinstance(part, StageAt) else part for part in self.parts))


@dataclass(frozen=True)
class Spec:
    """A kind of table. `published` names what is shown as sums of cells; TOTAL stands for all of them.

    `subject`: the names of the subject's parts. `persons`: for each published name which persons (or journeys, or requests) it
    counts, in words that are the same wherever the same ones are counted; the parts' codes stand in braces.
    `reasons`: cells whose parts are shown too. `quantiles`: what the median is taken over, and its unit.
    """

    name: str
    subject: tuple[str, ...]
    cells: tuple[str, ...]
    published: Mapping[str, tuple[str, ...]]
    persons: Mapping[str, str]
    numerator: str
    denominator: str
    definition: str
    dimensions: tuple[str, ...] = ("region", "programme", "period")
    reasons: tuple[str, ...] = ()
    quantiles: tuple[str, str] | None = None
    nested: tuple[tuple[str, str], ...] = ()
    """Pairs of cells of which the first counts a subset of the second: their difference could be read as well."""
    kept: tuple[str, ...] = ()
    """Cells that others are withheld before."""
    operators_grain: str = "all"
    """The rows that an operator on the machine is shown: the whole, or one breakdown."""


class Counted(NamedTuple):
    """Units that fall into the same cells of the same rows; `amount` only where a median is taken."""

    region: str
    programme: str
    period: str
    cells: tuple[str, ...]
    amount: int | None
    units: int


@dataclass
class Table:
    """One table of a kind about one subject, exact."""

    spec: Spec
    subject: Subject
    cells: dict[RowKey, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    amounts: dict[RowKey, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, counted: Counted) -> None:
        """Put units into every row they belong to."""
        for row in self._rows_of(counted):
            self.cells[row].update({cell: counted.units for cell in counted.cells})
            self.cells[row][TOTAL] += counted.units if counted.cells[0] in self.spec.cells else 0
            if counted.amount is not None:
                self.amounts[row][counted.amount] += counted.units

    def _rows_of(self, counted: Counted) -> list[RowKey]:
        return [ALL_ROWS, *((name, str(getattr(counted, name))) for name in self.spec.dimensions)]

    @property
    def names(self) -> list[str]:
        """The cells of the spec, then what was met beside them."""
        met = {cell for row in self.cells.values() for cell in row} - {TOTAL, *self.spec.cells}
        return [*self.spec.cells, *sorted(met)]

    def parts(self) -> dict[str, list[str]]:
        """Which cells add up to which: the total and every cell that is split."""
        parts: dict[str, list[str]] = {TOTAL: list(self.spec.cells)}
        for name in self.names:
            if "/" in name:
                parts.setdefault(name.split("/")[0], []).append(name)
        return parts

    def value(self, row: RowKey, name: str) -> int:
        """What is published under `name`, exact."""
        return sum(self.cells[row][cell] for cell in self.spec.published[name])

    def fill(self) -> None:
        """Beside everyone of whom something is said (`a/met`) stand those of whom it is not: both can be read."""
        for name in [name for name in self.names if name.endswith("/met")]:
            for row in self.cells.values():
                row[f"{name.removesuffix('met')}not"] = row[TOTAL] - row[name]


def tables_of(spec: Spec, counted: Iterable[tuple[Subject, Counted]]) -> list[Table]:
    """One table a subject, in the order of the subjects."""
    tables: dict[Subject, Table] = {}
    for subject, units in counted:
        tables.setdefault(subject, Table(spec, subject)).count(units)
    for table in tables.values():
        table.fill()
    return [tables[subject] for subject in sorted(tables, key=Subject.in_order)]


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The quantile of whole numbers, interpolated between neighbours (as PostgreSQL's percentile_cont). None of nothing."""
    total = sum(counts.values())
    if not total:
        return None
    place = share * (total - 1)
    low, high = _nth(counts, int(place)), _nth(counts, min(int(place) + 1, total - 1))
    return low + (high - low) * (place - int(place))


def _nth(counts: Mapping[int, int], place: int) -> int:
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen > place:
            return value
    raise IndexError(place)
