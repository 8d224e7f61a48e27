"""The ground of all fault tests: the two servers, the four services as processes, the load and the verdict. One for a whole run.

What is broken, and how, is the rows'.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from time import monotonic

import orjson

from deploy.embedded import child, postgres
from deploy.embedded.kafka import broker
from deploy.embedded.parts import Parts
from deploy.embedded.ports import free_port
from deploy.postgres.logins import SERVICES, address, addresses, new_passwords
from deploy.postgres.provision import provision
from shared.database import connect, migrate
from shared.kafka import create_topics
from shared.process import FLOOR_MIGRATIONS
from tests.eventually import eventually
from tests.fault.checker import Finding, Injected, check
from tests.fault.evidence import PUBLISHED
from tests.fault.ledger import Ledger
from tests.fault.line import Lines, open_lines
from tests.fault.load import Load, Tokens
from tests.fault.reading import Mark, drained, look, read
from tests.fault.report import Row, keep_evidence
from tests.fault.running import ROOT, Running

HERE = "127.0.0.1"
NOT_INHERITED = ("POSTGRES_URL", "OWNER_DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
SETTLED_WITHIN = 90.0
"""Seconds: longer than the minute after which a claim that was never heard of again counts as uncertain."""
ENTERED_WITHIN = 60.0
SESSION = {"KAFKA_SESSION_TIMEOUT_MS": "2000", "KAFKA_HEARTBEAT_MS": "400"}
"""Short, so that who takes over does so soon; not so short that a busy machine ends the session of a worker that is well."""


@dataclass
class Ground:
    """`evidence` is the folder of this run (var/fault/<seed>), `passwords` those of the twelve logins."""

    parts: Parts
    evidence: Path
    folder: Path
    passwords: dict[str, str]
    lines: Lines
    helpers: dict[str, Running]
    services: dict[str, Running] = field(default_factory=dict)
    injected: Injected = field(default_factory=Injected)
    """Of all rows since the databases were made: what was put in stays there."""
    table: list[Row] = field(default_factory=list)
    ledger: Ledger | None = None
    mark: Mark | None = None
    chance: Random = field(default_factory=Random)
    row: str = "none"
    schedule: str = ""
    """The digest of what this row is going to do, which the same seed repeats."""
    is_clean: bool = True
    """Whether the last row left nothing behind that the next one would find."""
    _began: float = 0.0

    @property
    def urls(self) -> dict[str, dict[str, str]]:
        """Service -> owner, api, worker: straight to the database, for looking and for migrations."""
        return addresses(self.parts.postgres_url, self.passwords)

    def environment(self, service: str) -> dict[str, str]:
        """What a process of this service is told; both servers are reached through the lines."""
        through = self.parts.postgres_url.replace(f":{self.parts.postgres.port}/", f":{self.lines.postgres_port(service)}/")
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        logins = {part: address(through, service, f"{service}_{part}", self.passwords[f"{service}_{part}"]) for part in ("api", "worker")}
        return {
            **inherited,
            **SESSION,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),  # without it every start compiles all it imports
            "API_DATABASE_URL": logins["api"],
            "WORKER_DATABASE_URL": logins["worker"],
            "KAFKA_BOOTSTRAP_SERVERS": self.lines.kafka_servers(service),
            "KAFKA_REPLICATION": "1",
            "HTTP_HOST": HERE,
            "ISSUER": self.helpers["issuer"].url,
            "DEV_ISSUER": "true",
            "SMTP_HOST": HERE,
            "SMTP_PORT": str(self.helpers["mail"].port),
        }

    @property
    def mails(self) -> Path:
        """What the mail sink took, one JSON object a line."""
        return self.folder / "mail.jsonl"

    async def begin_row(self, name: str, chance: Random) -> None:
        """Everything from here to `judged` is this row's; `chance` is the load's. What a failed row left is done away with first."""
        if not self.is_clean:
            await self.renew()
        self.is_clean = False
        self.row, self.chance, self.schedule, self._began = name, chance, "", monotonic()
        shutil.rmtree(self.evidence / name, ignore_errors=True)
        self.ledger = Ledger(self.evidence / name / "ledger.jsonl")
        await self.all_answer()
        self.mark = await look(self.urls, self.parts.kafka.bootstrap_servers)

    def planned(self, schedule: Sequence[object]) -> None:
        """What the row is going to do, drawn before anything runs: kept beside the ledger, its digest goes into the table."""
        written = orjson.dumps(schedule, option=orjson.OPT_INDENT_2)
        (self.evidence / self.row / "schedule.json").write_bytes(written)
        self.schedule = sha256(written).hexdigest()[:8]

    async def all_answer(self, timeout: float = 60.0, services: Iterable[str] = SERVICES) -> None:
        """Every service that should run does, and listens; one that a row left dead is started again."""
        for service in services:
            if not self.services[service].is_alive:
                self.services[service].start()
        for service in services:
            await self.services[service].until_answers(timeout, "/readyz")

    @asynccontextmanager
    async def under_load(self, rate: float = 45.0) -> AsyncIterator[Load]:
        """The load runs within, and its clinics are entered: faults begin with what is told of persons.

        On leaving it stops, and every unknown is asked with its key until it is definite.
        """
        assert self.ledger is not None, "no row began"
        ports = {name: running.port for name, running in self.services.items()}
        load = Load(ports, Tokens(self.helpers["issuer"].port), self.ledger, self.chance, rate)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load.run())
                try:
                    async with asyncio.timeout(ENTERED_WITHIN):
                        await load.entered.wait()
                    yield load
                finally:
                    load.stop()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # what the row itself raised, without the group around it

    async def judged(
        self,
        row: str,
        trials: int,
        healed: Sequence[float] = (),
        within: float = SETTLED_WITHIN,
        but: Callable[[Finding], bool] = lambda finding: False,
    ) -> Row:
        """Wait until everything took effect everywhere, then hold all of this row against all assertions.

        `but` names what this fault is known to cost. Adds the row to the table; raises AssertionError with every other finding, and keeps
        the evidence.
        """
        assert self.mark is not None and self.ledger is not None, "no row began"
        left = await drained(self.urls, self.injected, within)
        evidence = await read(self.urls, self.parts.kafka.bootstrap_servers, self.mark, self.ledger, self.injected)
        evidence.mails = [orjson.loads(line) for line in self.mails.read_text().splitlines()] if self.mails.exists() else []
        findings = [*left, *(finding for finding in check(evidence) if not but(finding))]
        found = Row.of((row, trials, self.schedule), evidence, findings, healed, monotonic() - self._began)
        self.table.append(found)
        self.ledger.close()
        if findings:
            keep_evidence(self.evidence / self.row, findings, [running.log for running in self.services.values()])
            shown = "\n".join(f"  {finding}" for finding in findings[:20])
            raise AssertionError(f"{row}: {len(findings)} findings; evidence under {self.evidence / self.row}\n{shown}")
        self.is_clean = True
        return found

    def log_emptied(self) -> None:
        """Call when a row empties or replaces the broker's log: from then on the whole outbox must be on it again."""
        assert self.mark is not None, "no row began"
        self.mark.log_ends.clear()
        self.mark.log_is_whole = True

    async def operate(self, service: str, *arguments: str, owner: bool = False, module: str = "", sub: str = "") -> str:
        """What `python -m services.<service> <arguments>`, or another `module`, prints. `sub`: the operator who signed in for it.

        Raises AssertionError when it ends otherwise than with 0.
        """
        env = self.environment(service) | ({"OWNER_DATABASE_URL": self.urls[service]["owner"]} if owner else {})
        env |= {"THROUGHCARE_TOKEN": await Tokens(self.helpers["issuer"].port).issued(("operator", "", sub))} if sub else {}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module or f"services.{service}",
            *arguments,
            cwd=ROOT,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, f"{service} {arguments}: {process.returncode}\n{said.decode()}\n{complained.decode()[-2000:]}"
        return said.decode()

    @asynccontextmanager
    async def worker(self, service: str, name: str = "second") -> AsyncIterator[Running]:
        """A further process of this service in role `worker`; stopped with SIGTERM on leaving unless it is gone already."""
        log = self.evidence / "log" / f"{service}-{name}.log"
        running = Running(service, free_port(), self.environment(service), log, role="worker")
        running.start()
        try:
            yield running
        finally:
            if running.is_alive:
                await running.stop()

    async def renew(self) -> None:
        """Fresh databases and an empty broker; the same addresses. The services run again when this returns."""
        for running in self.services.values():
            running.kill()
        self.lines.mend()
        await eventually(self._servers_are_up, 60)
        await self._drop_databases()
        await delete_topics(self.parts.kafka.bootstrap_servers)
        self.injected = Injected()
        await self.set_up()

    async def _servers_are_up(self) -> bool:
        """Started again where a row left one dead, until it stays: PostgreSQL refuses while a child of the dead one lives."""
        for server in (self.parts.postgres, self.parts.kafka):
            if server.process is None or server.process.poll() is not None:
                server.launch()
        return await _are_ready(self.parts)

    async def _drop_databases(self) -> None:
        admin = await connect(self.parts.postgres_url)
        for service in SERVICES:
            await admin.execute(f"DROP DATABASE IF EXISTS {service} WITH (FORCE)")
        await admin.close()

    async def set_up(self) -> None:
        """Databases, logins, tables and topics, then the four services."""
        await provision(self.parts.postgres_url, self.passwords)
        servers, topics = self.parts.kafka.bootstrap_servers, [topic for published in PUBLISHED.values() for topic in published]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(create_topics(servers, topics, 1))
            for service in SERVICES:
                own = (service, ROOT / "services" / service / "migrations")
                tasks.create_task(migrate(self.urls[service]["owner"], [("floor", FLOOR_MIGRATIONS), own]))
        for service in SERVICES:
            if service not in self.services:
                log = self.evidence / "log" / f"{service}.log"
                self.services[service] = Running(service, free_port(), self.environment(service), log)
            self.services[service].start()
        await self.all_answer()


