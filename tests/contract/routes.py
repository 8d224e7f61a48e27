"""Every route of every service with the roles its policy names, and an application around them that has no database."""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared import health, web
from shared.command import Guarded
from shared.database import Transient
from shared.process import Service
from tests.contract.tree import SERVICES
from tests.harness import NamedCallers

ID = "2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f11"
PARTS = {"seq": "1", "stage": "1", "version": "1", "topic": "programme", "code": "some-code", "region": "UZ-TK"}


@dataclass(frozen=True)
class Way:
    """One method of one route."""

    service: str
    method: str
    route: APIRoute

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.route.path}"

    @property
    def path(self) -> str:
        return self.route.path.format(**{name: PARTS.get(name, ID) for name in self.route.param_convertors})

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the policy names."""
        assert isinstance(self.route, Guarded)
        named: frozenset[str] = inspect.getclosurevars(self.route.policy).nonlocals["wanted"]
        return named


def service_of(name: str) -> Service:
    service: Service = importlib.import_module(f"services.{name}.__main__").SERVICE
    return service


def routes_of(name: str) -> Iterator[APIRoute]:
    for router in (*service_of(name).routers, health.probes, health.streams):
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def ways() -> list[Way]:
    """Every method of every guarded route; the open ones are the probes alone."""
    return [
        Way(name, method, route)
        for name in SERVICES
        for route in routes_of(name)
        if isinstance(route, Guarded)
        for method in sorted(route.methods or ())
    ]


class NoDatabase:
    """Stands where the database does, so that a request that passed its policy goes no further."""

    def transaction(self, *_: Any) -> Any:
        return self._away()

    @asynccontextmanager
    async def _away(self) -> Any:
        raise Transient("08000")
        yield


def application(name: str, callers: NamedCallers) -> FastAPI:
    """A service's application up to the policy: behind it commands miss their key (400), queries a database (503)."""
    app = web.application(name, name, (*service_of(name).routers, health.probes, health.streams), 64)
    app.state.identity, app.state.database, app.state.service = callers, NoDatabase(), name
    return app


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, raise_app_exceptions=False), base_url="http://service")


Outcome = Literal["unauthenticated", "forbidden", "passed"]


def outcome_of(answer: httpx2.Response) -> Outcome:
    """What the gate said; whatever comes after it is `passed`."""
    return "unauthenticated" if answer.status_code == 401 else "forbidden" if answer.status_code == 403 else "passed"
