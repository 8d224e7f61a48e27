"""Path "rebuild": monitoring's roll-ups compared with a recomputation from all kept facts, by the operator's command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.against.compared import Spent
from tests.bench.against.project import filled
from tests.bench.against.side import Side
from tests.bench.against.turns import Work

PIECES = 3
FILLED = 12_000
"""Persons; more where path "project" was measured before."""


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    """A piece is one rebuild, counted for each of programme's events; what starting the program costs is taken off."""
    events = await filled(side, FILLED)

    async def prepare() -> None:
        await side.settle("monitoring")

    async def piece() -> Spent:
        return Spent("rebuild roll-ups", "event", events, operated(side, "rebuild", "--verify"))

    yield Work(prepare, piece, PIECES)


def operated(side: Side, *command: str) -> dict[str, float]:
    """What a command of monitoring's spends; of its own time only what is over that of the same command with `--help`."""
    starting = side.operated("monitoring", command[0], "--help")
    meter = side.meter()
    own = side.operated("monitoring", *command) - starting
    return {"command": own, **meter.spent()}
