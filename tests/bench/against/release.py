"""Path "release": making the release that the figures are read from, by the operator's command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import count

from tests.bench.against.compared import Spent
from tests.bench.against.project import filled
from tests.bench.against.rebuild import FILLED, operated
from tests.bench.against.side import Side
from tests.bench.against.turns import Work

PIECES = 4
FIRST_AS_OF = date(2025, 12, 2)
"""Each release one day on, so that it is a new one; nearly always the same months are closed."""


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    await filled(side, FILLED)
    days = (FIRST_AS_OF + timedelta(days=number) for number in count())

    async def prepare() -> None:
        await side.settle("monitoring")

    async def piece() -> Spent:
        return Spent("make a release", "release", 1, operated(side, "release", "--as-of", next(days).isoformat()))

    yield Work(prepare, piece, PIECES)
