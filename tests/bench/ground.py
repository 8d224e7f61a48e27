"""What the paths are measured on: one durable PostgreSQL and Kafka, a fresh database for each, or a whole stack of its own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.embedded import control
from shared.database import connect
from shared.process import Service
from tests.bench.table import kafka_version
from tests.harness import Servers, scratch_database


@dataclass(frozen=True)
class Ground:
    """Both servers write through to the disk (fsync on); `folder` is for whatever a path starts."""

    servers: Servers
    folder: Path
    say: Callable[[str], None]

    @asynccontextmanager
    async def database(self, service: Service) -> AsyncIterator[dict[str, str]]:
        """A migrated database of this service: addresses of its owner, api and worker; dropped afterwards."""
        async with scratch_database(self.servers, service) as urls:
            yield urls

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[str]:
        """The superuser's address of an empty database, for a peer's own tables; dropped afterwards."""
        name = f"peer_{uuid4().hex[:12]}"
        admin = await connect(self.servers.postgres_url)
        try:
            await admin.execute(f"CREATE DATABASE {name}")
            yield self.servers.postgres_url.rsplit("/", 1)[0] + f"/{name}"
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await admin.close()

    @contextmanager
    def stack(self) -> Iterator[dict[str, Any]]:
        """A whole stack as processes, on servers of its own; answers the content of stack.json."""
        with control.running(control.Options(self.folder / f"stack-{uuid4().hex[:8]}", durable=True)) as described:
            yield described

    async def described(self) -> str:
        admin = await connect(self.servers.postgres_url)
        try:
            version = await admin.fetchval("SHOW server_version")
        finally:
            await admin.close()
        return f"PostgreSQL {version}, fsync on; Kafka {kafka_version()}, one broker, acks=all"