async def delete_topics(servers: str) -> None:
    """Every topic of ours, gone when this returns."""
    from aiokafka.admin import AIOKafkaAdminClient

    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.delete_topics(await _topics(admin))

        async def gone() -> bool:
            return not await _topics(admin)

        await eventually(gone, 30)
    finally:
        await admin.close()


async def _topics(admin: "object") -> list[str]:
    return [name for name in await admin.list_topics() if not name.startswith("__")]  # type: ignore[attr-defined]


@asynccontextmanager
async def open_ground(evidence: Path) -> AsyncIterator[Ground]:
    """Servers that survive a crash (fsync on), issuer, mail sink and the four services; all gone on leaving."""
    folder = Path(tempfile.mkdtemp(prefix="throughcare-fault-"))
    logs = evidence / "log"
    shutil.rmtree(logs, ignore_errors=True)
    async with AsyncExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        lines = await undo.enter_async_context(open_lines(SERVICES))
        parts = _start_servers(folder, logs, undo, lines)
        helpers = _start_helpers(folder, logs, undo)
        await eventually(lambda: _are_ready(parts), 60)
        for helper in helpers.values():
            await eventually(lambda port=helper.port: _accepts(port), 20)  # type: ignore[misc]
        ground = Ground(parts, evidence, folder, new_passwords(), lines, helpers)
        undo.callback(lambda: _kill_kafka(ground.parts.kafka))  # a row may have put another broker in its place
        undo.callback(_kill_all, ground.services)
        await ground.set_up()
        yield ground


