"""Whatever a schema allows or forbids: no 5xx, no answer outside the document, no access without a token. Schemathesis, all its checks.

Each service runs on a port of its own with a scratch database; the route's real policy is met by a caller with a role that it names.
"""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from deploy.docs.openapi import documents
from tests import harness
from tests.contract.routes import ID, Way, ways
from tests.contract.tree import SERVICES

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
SEED = int(os.environ.get("FUZZ_SEED", "20260302"))
# A body may fit its schema and still be refused by a rule (422), miss its turn (409) or name an object of somebody else (404).
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "503"]
"""
WAYS = [way for way in ways() if way.route.path != "/metrics"]


@dataclass
class Served:
    """A service on a port, in a thread with a loop of its own."""

    url: str
    app: Any

    def token_for(self, way: Way) -> str:
        """The bearer of a caller with the first role that the route's policy names."""
        from uuid import UUID

        role = sorted(way.roles)[0]
        self.app.state.identity.callers[role] = harness.a_caller(role, UUID(ID), sub=ID, regions=("UZ-TK",))
        return role


async def serve(servers: harness.Servers, name: str, started: "Future[Served]", stopping: threading.Event) -> None:
    async with harness.running(servers, name) as service:
        app = service.client._transport.app  # type: ignore[attr-defined]
        server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        await asyncio.to_thread(wait_until_started, server)
        started.set_result(Served(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app))
        await asyncio.to_thread(stopping.wait)
        server.should_exit = True
        await serving
