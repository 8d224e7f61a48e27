"""One table for all paths: on the screen and, as markdown, in docs/performance.md with machine and commit. Measures nothing."""

import os
import platform
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.rounds import Readings

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "performance.md"
COLUMNS = ("path", "unit", "usual stack", "ours", "limit", "to the usual stack", "to the limit", "must", "met")


@dataclass(frozen=True)
class Line:
    """One measured path. `less` says that a small number is the good one; the four targets are what issue 4 demands of it.

    `times_usual`, `times_limit`: how many times as good as that one ours must be, by the medians; `at_least`, `at_most`: in the unit.
    """

    path: str
    unit: str
    ours: Readings
    usual: Readings | None = None
    limit: Readings | None = None
    less: bool = False
    times_usual: float | None = None
    times_limit: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    def times(self, other: Readings | None) -> float | None:
        """How many times as good as `other` ours is: its rate by the other's, or the other's time by its."""
        if other is None:
            return None
        better, worse = (other.median, self.ours.median) if self.less else (self.ours.median, other.median)
        return better / worse if worse else None

    @property
    def targets(self) -> list[tuple[str, bool]]:
        """Each target in words, and whether it is met."""
        usual, limit = self.times(self.usual), self.times(self.limit)
        return [
            (text, met)
            for wanted, text, met in (
                (self.times_usual, f">= {self.times_usual} x usual", usual is not None and usual >= (self.times_usual or 0)),
                (self.times_limit, f">= {self.times_limit} x limit", limit is not None and limit >= (self.times_limit or 0)),
                (self.at_least, f">= {self.at_least} {self.unit}", self.ours.median >= (self.at_least or 0)),
                (self.at_most, f"<= {self.at_most} {self.unit}", self.ours.median <= (self.at_most or 0)),
            )
            if wanted is not None
        ]

    @property
    def met(self) -> bool:
        return all(met for _, met in self.targets)


@dataclass(frozen=True)
class Measured:
    """What a path brings to the table: its lines, and sentences that belong under it."""

    lines: Sequence[Line]
    notes: Sequence[str] = field(default_factory=tuple)


def show(measured: Iterable[Measured]) -> None:
    """Print the table, the notes, and what is missed."""
    found = list(measured)
    lines = [line for part in found for line in part.lines]
    table = Table(*COLUMNS)
    for line in lines:
        table.add_row(*cells(line))
    console = Console(width=190)
    console.print(table)
    for note in (note for part in found for note in part.notes):
        console.print(f"- {note}", markup=False)
    missed = [f"{line.path}: {text}" for line in lines for text, met in line.targets if not met]
    console.print(f"missed: {len(missed)}", *missed, sep="\n  ", markup=False)


def cells(line: Line) -> tuple[str, ...]:
    """A line as the texts of COLUMNS."""
    targets = line.targets
    return (
        line.path,
        line.unit,
        readings(line.usual),
        readings(line.ours),
        readings(line.limit),
        _times(line.times(line.usual)),
        _times(line.times(line.limit)),
        "; ".join(text for text, _ in targets),
        "; ".join("yes" if met else "no" for _, met in targets),
    )


def readings(found: Readings | None) -> str:
    """Median, and minimum to maximum where there was more than one round."""
    if found is None:
        return ""
    spread = f" [{number(found.minimum)}-{number(found.maximum)}]" if len(found.values) > 1 else ""
    return number(found.median) + spread


def number(value: float) -> str:
    """Three figures that tell something, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{number(ratio)} x"


def page(measured: Iterable[Measured], servers: str) -> str:
    """The markdown of docs/performance.md."""
    found = list(measured)
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(cells(line) for part in found for line in part.lines)]
    return "\n".join(
        [
            "# What it costs, measured",
            "",
            "Written by `make bench`, not by hand. For each path the usual stack doing the same work with the same durability,",
            "ours, and the limit: interleaved on one machine in one run; median [minimum-maximum] of the rounds;",
            "`x` says how many times as good as the other ours is.",
            "Only the ratios carry over to another machine.",
            "",
            f"{machine()}; {servers}; commit {commit()}; {datetime.now(UTC):%Y-%m-%d}.",
            "",
            *("| " + " | ".join(row) + " |" for row in rows),
            "",
            *(f"- {note}" for part in found for note in part.notes),
            "",
        ]
    )


def machine() -> str:
    """Cores this process may use, memory and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.machine()}, Python {platform.python_version()}"


def kafka_version() -> str:
    """As the lock of the embedded broker names it."""
    lock = tomllib.loads((CHECKOUT / "deploy" / "embedded" / "kafka" / "jgo.toml").read_text())
    return next(text.rsplit(":", 1)[1] for text in _texts(lock) if text.startswith("org.apache.kafka:kafka_"))


def _texts(found: object) -> Iterable[str]:
    if isinstance(found, dict):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)
    elif isinstance(found, str):
        yield found


def commit() -> str:
    """The commit measured; marked when files differ from it."""
    asked = ["git", "describe", "--always", "--dirty=, changed", "--abbrev=9", "--exclude=*"]
    return subprocess.run(asked, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()
