"""One process of a service: `python -m services.<name> <role>`. Runs the loops, serves HTTP, stops cleanly."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from shared import grammar, health, operations, points, telemetry, web
from shared.clock import Clock, Deadlines
from shared.database import Database, TimedOut, Transient, migrate
from shared.delivery.consumer import Listening, Stuck
from shared.delivery.inbox import Handlers
from shared.delivery.log import Log, is_halted
from shared.delivery.relay import Relay
from shared.events import published_by
from shared.identity import identity_of
from shared.kafka import Consumer, LogReader, Producer, create_topics, remake_topics
from shared.rights import Relates
from shared.settings import ServiceSettings

ROLES = ("api", "worker", "all")
DRAIN = 20
COLLECTED_AFTER = (20_000, 20, 10)
"""New objects, and collections of the younger, before cycles are looked for: a twelfth less processor time a command than by default."""
FLOOR_MIGRATIONS = Path(__file__).parent / "delivery" / "migrations"

Loop = Callable[[Database, asyncio.Event, asyncio.Event], Coroutine[Any, Any, None]]
"""Takes the database, what stops it, and what is set whenever events took effect here."""
Operation = Callable[[ServiceSettings, list[str]], int]
log = structlog.get_logger("process")


@dataclass(frozen=True)
class Service:
    """What a service is made of, listed in its `__main__.py`.

    `relates`: who may hear of a stream. `batch`: events a transaction. `loops` run in the worker beside the floor's own;
    `operations` are further commands.
    """

    name: str
    settings: Callable[[], ServiceSettings]
    routers: tuple[APIRouter, ...]
    handlers: Handlers
    deadlines: Deadlines
    relates: Relates
    batch: int = 50
    loops: tuple[Loop, ...] = ()
    operations: Mapping[str, Operation] = field(default_factory=dict)

    @property
    def topics(self) -> list[str]:
        """The topics it listens to."""
        return sorted({event.topic for event in self.handlers})

    @property
    def publishes(self) -> list[str]:
        """The topics it alone writes."""
        return sorted({event.topic for event in published_by(self.name)})

    @property
    def migrations(self) -> list[tuple[str, Path]]:
        return [("floor", FLOOR_MIGRATIONS), (self.name, FLOOR_MIGRATIONS.parents[2] / "services" / self.name / "migrations")]


@dataclass
class Worker:
    """The loops of the role `worker`."""

    service: Service
    database: Database
    relay: Relay
    listening: Listening
    clock: Clock
    stopping: asyncio.Event
    heard: asyncio.Event

    @classmethod
    def of(cls, service: Service, settings: ServiceSettings, database: Database, stopping: asyncio.Event) -> "Worker":
        servers = settings.kafka_bootstrap_servers
        relay = Relay(database, lambda: Producer.start(servers), stopping, log_of(service, settings))

        def consumer() -> Consumer:
            return Consumer(servers, service.name, service.topics, settings.kafka_session_timeout_ms, settings.kafka_heartbeat_ms)

        heard = asyncio.Event()

        def applied() -> None:
            relay.wake()
            heard.set()

        listening = Listening(service.name, database, consumer, service.handlers, service.batch, stopping, applied)
        return cls(service, database, relay, listening, Clock(database, service.deadlines, listening, stopping), stopping, heard)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tended(self.relay.run()))
            tasks.create_task(tended(self.listening.run()))
            tasks.create_task(self.listening.watch())
            tasks.create_task(tended(self.clock.run()))
            for loop in self.service.loops:
                tasks.create_task(tended(loop(self.database, self.stopping, self.heard)))

    def lags(self) -> dict[str, int] | None:
        return self.listening.lags()

    def not_ready(self, serves_api: bool) -> str | None:
        """Why the worker is not ready; a halted topic or a lost broker never makes the API unready."""
        if not self.listening.took_up:
            return "not-listening"
        if serves_api:
            return None
        return "topic-halted" if self.listening.halted else None if self.listening.client else "not-listening"


def log_of(service: Service, settings: ServiceSettings) -> Log:
    """The topics a service writes, for its relay and for `adopt`."""
    servers = settings.kafka_bootstrap_servers

    async def make_topics() -> dict[str, int]:
        return await create_topics(servers, service.publishes, settings.kafka_replication)

    return Log(service.publishes, lambda: LogReader.start(servers), make_topics)


async def tended(loop: Coroutine[Any, Any, None]) -> None:
    """Raises Stuck when a library's cancellation, which nobody asked for, ends the loop: a TaskGroup passes over it in silence."""
    try:
        await loop
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise Stuck("cancelled by a library") from None


