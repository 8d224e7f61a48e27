"""Processor time as /proc tells it: what a process and all below it have used so far, those that ended included. Starts nothing."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One line of /proc/<pid>/stat. `milliseconds`: user and system time, and that of its children that ended and were waited for."""

    pid: int
    parent: int
    milliseconds: float


def parsed(line: str) -> Process:
    """The name stands in brackets and may hold anything, brackets too. Fields as in proc(5): 4 is the parent, 14 to 17 the times."""
    rest = line[line.rindex(")") + 2 :].split()
    return Process(int(line.split(" ", 1)[0]), int(rest[1]), TICK_MS * sum(int(ticks) for ticks in rest[11:15]))


def total(root: int, processes: Iterable[Process]) -> float:
    """Milliseconds of `root` and of everything below it. Raises KeyError when `root` is not there."""
    found = {process.pid: process for process in processes}
    below = defaultdict(list)
    for process in found.values():
        below[process.parent].append(process.pid)
    spent, ahead = 0.0, [root]
    while ahead:
        pid = ahead.pop()
        spent += found[pid].milliseconds
        ahead += below[pid]
    return spent


def running() -> list[Process]:
    """All processes; one that ends meanwhile is left out."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if folder.name.isdigit():
                found.append(parsed((folder / "stat").read_text()))
    return found


class Meter:
    """Counts from now on, by part: its name and the process at its top."""

    def __init__(self, tops: Mapping[str, int]) -> None:
        self._tops = tops
        self._before = self._read()

    def spent(self) -> dict[str, float]:
        """Milliseconds by part since this was made."""
        return {part: now - self._before[part] for part, now in self._read().items()}

    def _read(self) -> dict[str, float]:
        processes = running()
        return {part: total(top, processes) for part, top in self._tops.items()}
