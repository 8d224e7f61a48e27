"""Path "handover": the hand-over figures asked for over HTTP, as the dashboard does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.against.calls import Call, answers
from tests.bench.against.compared import Spent
from tests.bench.against.project import filled
from tests.bench.against.rebuild import FILLED
from tests.bench.against.side import Side
from tests.bench.against.turns import Work
from tests.bench.rounds import Lost

PIECES, ASKED = 8, 200
AS_OF = "2025-12-01"


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    """From a release of the journeys that are there."""
    await filled(side, FILLED)
    side.operated("monitoring", "release", "--as-of", AS_OF)
    with side.running("monitoring", "api") as api:

        async def prepare() -> None:
            await side.settle("monitoring")

        async def piece() -> Spent:
            token, calls = side.token("monitoring", "ministry", None), [Call("GET", "/handovers")] * ASKED
            meter = side.meter(API=api.pid)
            found = await answers(api.port, token, calls)
            spent = meter.spent()
            if not all(each["items"] for each in found):
                raise Lost(f"{side.name}: no rows of the release")
            return Spent("ask for hand-over figures", "call", ASKED, spent)

        yield Work(prepare, piece, PIECES)
