"""Requests to the toy's API, and what is asserted of every problem answer. No test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.database import Database
from shared.process import application
from shared.settings import ServiceSettings
from tests.harness import NamedCallers, a_caller
from tests.toy_running import Ground

CLINICIAN = a_caller("clinician", UUID(int=1))


async def note(ground: Ground, key: str | None = None, **body: Any) -> httpx2.Response:
    """Make a note, on a new stream unless told otherwise."""
    return await ground.service.call("POST", "/notes", CLINICIAN, {"person_ids": [str(uuid4())], **body}, key)


async def nothing_is_left(ground: Ground) -> None:
    for table in ("note", "outbox", "unsent", "stream", "audit", "idempotency"):
        assert await ground.count(table) == 0, table


def is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    """RFC 9457, with a stable type."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:throughcare:problem:{code}"
    assert answer.json()["status"] == status


@asynccontextmanager
async def another_edge(ground: Ground, database: Database, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """The toy's API once more, on another pool and with other settings; `Bearer one` is the clinician."""
    app = application(ground.toy.service, ServiceSettings(**settings), database, None)
    app.state.identity = NamedCallers({"one": CLINICIAN})
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service", headers={"Authorization": "Bearer one"}) as client:
        yield client
