"""Path "message": family's worker makes a message for a contact of each fact it hears."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from tests.bench.against.calls import Call, answers
from tests.bench.against.compared import Spent
from tests.bench.against.facts import openings, publish, walks
from tests.bench.against.listening import listened, taken_up
from tests.bench.against.side import Running, Side
from tests.bench.against.turns import Work
from tests.bench.rounds import lost_unless

PIECES, PERSONS, STAGES = 8, 100, 4
CONTACT = {"name": "contact", "relation": "mother", "kind": "family", "language": "en"}
PERMISSION = {"topics": ["stage"], "channels": ["inbox"], "given_by": "person", "given_on": "2025-06-02"}


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    """Each round other persons, each with one contact who may know of stages."""
    ready: list[UUID] = []
    with side.running("family", "worker") as worker, side.running("family", "api") as api:

        async def prepare() -> None:
            persons = [uuid4() for _ in range(PIECES * PERSONS)]
            await publish(side.kafka, openings(persons))
            await taken_up(side, "family")
            await _with_contacts(side, api, persons)
            ready.extend(persons)
            await side.settle("family")

        async def piece() -> Spent:
            facts = list(walks([ready.pop() for _ in range(PERSONS)], STAGES))
            before = await _told(side, api)
            spent = await listened(side, "family", worker, facts)
            lost_unless(await _told(side, api) - before, len(facts), f"{side.name}: messages")
            return Spent("make a message", "message", len(facts), spent)

        yield Work(prepare, piece, PIECES)


async def _with_contacts(side: Side, api: Running, persons: Sequence[UUID]) -> None:
    token = side.token("family", "liaison")
    added = await answers(api.port, token, [Call("POST", f"/persons/{person}/contacts", CONTACT) for person in persons])
    await answers(api.port, token, [Call("POST", f"/contacts/{done['id']}/permissions", PERMISSION) for done in added])


async def _told(side: Side, api: Running) -> int:
    """How many messages it has told others of."""
    (health,) = await answers(api.port, side.token("family", "operator"), [Call("GET", "/delivery")])
    return sum(int(each["appended"]) for each in health["sent"])
