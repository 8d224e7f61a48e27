"""From what each round cost to a verdict: medians, ratios, and which of them count. Measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.table import number

ALL = "all"
SHARE = 0.15
"""A part with less of its row than this is shown and not judged: most of it is the clock's ticks and what the machine does besides."""
COLUMNS = ("path", "unit", "part", "old ms", "new ms", "new / old", "rounds", "verdict")


@dataclass(frozen=True)
class Spent:
    """What so many units of work cost one side: milliseconds of processor time by part."""

    row: str
    unit: str
    units: int
    parts: Mapping[str, float]

    def each(self, part: str) -> float:
        """Milliseconds a unit."""
        return self.parts[part] / self.units

    @property
    def whole(self) -> float:
        """Milliseconds a unit, all parts together."""
        return sum(self.parts.values()) / self.units

    def __add__(self, other: "Spent") -> "Spent":
        """More of the same row."""
        parts = {part: spent + other.parts[part] for part, spent in self.parts.items()}
        return Spent(self.row, self.unit, self.units + other.units, parts)


@dataclass(frozen=True)
class Compared:
    """One part of one row. `old`, `new`: a number a round, those of one round at the same place."""

    row: str
    unit: str
    part: str
    old: tuple[float, ...]
    new: tuple[float, ...]
    is_judged: bool = True

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return _by(median(self.new), median(self.old))

    @property
    def ratios(self) -> list[float]:
        """Of each round."""
        return [_by(new, old) for new, old in zip(self.new, self.old, strict=True)]

    def is_dearer(self, limit: float) -> bool:
        return self.is_judged and self.ratio > limit

    def cells(self, limit: float) -> tuple[str, ...]:
        """The texts of COLUMNS."""
        spread = f"{min(self.ratios):.3f}-{max(self.ratios):.3f}"
        verdict = ("dearer" if self.is_dearer(limit) else "ok") if self.is_judged else "not judged"
        return (self.row, self.unit, self.part, number(median(self.old)), number(median(self.new)), f"{self.ratio:.3f}", spread, verdict)


def compare(old: Sequence[Spent], new: Sequence[Spent]) -> list[Compared]:
    """Each part of a row, and all together; of each side one Spent a round."""
    row, unit = old[0].row, old[0].unit
    olds, news = (tuple(each.whole for each in rounds) for rounds in (old, new))
    found = []
    for part in old[0].parts:
        before, after = (tuple(each.each(part) for each in rounds) for rounds in (old, new))
        weighs = _weighs(before, olds) or _weighs(after, news)
        found.append(Compared(row, unit, part, before, after, weighs))
    return [*found, Compared(row, unit, ALL, olds, news)]


def _weighs(part: Sequence[float], whole: Sequence[float]) -> bool:
    return median(part) >= SHARE * median(whole)


def _by(new: float, old: float) -> float:
    """Something where there was nothing is dearer without bounds."""
    if old:
        return new / old
    return float("inf") if new else 1.0


def show(found: Sequence[Compared], limit: float) -> None:
    """The table and what is dearer, on the screen."""
    table = Table(*COLUMNS)
    for one in found:
        table.add_row(*one.cells(limit), end_section=one.part == ALL)
    console = Console(width=150)
    console.print(table)
    console.print("\n".join(verdict(found, limit)), markup=False)


def verdict(found: Sequence[Compared], limit: float) -> list[str]:
    """In words: how many are above the limit, and which."""
    dearer = [one for one in found if one.is_dearer(limit)]
    return [f"dearer than {limit:.2f} x: {len(dearer)}", *(f"  {one.row}, {one.part}: {one.ratio:.3f} x" for one in dearer)]


def page(found: Sequence[Compared], limit: float, head: Sequence[str]) -> str:
    """The same as markdown, below `head`."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(one.cells(limit) for one in found)]
    return "\n".join([*head, "", *("| " + " | ".join(row) + " |" for row in rows), "", *verdict(found, limit), ""])
