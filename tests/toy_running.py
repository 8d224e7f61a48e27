"""The toy service on a database and a topic of its own, in this process or as processes; and what can be seen of it."""

import asyncio
import os
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from deploy.postgres.logins import address, new_passwords
from deploy.postgres.provision import provision
from shared.database import Connection, Database, connect, migrate
from shared.delivery import outbox
from shared.delivery.relay import Sender
from shared.events.event import REGISTRY
from shared.kafka import PARTITIONS, create_topics
from shared.process import Worker, application
from shared.settings import ServiceSettings
from tests import harness
from tests.eventually import eventually
from tests.harness import NamedCallers, Servers, ServiceUnderTest
from tests.toy import Toy, a_toy
from tests.verdict import Stream, Verdict, judge

TEMPLATE = "toy_template"
LOGINS = "programme"
"""Whose three logins the toy borrows: provisioning knows the four services only."""


@dataclass
class Ground:
    """The running toy. `service` calls it and delivers to it; the rest looks at it and starts its worker."""

    toy: Toy
    service: ServiceUnderTest
    servers: Servers

    @property
    def topics(self) -> list[str]:
        return self.toy.service.topics

    def settings(self, **values: Any) -> ServiceSettings:
        brokers = self.servers.kafka_bootstrap_servers
        return ServiceSettings(kafka_bootstrap_servers=brokers, kafka_session_timeout_ms=1000, kafka_heartbeat_ms=200, **values)

    async def write(self, *person_ids: UUID, first: int = 0, echo: bool = False) -> None:
        """Commit one fact for each, numbered on from `first`, in one transaction."""
        async with self.service.worker.transaction() as tx:
            for n, person_id in enumerate(person_ids, first):
                tx.append(person_id, self.toy.noted(person_id=person_id, n=n, echo=echo))
            await outbox.write(tx)

    async def make_topics(self, partitions: int = PARTITIONS) -> None:
        await create_topics(self.servers.kafka_bootstrap_servers, self.topics, 1, partitions)

    @asynccontextmanager
    async def working(self, producer: Callable[[], Awaitable[Sender]] | None = None) -> AsyncIterator[Worker]:
        """The worker's loops in this process, relaying through `producer` if one is given."""
        await self.make_topics()
        stopping = asyncio.Event()
        worker = Worker.of(self.toy.service, self.settings(), self.service.worker, stopping)
        worker.relay.producer = producer or worker.relay.producer
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            try:
                yield worker
            finally:
                stopping.set()
                worker.relay.wake()

    @asynccontextmanager
    async def process(self, tmp_path: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """`python -m tests.toy ...` as a process; killed at the end if it still runs."""
        own = {
            "TOY_TOPIC": self.toy.service.name,
            "API_DATABASE_URL": self.service.urls["api"],
            "WORKER_DATABASE_URL": self.service.urls["worker"],
            "OWNER_DATABASE_URL": self.service.urls["owner"],
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka_bootstrap_servers,
            "KAFKA_SESSION_TIMEOUT_MS": "1000",
            "KAFKA_HEARTBEAT_MS": "200",
            "HTTP_PORT": "0",
            "ISSUER": "http://127.0.0.1:1",
            "DEV_ISSUER": "true",
        }
        with (tmp_path / f"{uuid4()}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.toy", *arguments, env={**os.environ, **own}, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()

    async def effects(self) -> list[tuple[Stream, int]]:
        """What took effect, in order."""
        rows = await self.service.fetch("SELECT topic, stream_id, seq FROM effect ORDER BY id")
        return [((row["topic"], row["stream_id"]), row["seq"]) for row in rows]

    async def effects_of(self, stream_id: UUID) -> list[int]:
        return [seq for (_, stream), seq in await self.effects() if stream == stream_id]

    async def committed(self) -> Counter[Stream]:
        """How many facts each stream of the outbox has, as the log's rows tell (not the counters)."""
        rows = await self.service.fetch("SELECT topic, stream_id, count(*) AS facts FROM outbox GROUP BY 1, 2")
        return Counter({(row["topic"], row["stream_id"]): row["facts"] for row in rows})

    async def all_applied(self, count: int, timeout: float = 15) -> Verdict:
        """Wait until `count` effects are there; hold them against the outbox."""

        async def enough() -> bool:
            return int((await self.service.fetch("SELECT count(*) FROM effect"))[0][0]) >= count

        await eventually(enough, timeout)
        return judge(await self.committed(), await self.effects())

    async def count(self, table: str, where: str = "true") -> int:
        return int((await self.service.fetch(f"SELECT count(*) FROM {table} WHERE {where}"))[0][0])

    async def tallies(self) -> dict[UUID, int]:
        return {row["stream_id"]: row["applied"] for row in await self.service.fetch("SELECT * FROM tally")}


def tallied(effects: Iterable[tuple[Stream, int]]) -> dict[UUID, int]:
    """The toy's projection computed anew."""
    counts: defaultdict[UUID, int] = defaultdict(int)
    for (_, stream_id), _ in effects:
        counts[stream_id] += 1
    return dict(counts)


@asynccontextmanager
async def a_ground(servers: Servers, **settings: Any) -> AsyncIterator[Ground]:
    toy = a_toy(f"toy{uuid4().hex[:10]}")
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(_scratch(servers, toy))
        api, worker = await Database.open(urls["api"], 8, "test"), await Database.open(urls["worker"], 12, "test")
        stack.push_async_callback(api.close)
        stack.push_async_callback(worker.close)
        app = application(toy.service, ServiceSettings(**settings), api, None)
        app.state.identity = NamedCallers()
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://service"))
        yield Ground(toy, ServiceUnderTest(toy.service, api, worker, client, app.state.identity, urls), servers)
    for event in (toy.noted, toy.marked):
        REGISTRY.pop(event.type, None)


@asynccontextmanager
async def _scratch(servers: Servers, toy: Toy) -> AsyncIterator[dict[str, str]]:
    admin = await connect(servers.postgres_url)
    database = f"test_{toy.service.name}"
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", harness.TEMPLATE_LOCK)
        await _template(admin, servers, toy)
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} OWNER {LOGINS}_owner")
        await admin.execute("SELECT pg_advisory_unlock($1)", harness.TEMPLATE_LOCK)
        await admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {LOGINS}_api, {LOGINS}_worker")
        yield {part: login(servers, part, database) for part in ("owner", "api", "worker")}
        await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    finally:
        await admin.close()


async def _template(admin: Connection, servers: Servers, toy: Toy) -> None:
    if not harness.PASSWORDS:
        harness.PASSWORDS.update(dict.fromkeys(new_passwords(), "test"))
        await provision(servers.postgres_url, harness.PASSWORDS)
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", TEMPLATE):
        await admin.execute(f"CREATE DATABASE {TEMPLATE} OWNER {LOGINS}_owner TEMPLATE template0")
    await migrate(login(servers, "owner", TEMPLATE), toy.service.migrations)


def login(servers: Servers, part: str, database: str, service: str = LOGINS) -> str:
    """The address of a service's login on any database."""
    name = f"{service}_{part}"
    return address(servers.postgres_url, database, name, harness.PASSWORDS[name])


@pytest.fixture
async def ground(servers: Servers) -> AsyncIterator[Ground]:
    """The toy service on a fresh database and topic."""
    async with a_ground(servers) as running:
        yield running
