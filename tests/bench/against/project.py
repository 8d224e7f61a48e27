"""Path "project": monitoring's worker takes up a year of journeys that is on the topics already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from tests.bench.against.compared import Spent
from tests.bench.against.facts import organisations, publish, years
from tests.bench.against.listening import listened, nothing_set_aside, taken_up
from tests.bench.against.side import Side
from tests.bench.against.turns import Work

PIECES, PERSONS = 8, 400
KEPT = "SELECT count(*) AS persons, sum(last_seq)::bigint AS events FROM inbox WHERE topic = 'programme'"


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    """Each piece other persons, the same for both sides."""
    await publish(side.kafka, organisations())
    numbers = count(1)
    with side.running("monitoring", "worker") as worker:
        await taken_up(side, "monitoring")

        async def prepare() -> None:
            await side.settle("monitoring")

        async def piece() -> Spent:
            facts = years(PERSONS, next(numbers))
            spent = await listened(side, "monitoring", worker, facts)
            return Spent("project into monitoring", "event", len(facts), spent)

        yield Work(prepare, piece, PIECES)


async def filled(side: Side, persons: int) -> int:
    """Make sure that monitoring keeps the events of at least so many persons; answers how many of programme's it keeps."""
    (kept,) = await side.fetch("monitoring", KEPT)
    if kept["persons"] < persons:
        await publish(side.kafka, [*organisations(), *years(persons, 0)])
        with side.running("monitoring", "worker") as worker:
            await taken_up(side, "monitoring")
            await nothing_set_aside(side, "monitoring", worker)
    await side.settle("monitoring")
    (kept,) = await side.fetch("monitoring", KEPT)
    return int(kept["events"])
