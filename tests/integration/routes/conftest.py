"""The four services on ports of their own with scratch databases and one object of each kind, for tests that walk over all routes."""

import asyncio
import json
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import schemathesis
import uvicorn
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from deploy.docs.openapi import documents
from tests import harness
from tests.contract.routes import ID, Way
from tests.contract.tree import SERVICES
from tests.integration.routes.seeds import CLINIC, SEEDS

# A body may fit its schema and still be refused by a rule (422).
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]
"""

schemathesis.openapi.format("date", st.dates(date(2025, 6, 1), date(2026, 6, 1)).map(str))


def printable(value: Any) -> Any:
    """A body without control characters: every text refuses them, and no JSON schema says so."""
    if isinstance(value, dict):
        return {name: printable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [printable(part) for part in value]
    return "".join(filter(str.isprintable, value)) or "x" if isinstance(value, str) else value


@dataclass
class Served:
    """A service on a port, in a thread with a loop of its own. `known`: ids that its own answers gave, by the parameter they fit."""

    url: str
    callers: dict[str, Any]
    schema: Any
    known: defaultdict[str, str]

    def token_for(self, way: Way) -> str:
        """The bearer of a caller of the clinic with a role that the route's policy names."""
        role = next((role for role in ("clinician", "coordinator", "liaison") if role in way.roles), sorted(way.roles)[0])
        return self.token_of(role, CLINIC, self.known[f"{role}_id"] if role in ("contact", "person") else ID)

    def token_of(self, role: str, organisation_id: UUID, sub: str, region: str = "UZ-TK") -> str:
        bearer = f"{role} {sub} of {organisation_id} in {region}"
        self.callers[bearer] = harness.a_caller(role, organisation_id, sub, (region,))
        return bearer

    def cases(self, way: Way, mode: GenerationMode) -> Any:
        return self.schema[way.route.path][way.method].as_strategy(generation_mode=mode)

    def aim(self, case: Case[Any]) -> None:
        """Put ids that exist where the case has made-up ones, so that more than 404 is seen."""
        for name in set(case.path_parameters or {}) & set(self.known):
            case.path_parameters[name] = self.known[name]
        if isinstance(case.body, dict):
            body: dict[str, Any] = printable(case.body)
            case.body = body | {name: self.known[name] for name in set(body) & set(self.known)}

    def learn(self, case: Case[Any], answer: Any) -> None:
        if case.method == "POST" and answer.status_code == 201 and (resource := re.search(r"/([a-z]+)s$", case.path)):
            self.known[f"{resource[1]}_id"] = json.loads(answer.content)["id"]


async def serve(servers: harness.Servers, name: str, listening: socket.socket, ready: "Future[Any]", stopping: threading.Event) -> None:
    async with harness.running(servers, name) as service, asyncio.TaskGroup() as tasks:
        known = await SEEDS[name](service)
        app = service.client._transport.app  # type: ignore[attr-defined]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        tasks.create_task(server.serve(sockets=[listening]))
        ready.set_result((app, known))
        await asyncio.to_thread(stopping.wait)
        server.should_exit = True


@pytest.fixture(scope="session")
def served(servers: harness.Servers) -> Iterator[dict[str, Served]]:
    stopping, documented = threading.Event(), documents()
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        try:
            yield {name: begin(servers, name, documented[name], pool, stopping) for name in SERVICES}
        finally:
            stopping.set()


def begin(servers: harness.Servers, name: str, document: str, pool: ThreadPoolExecutor, stopping: threading.Event) -> Served:
    listening, ready = socket.create_server(("127.0.0.1", 0)), Future[Any]()
    running = pool.submit(asyncio.run, serve(servers, name, listening, ready, stopping))
    running.add_done_callback(lambda ended: None if ready.done() else ready.set_exception(ended.exception()))
    app, known = ready.result(60)
    schema = schemathesis.openapi.from_dict(json.loads(document), config=schemathesis.Config.from_str(CONFIG))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    return Served(url, app.state.identity.callers, schema, defaultdict(lambda: ID, known))
