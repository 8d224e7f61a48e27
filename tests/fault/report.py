"""The table that a run prints, and the evidence that a failed row leaves. Nothing is judged here."""

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tests.fault.evidence import Evidence, Finding

HEAD = (
    "row",
    "faults",
    "schedule",
    "commands (ok/refused/unknown)",
    "events",
    "lost",
    "doubled",
    "out of order",
    "other",
    "slowest recovery",
    "seconds",
)


@dataclass(frozen=True)
class Row:
    """One line of the table; every zero stands beside its number of trials."""

    name: str
    faults: int
    schedule: str
    commands: str
    events: int
    lost: int
    doubled: int
    disordered: int
    other: int
    slowest: float | None
    seconds: float

    @classmethod
    def of(
        cls, what: tuple[str, int, str], evidence: Evidence, findings: Sequence[Finding], healed: Sequence[float], seconds: float
    ) -> "Row":
        """`what`: name, number of faults, digest of the schedule."""
        outcomes = Counter(entry.outcome for entry in evidence.entries)
        unknown = sum(entry.was_unknown for entry in evidence.entries)
        commands = f"{len(evidence.entries)} ({outcomes['ok']}/{outcomes['refused']}/{unknown})"
        found = Counter(finding.what for finding in findings)
        counts = (found["lost"], found["doubled"], found["disordered"], found["wrong"])
        return cls(*what, commands, len(evidence.outbox), *counts, max(healed, default=None), seconds)

    def cells(self) -> list[str]:
        slowest = "" if self.slowest is None else f"{self.slowest:.1f} s"
        return [*(str(value) for value in list(asdict(self).values())[:-2]), slowest, f"{self.seconds:.0f}"]


@dataclass(frozen=True)
class Caught:
    """A seeded bug: by which assertion it had to be caught, and how often each assertion did so in how many commands."""

    bug: str
    by: str
    findings: Counter[str]
    commands: int
    seconds: float

    def cells(self) -> list[str]:
        others = sorted(set(self.findings) - {self.by})
        shown = [f"{name} {self.findings[name]}" for name in (self.by, *others)]
        return [
            self.bug,
            self.by if self.findings[self.by] else "**NOT CAUGHT**",
            ", ".join(shown),
            str(self.commands),
            f"{self.seconds:.0f}",
        ]


CAUGHT: list[Caught] = []
"""Of this run."""


def caught_table(bugs: Iterable[Caught]) -> str:
    """As markdown."""
    head = ("bug", "caught by", "findings", "commands", "seconds")
    lines = [head, ["---"] * len(head), *(bug.cells() for bug in bugs)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def table(rows: Iterable[Row]) -> str:
    """As markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def keep_evidence(folder: Path, findings: Sequence[Finding], logs: Iterable[Path]) -> None:
    """Beside the ledger: every finding, and what the services wrote so far."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "findings.json").write_bytes(orjson.dumps([finding._asdict() for finding in findings], option=orjson.OPT_INDENT_2))
    for log in logs:
        if log.exists():
            shutil.copy(log, folder / log.name)
