"""Named points between a commit and what follows from it, at which a fault test has this process killed. No other fault is made here."""

import os
import signal
from dataclasses import dataclass
from typing import Literal, get_args

Point = Literal["after-commit", "after-ack", "after-mark", "after-batch-commit", "after-claim", "after-send"]


@dataclass
class Armed:
    """At which point, and how many more times it may be reached alive."""

    point: str = ""
    left: int = 0


_armed = Armed()


def parse(die_at: str) -> Armed:
    """`POINT:N`: the N-th time; empty: nowhere. Raises ValueError for anything else."""
    point, _, count = die_at.partition(":")
    if die_at and (point not in get_args(Point) or not (count.isdigit() and int(count))):
        raise ValueError(f"DIE_AT is POINT:N with N from 1 and one of the points {', '.join(get_args(Point))}")
    return Armed(point, int(count or 0))


def arm(die_at: str) -> None:
    """Called once at the start with the setting, which production refuses. Source: ADR 21."""
    global _armed
    _armed = parse(die_at)


def reach(point: Point) -> None:
    """Costs a comparison unless armed. The kernel kills: nothing is flushed, closed or said on the way out."""
    if point == _armed.point:
        _armed.left -= 1
        if not _armed.left:
            os.kill(os.getpid(), signal.SIGKILL)
