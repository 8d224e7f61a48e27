"""A service in the test's own process, on a real database: deliver events to it, call it, look at what it appended."""

import importlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import httpx2

from deploy.postgres.logins import address, new_passwords
from deploy.postgres.provision import provision
from shared.clock import run_due
from shared.database import Connection, Database, Record, connect, migrate
from shared.delivery import inbox
from shared.delivery.inbox import Batch
from shared.events import Event
from shared.events.envelope import Envelope
from shared.identity import Caller, Unauthenticated
from shared.process import Service, application

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEMPLATE_LOCK = 7_302_100
PASSWORDS: dict[str, str] = {}


@dataclass(frozen=True)
class Servers:
    """Where PostgreSQL and Kafka are."""

    postgres_url: str
    kafka_bootstrap_servers: str


@dataclass
class NamedCallers:
    """Stands where `identity.Identity` does: the bearer is a caller's name. The token suite tests the real one."""

    callers: dict[str, Caller] = field(default_factory=dict)

    async def of(self, authorization: str | None) -> Caller:
        caller = self.callers.get((authorization or "").removeprefix("Bearer "))
        if caller is None:
            raise Unauthenticated
        return caller


def a_caller(role: str, organisation_id: UUID | None = None, sub: str = "", regions: tuple[str, ...] = ()) -> Caller:
    """A principal with one role at that role's level."""
    from shared.policy import _level_of

    return Caller(sub or f"{role}@{organisation_id}", organisation_id, cast(Any, _level_of(role)), frozenset({role}), regions)


def stream_of(event: Event) -> UUID:
    """The stream a fact belongs to: its person, else its organisation or instruction."""
    for name in ("person_id", "organisation_id", "instruction_id"):
        if value := getattr(event, name, None):
            return cast(UUID, value)
    raise ValueError(f"{type(event).__name__} has no stream")


def an_envelope(topic: str, stream_id: UUID, seq: int, wire_type: str, body: bytes, at: datetime = NOW) -> Envelope:
    return Envelope(
        event_id=uuid4(),
        topic=topic,
        stream_id=stream_id,
        seq=seq,
        type=wire_type,
        occurred_at=at,
        recorded_at=at,
        correlation_id=uuid4(),
        causation_id=None,
        traceparent=None,
        log_epoch=0,
        body=body,
    )


@dataclass
class ServiceUnderTest:
    """See the module. `now` is the service's clock; `lasts` the sequence numbers given out so far, by (topic, stream)."""

    service: Service
    api: Database
    worker: Database
    client: httpx2.AsyncClient
    identity: NamedCallers
    urls: dict[str, str]
    now: datetime = NOW
    lasts: defaultdict[tuple[str, UUID], int] = field(default_factory=lambda: defaultdict(int))

    async def deliver(self, *events: Event) -> list[Envelope]:
        """Give these facts to the handlers in one batch, numbered on in their streams; answers their envelopes."""
        envelopes = [self.envelope(event) for event in events]
        await self.deliver_again(*envelopes)
        return envelopes

    async def deliver_again(self, *envelopes: Envelope) -> Batch:
        """Give envelopes to the inbox as they are: again, out of order, with gaps."""
        async with self.worker.transaction() as tx:
            return await inbox.apply(tx, envelopes, self.service.handlers)

    def envelope(self, event: Event, seq: int | None = None) -> Envelope:
        """An envelope for a fact, numbered on in its stream unless `seq` says otherwise."""
        stream = (event.topic, stream_of(event))
        self.lasts[stream] = seq if seq is not None else self.lasts[stream] + 1
        return an_envelope(event.topic, stream[1], self.lasts[stream], event.type, event.model_dump_json().encode(), self.now)

    async def call(self, method: str, path: str, caller: Caller | None = None, json: Any = None, key: str | None = None) -> httpx2.Response:
        """An HTTP request in this process; commands get a new Idempotency-Key unless one is given."""
        headers = {"Idempotency-Key": key or str(uuid4())} if method != "GET" else {}
        if caller:
            self.identity.callers[name := repr(caller)] = caller
            headers["Authorization"] = f"Bearer {name}"
        return await self.client.request(method, path, headers=headers, json=json)

    async def appended(self) -> list[Event]:
        """All facts in the outbox, in the order they were written."""
        rows = await self.fetch("SELECT topic, stream_id, seq, type, body, recorded_at FROM outbox ORDER BY id")
        known = [an_envelope(r["topic"], r["stream_id"], r["seq"], r["type"], r["body"].encode(), r["recorded_at"]).event() for r in rows]
        return [event for event in known if event is not None]

    async def run_deadlines(self, now: datetime | None = None) -> int:
        """Act on what is due by `now` (the service's clock is set to it); answers how many acted."""
        self.now = now or self.now
        return await run_due(self.worker, self.service.deadlines, self.now)

    async def fetch(self, sql: str, *arguments: Any) -> list[Record]:
        """Look into the database as the worker."""
        async with self.worker.connection() as connection:
            return await connection.fetch(sql, *arguments)


@asynccontextmanager
async def running(servers: Servers, name: str) -> AsyncIterator[ServiceUnderTest]:
    """The service `name` on a fresh database, dropped afterwards."""
    service: Service = importlib.import_module(f"services.{name}.__main__").SERVICE
    async with scratch_database(servers, service) as urls:
        settings = service.settings()
        api, worker = await Database.open(urls["api"], 8, "test"), await Database.open(urls["worker"], 8, "test")
        app = application(service, settings, api, None)
        app.state.identity = NamedCallers()
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            under_test = ServiceUnderTest(service, api, worker, client, app.state.identity, urls)
            api.now = worker.now = lambda: under_test.now
            yield under_test
        await api.close()
        await worker.close()


@asynccontextmanager
async def scratch_database(servers: Servers, service: Service) -> AsyncIterator[dict[str, str]]:
    """A copy of the service's migrated database; answers the addresses of its owner, api and worker logins."""
    admin = await connect(servers.postgres_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
        await _template(admin, servers, service)
        database = f"test_{service.name}_{uuid4().hex[:12]}"
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE {service.name} OWNER {service.name}_owner")
        await admin.execute("SELECT pg_advisory_unlock($1)", TEMPLATE_LOCK)
        await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {service.name}_api, {service.name}_worker")
        await admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        yield {part: _url(servers, service.name, part, database) for part in ("owner", "api", "worker")}
        await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    finally:
        await admin.close()


async def _template(admin: Connection, servers: Servers, service: Service) -> None:
    """The service's own database, provisioned once a run and migrated; copies are made from it."""
    if not PASSWORDS:
        PASSWORDS.update({login: "test" for login in new_passwords()})
        await provision(servers.postgres_url, PASSWORDS)
    await migrate(_url(servers, service.name, "owner", service.name), service.migrations)


def _url(servers: Servers, service: str, part: str, database: str) -> str:
    login = f"{service}_{part}"
    return address(servers.postgres_url, database, login, PASSWORDS[login])
