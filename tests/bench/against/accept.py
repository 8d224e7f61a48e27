"""Path "accept": stage completions accepted over HTTP by programme's API, each on a journey opened and started over HTTP before."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from shared.events.envelope import Envelope
from tests.bench.against.calls import Call, answers
from tests.bench.against.compared import Spent
from tests.bench.against.facts import CENTRE, PATHWAY, organisations, publish, registrations
from tests.bench.against.listening import nothing_set_aside, taken_up
from tests.bench.against.side import Running, Side
from tests.bench.against.turns import Work

PIECES, COMPLETIONS = 10, 250
START = {"started_on": "2025-06-03", "setting": "inpatient", "programme": "detoxification", "responsible_doctor": "staff-17"}
COMPLETION = {"completed_on": "2025-06-20", "outcome": "goals-reached", "next_organisation_id": str(CENTRE)}


@asynccontextmanager
async def opened(side: Side) -> AsyncIterator[Work]:
    """The organisations are heard of first; no worker runs during the turns."""
    await _heard(side, organisations())
    ready: list[str] = []
    with side.running("programme", "api") as api:

        async def prepare() -> None:
            persons = [uuid4() for _ in range(PIECES * COMPLETIONS)]
            await _heard(side, registrations(persons))
            ready.extend(await _started(side, api, persons))
            await side.settle("programme")

        async def piece() -> Spent:
            token = side.token("programme", "clinician")
            calls = [Call("PUT", f"/journeys/{ready.pop()}/stages/1/completion", COMPLETION) for _ in range(COMPLETIONS)]
            meter = side.meter(API=api.pid)
            await answers(api.port, token, calls)
            return Spent("accept a stage completion", "command", COMPLETIONS, meter.spent())

        yield Work(prepare, piece, PIECES)


async def _heard(side: Side, facts: Sequence[Envelope]) -> None:
    """The worker runs for as long as it takes these up."""
    await publish(side.kafka, facts)
    with side.running("programme", "worker") as worker:
        await taken_up(side, "programme")
        await nothing_set_aside(side, "programme", worker)


async def _started(side: Side, api: Running, persons: Sequence[UUID]) -> Sequence[str]:
    """A round's journeys, in stage 1."""
    token = side.token("programme", "clinician")
    fresh = [{"person_id": str(person), "pathway": PATHWAY, "opened_on": "2025-06-02"} for person in persons]
    journeys = [done["id"] for done in await answers(api.port, token, [Call("POST", "/journeys", body) for body in fresh])]
    await answers(api.port, token, [Call("PUT", f"/journeys/{each}/stages/1/start", START) for each in journeys])
    return journeys