def _start_servers(folder: Path, logs: Path, undo: AsyncExitStack, lines: Lines) -> Parts:
    kafka = broker.prepare(folder / "kafka", logs / "kafka.log", lines.listeners)
    undo.callback(lambda: _kill_kafka(kafka))
    kafka.launch()
    server = postgres.prepare(folder / "postgres", durable=True, log=logs / "postgres.log")
    undo.callback(server.remove)
    undo.callback(server.stop)
    server.launch()
    lines.lead_to(server.port, kafka.listeners)
    return Parts(server, kafka)


def _start_helpers(folder: Path, logs: Path, undo: AsyncExitStack) -> dict[str, Running]:
    """The issuer and the mail sink."""
    ports = {"issuer": free_port(), "mail": free_port()}
    arguments = {"issuer": (), "mail": (str(folder / "mail.jsonl"),)}
    helpers = {
        name: Running(name, port, dict(os.environ), logs / f"{name}.log", argv=_module(name, port, *arguments[name]))
        for name, port in ports.items()
    }
    for helper in helpers.values():
        helper.start()
        undo.callback(helper.kill)
    return helpers


def _module(name: str, port: int, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"deploy.embedded.{name}", str(port), *arguments)


def _kill_kafka(kafka: broker.KafkaBroker) -> None:
    if kafka.process is not None:
        child.end(kafka.process, signal.SIGKILL)


def _kill_all(services: dict[str, Running]) -> None:
    for running in services.values():
        running.kill()


async def _are_ready(parts: Parts) -> bool:
    return parts.postgres.is_ready() and parts.kafka.is_ready()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HERE, port)
    except OSError:
        return False
    writer.close()
    return True
