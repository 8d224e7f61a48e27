"""One commit at work: servers of its own, its services as processes in its own folder. What they are asked to do: the paths beside."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from deploy.embedded import child
from deploy.embedded.parts import Parts, start_parts
from deploy.embedded.ports import free_port
from deploy.embedded.stack import LOOPBACK, answers
from deploy.postgres.logins import SERVICES, address, addresses, new_passwords
from deploy.postgres.provision import provision
from shared.database import Connection, connect
from tests.bench.against.consumed import Meter
from tests.bench.against.facts import CLINIC
from tests.bench.rounds import Lost

POSTGRES = "PostgreSQL"
READY_S = 90.0
COMMAND_S = 300.0
SESSION_MS = "60000"
"""A listener may be stopped for a while and is still a member of its group."""
SETTINGS = ("ALTER SYSTEM SET autovacuum = off", "ALTER SYSTEM SET checkpoint_timeout = '1d'", "SELECT pg_reload_conf()")
"""What the server would do at moments of its own is done between the turns instead, and counted for nobody."""


@dataclass(frozen=True)
class Running:
    """A process of a service and where it answers."""

    pid: int
    port: int


@dataclass(frozen=True)
class Side:
    """`root`: the checkout whose code runs; `folder`: where its logs are; `issuer`: the one both sides trust."""

    name: str
    root: Path
    folder: Path
    parts: Parts
    issuer: str
    databases: Mapping[str, Mapping[str, str]]
    connections: dict[str, Connection] = field(default_factory=dict)

    @property
    def kafka(self) -> str:
        return self.parts.kafka_bootstrap_servers

    @contextmanager
    def running(self, service: str, role: str) -> Iterator[Running]:
        """`python -m services.<service> <role>` until the block ends; it is ready."""
        port = free_port()
        log, process = self._launched(service, role, HTTP_PORT=str(port))
        try:
            child.wait_ready(process, lambda: answers(f"http://127.0.0.1:{port}/readyz"), log, READY_S)
            yield Running(process.pid, port)
        finally:
            child.end(process, patience=15.0)

    def operated(self, service: str, *arguments: str) -> float:
        """Run a command of an operator to its end; milliseconds of its own processor time. Raises Lost when it does not end with 0."""
        before = _of_children()
        log, process = self._launched(service, *arguments)
        if not child.ended_within(process, COMMAND_S):
            child.kill_group(process)
        if process.wait() != 0:
            raise Lost(f"{self.name}: {service} {' '.join(arguments)} ended with {process.returncode}\n{child.last_lines(log)}")
        return _of_children() - before

    def meter(self, **tops: int) -> Meter:
        """Counts these processes and all of PostgreSQL from now on."""
        return Meter({**tops, POSTGRES: self.parts.postgres.pid})

    def token(self, service: str, role: str, organisation_id: UUID | None = CLINIC) -> str:
        """It lives ten minutes."""
        form = {"grant_type": "client_credentials", "role": role, "org": str(organisation_id or ""), "audience": service}
        with LOOPBACK.open(f"{self.issuer}/token", urlencode(form).encode(), timeout=5) as answer:
            return str(json.loads(answer.read())["access_token"])

    async def fetch(self, service: str, sql: str) -> list[Any]:
        """Look into a service's database as the superuser."""
        return list(await (await self._connection(service)).fetch(sql))

    async def settle(self, service: str) -> None:
        """Before a round is counted: statistics, dead rows and dirty pages are seen to."""
        connection = await self._connection(service)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()

    async def _connection(self, service: str) -> Connection:
        """One that stays open: making another for every look would be a good part of what PostgreSQL spends."""
        if service not in self.connections:
            self.connections[service] = await connect(address(self.parts.postgres_url, service))
        return self.connections[service]

    def _launched(self, service: str, *arguments: str, **more: str) -> tuple[Path, subprocess.Popen[bytes]]:
        log = self.folder / f"{self.name}-{service}-{arguments[0]}.log"
        argv = [sys.executable, "-m", f"services.{service}", *arguments]
        return log, child.launch(child.Launch(argv, log, {**self._environment(service), **more}, self.root))

    def _environment(self, service: str) -> dict[str, str]:
        databases = self.databases[service]
        return {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "PYTHONHASHSEED": "0",
            "OWNER_DATABASE_URL": databases["owner"],
            "API_DATABASE_URL": databases["api"],
            "WORKER_DATABASE_URL": databases["worker"],
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "KAFKA_REPLICATION": "1",
            "KAFKA_SESSION_TIMEOUT_MS": SESSION_MS,
            "HTTP_HOST": "127.0.0.1",
            "ISSUER": self.issuer,
            "DEV_ISSUER": "true",
        }


@asynccontextmanager
async def started(name: str, root: Path, folder: Path, issuer: str) -> AsyncIterator[Side]:
    """The side with its servers up, databases and topics made by its own `migrate`."""
    parts = start_parts(folder / name, durable=True)
    try:
        passwords = new_passwords()
        await provision(parts.postgres_url, passwords)
        connection = await connect(parts.postgres_url)
        for statement in SETTINGS:
            await connection.execute(statement)
        await connection.close()
        side = Side(name, root, folder, parts, issuer, addresses(parts.postgres_url, passwords))
        for service in SERVICES:
            side.operated(service, "migrate")
        yield side
        await side.close()
    finally:
        parts.stop()


@contextmanager
def issuing(folder: Path, root: Path) -> Iterator[str]:
    """The development issuer, one for both sides; its time is nobody's."""
    port, log = free_port(), folder / "issuer.log"
    process = child.launch(child.Launch([sys.executable, "-m", "deploy.embedded.issuer", str(port)], log, cwd=root))
    try:
        child.wait_ready(process, lambda: answers(f"http://127.0.0.1:{port}/jwks"), log, READY_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.end(process)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process stands still inside the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _of_children() -> float:
    """Milliseconds of all children that ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (used.ru_utime + used.ru_stime)