def application(service: Service, settings: ServiceSettings, api: Database | None, worker: Worker | None) -> FastAPI:
    """The HTTP side of a process; a worker alone serves only its health."""
    routers = (*(service.routers if api else ()), health.probes, health.streams)
    app = web.application(service.name, service.name.capitalize(), routers, settings.max_requests)
    database = api or (worker.database if worker else None)

    async def ready() -> str | None:
        try:
            if database:
                async with database.connection() as connection:
                    if await is_halted(connection):
                        return "relay-halted"
        except (Transient, TimedOut):
            return "database-away"
        return worker.not_ready(serves_api=api is not None) if worker else None

    app.state.service = service.name
    app.state.database = database
    app.state.identity = identity_of(service.name, settings)
    app.state.ready = ready
    app.state.relates = service.relates
    app.state.wake = worker.relay.wake if worker else lambda: None
    app.state.lags = worker.lags if worker else lambda: None
    app.state.relaying = lambda: bool(worker and worker.relay.active)
    return app


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(service: Service, role: Literal["api", "worker", "all"], settings: ServiceSettings) -> None:
    """Until SIGTERM: serve, relay, listen, sweep. Raises what ends a process: Stuck, or a database that refuses the login."""
    points.arm(settings.die_at)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        api = await _opened(stack, settings.api_database_url, settings.api_pool_size, service.name) if role != "worker" else None
        worker = None
        if role != "api":
            database = await _opened(stack, settings.worker_database_url, settings.worker_pool_size, service.name)
            worker = Worker.of(service, settings, database, stopping)
        await _serve(application(service, settings, api, worker), settings, worker, stopping)


async def _opened(stack: AsyncExitStack, url: str, size: int, name: str) -> Database:
    database = await Database.open(url, size, name)
    stack.push_async_callback(database.close)
    await operations.refuse_owner(database)
    return database


async def _serve(app: FastAPI, settings: ServiceSettings, worker: Worker | None, stopping: asyncio.Event) -> None:
    config = uvicorn.Config(
        app, settings.http_host, settings.http_port, log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN, server_header=False
    )
    server = Server(config)

    async def stop_serving() -> None:
        await stopping.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        tasks.create_task(stop_serving())
        if worker:
            tasks.create_task(worker.run())


async def migrate_all(service: Service, settings: ServiceSettings, repartitions: bool = False) -> int:
    """Tables as the owner, then the topics this service publishes on. Returns the exit code.

    A topic with another number of partitions works on as it is. With `repartitions` it is made anew: see delivery/repartition.py.
    """
    applied = await migrate(settings.owner_database_url, service.migrations)
    log.info("migrated", applied=applied)
    servers, replication = settings.kafka_bootstrap_servers, settings.kafka_replication
    counts = await create_topics(servers, service.publishes, replication)
    if repartitions:
        known = log_of(service, settings)
        return await operations.repartition(
            settings.owner_database_url, known, counts, lambda topics: remake_topics(servers, topics, replication)
        )
    operations.say_others(counts)
    return 0


def main(service: Service) -> None:
    """The command line of a service."""
    command, *arguments = sys.argv[1:] or ["help"]
    settings = service.settings()
    telemetry.start(service.name, settings.log_level, settings.otlp_endpoint)
    if command in ROLES:
        sys.exit(_run_role(service, command, settings) if "issuer" in settings.model_fields_set else _without_issuer())
    if command == "migrate":
        asked = grammar.commands(service.name, service.topics).parse_args([command, *arguments])
        sys.exit(asyncio.run(migrate_all(service, settings, asked.repartition)))
    elif command in service.operations:
        sys.exit(service.operations[command](settings, arguments))
    else:
        sys.exit(operations.main(service.name, service.handlers, settings, log_of(service, settings), [command, *arguments]))


def _without_issuer() -> int:
    """No default stands for who may sign in. Source: privacy section 2."""
    log.error("process-ends", reasons=["ISSUER is not set"])
    return 2


def _run_role(service: Service, role: str, settings: ServiceSettings) -> int:
    code = 0
    gc.collect()
    gc.freeze()  # what was imported stays for good: no collection goes through it again
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(run(service, role, settings))  # type: ignore[arg-type]
    except* (Stuck, Transient, TimedOut, operations.WrongLogin) as group:
        log.error("process-ends", reasons=[f"{type(error).__name__} {error}" for error in _leaves(group)])
        code = 1
    return code


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()
