"""What accepts stage completions, as processes: ours, its peer and the limit, on databases with journeys to complete. Measures nothing."""

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from deploy.embedded import child
from deploy.embedded.ports import free_port
from deploy.embedded.stack import CHECKOUT, LOOPBACK, answers
from services.programme.__main__ import SERVICE
from shared.database import connect
from tests.bench.calling import Calls, Plan, journey_id, made
from tests.bench.ground import Ground
from tests.builders_programme import CENTRE, CLINIC, a_journey

LINES = 24
BODY = json.dumps({"completed_on": "2026-01-20", "outcome": "goals-reached", "next_organisation_id": str(CENTRE)})
NUMBERED = "(replace($2, '000000000000', '') || lpad(to_hex(n), 12, '0'))::uuid"
SEED = f"""
INSERT INTO journey (journey_id, person_id, pathway, version, status, state)
SELECT journey_id, person_id, $1::jsonb ->> 'pathway', ($1::jsonb ->> 'version')::int, 'open',
       $1::jsonb || jsonb_build_object('journey_id', journey_id, 'person_id', person_id)
FROM (SELECT {NUMBERED} AS journey_id, md5(n::text)::uuid AS person_id FROM generate_series(1, $3::int) AS n) AS numbered
"""
REST = """
WITH persons AS (INSERT INTO person (person_id, region, life_period) SELECT person_id, 'UZ-TK', 'adult' FROM journey)
INSERT INTO party (organisation_id, journey_id) SELECT $1, journey_id FROM journey
"""
ORGANISATION = "INSERT INTO organisation (organisation_id, level, kind, region) VALUES ($1, 'meso', 'medical-organisation', 'UZ-TK')"
COMPLETED = "SELECT journey_id FROM journey WHERE state -> 'stages' -> 0 ->> 'status' = 'completed'"


@dataclass
class Server:
    """A contestant on a port. `numbers` stand for journeys nobody has completed yet."""

    name: str
    port: int
    token: str
    database: str | None
    process_id: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    left: int = 1

    async def called(self, seconds: float, lines: int = LINES, rate: float = 0.0) -> Calls:
        """Complete journeys for so long."""
        calls = await made(Plan(self.port, self.token, BODY, self.left, seconds, lines, rate))
        self.left += calls.sent
        return calls

    async def completed(self) -> set[object]:
        """The journeys completed, as the database tells."""
        assert self.database
        connection = await connect(self.database)
        try:
            return {row["journey_id"] for row in await connection.fetch(COMPLETED)}
        finally:
            await connection.close()


async def seed(url: str, journeys: int) -> None:
    """So many journeys in stage 1, and two organisations that are known."""
    connection = await connect(url)
    try:
        await connection.executemany(ORGANISATION, [(CLINIC,), (CENTRE,)])
        await connection.execute(SEED, a_journey("started").model_dump_json(), str(journey_id(0)), journeys)
        await connection.execute(REST, CLINIC)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


@contextmanager
def process(argv: Sequence[str], log: Path, ready: str, **environment: str) -> Iterator[int]:
    """A Python program until the block ends; it is ready when `ready` answers. Gives its process id."""
    running = child.launch(child.Launch([sys.executable, "-m", *argv], log, {**os.environ, **environment}, CHECKOUT))
    try:
        child.wait_ready(running, lambda: answers(ready), log, 90.0)
        yield running.pid
    finally:
        child.end(running)


@contextmanager
def issuing(folder: Path) -> Iterator[str]:
    port = free_port()
    with process(["deploy.embedded.issuer", str(port)], folder / "issuer.log", f"http://127.0.0.1:{port}/jwks"):
        yield f"http://127.0.0.1:{port}"


def token_of(issuer: str) -> str:
    """A clinician's of the clinic that has the persons; it lives ten minutes."""
    form = {"grant_type": "client_credentials", "role": "clinician", "org": str(CLINIC), "audience": SERVICE.name}
    with LOOPBACK.open(f"{issuer}/token", urlencode(form).encode(), timeout=5) as answer:
        return str(json.loads(answer.read())["access_token"])


@asynccontextmanager
async def serving(ground: Ground, name: str, argv: Sequence[str], issuer: str, journeys: int = 0) -> AsyncIterator[Server]:
    """One contestant, warmed up; with `journeys` on a database of its own."""
    port, log = free_port(), ground.folder / f"{name}.log"
    environment = {"ISSUER": issuer, "DEV_ISSUER": "true", "HTTP_PORT": str(port), "HTTP_HOST": "127.0.0.1"}
    ready = f"http://127.0.0.1:{port}/{'readyz' if argv[0].startswith('services') else 'openapi.json'}"
    if not journeys:
        with process(argv, log, ready, **environment) as process_id:
            yield await _warm(Server(name, port, token_of(issuer), None, process_id))
        return
    async with ground.database(SERVICE) as urls:
        await seed(urls["owner"], journeys)
        with process(argv, log, ready, API_DATABASE_URL=urls["api"], **environment) as process_id:
            yield await _warm(Server(name, port, token_of(issuer), urls["owner"], process_id))


async def _warm(server: Server) -> Server:
    calls = await server.called(1.0)
    counts = {status: len(took) for status, took in calls.took.items()}
    assert set(counts) == {"200"} and not calls.lost, f"{server.name}: {counts}, lost {calls.lost}"
    return server
