"""Path "memory": how long each process takes to start, what it holds, and whether that grows with the events it has heard."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

from deploy.embedded import child
from deploy.embedded.ports import free_port
from deploy.embedded.stack import CHECKOUT, answers
from shared.database import Connection, Database, connect
from shared.delivery import outbox
from shared.events import Event
from tests.bench.ground import Ground
from tests.bench.history import history, slices
from tests.bench.pace import rest
from tests.bench.rounds import Lost, Readings
from tests.bench.table import Line, Measured
from tests.harness import stream_of

SERVICES = ("referral", "programme", "family", "monitoring")
PERSONS = 10_000
EVENTS = 100_000
SLICE = 500
WARM = 0.4
"""The share of the events after which a process has met everything it keeps: pools, caches, plans, clients."""
PARTS = 10
T_95 = 2.306
"""Student's t for the slope through PARTS points."""
PATIENCE_S = 600.0
LEAST_NOISE = 0.5
"""MiB: what a process at rest moves by within a minute; a steeper slope than this and than its own interval is growth."""

HEARD = "SELECT coalesce(sum(next_offset), 0)::bigint FROM inbox_offset"
BEHIND = "SELECT EXISTS (SELECT FROM unsent)"


async def measure(ground: Ground) -> Measured:
    with ground.stack() as described:
        async with _watched(described) as services:
            starts = {each.name: await _start_seconds(ground, described, each.name) for each in services}
            before = {each.name: each.resident() for each in services}
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_load(described["databases"]))
                tasks.create_task(_watch(services))
    lines = [line for each in services for line in _lines(each, starts[each.name])]
    resting = ", ".join(f"{name} {mebibytes:.0f}" for name, mebibytes in before.items())
    heard = ", ".join(f"{each.name} {each.samples[-1][0]:,}" for each in services)
    return Measured(
        lines,
        [
            f"memory: {EVENTS:,} events of programme and referral, and what the services made of them (heard: {heard}). "
            f"Resident MiB before: {resting}. Growth: slope through {PARTS} means of the last {1 - WARM:.0%} of the events, "
            f"held against half its 95 % interval, at least {LEAST_NOISE}. "
            "Start: a second process of the service beside the running stack, until it is ready.",
        ],
    )


@dataclass
class Watched:
    """One service's process. `samples`: (events heard, resident MiB)."""

    name: str
    pid: int
    connection: Connection
    samples: list[tuple[int, float]] = field(default_factory=list)

    def resident(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    async def sample(self) -> bool:
        """Answers whether the queue is empty and nothing was heard since the last sample."""
        heard = int(await self.connection.fetchval(HEARD))
        idle = bool(self.samples) and self.samples[-1][0] == heard and not await self.connection.fetchval(BEHIND)
        self.samples.append((heard, self.resident()))
        return idle

    def growth(self) -> tuple[float, float]:
        """MiB a 100,000 events after the warm-up, and half of its 95 % interval."""
        last = self.samples[-1][0]
        moving = [(heard, held) for heard, held in self.samples if WARM * last <= heard < last]
        size = max(1, len(moving) // PARTS)
        return slope([(fmean(h for h, _ in part) / EVENTS, fmean(m for _, m in part)) for part in slices(moving, size)][:PARTS])


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least-squares slope and half of its 95 % interval. Raises Lost where there are too few points."""
    if len(points) < 4:
        raise Lost(f"{len(points)} means are no trend")
    middle, mean = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    steep = sum((x - middle) * (y - mean) for x, y in points) / spread
    left = sum((y - mean - steep * (x - middle)) ** 2 for x, y in points) / (len(points) - 2)
    return steep, T_95 * (left / spread) ** 0.5


def _lines(each: Watched, seconds: float) -> Iterable[Line]:
    steep, noise = each.growth()
    yield Line(f"start of {each.name}", "s", Readings((seconds,)), less=True)
    yield Line(f"memory of {each.name}", "MiB", Readings((each.samples[-1][1],)), less=True, at_most=130)
    yield Line(f"growth of {each.name}", "MiB/100,000 events", Readings((steep,)), less=True, at_most=round(max(noise, LEAST_NOISE), 2))


@asynccontextmanager
async def _watched(described: dict[str, Any]) -> AsyncIterator[list[Watched]]:
    async with AsyncExitStack() as stack:
        services = []
        for name in SERVICES:
            connection = await connect(described["databases"][name]["worker"])
            stack.push_async_callback(connection.close)
            services.append(Watched(name, described["services"][name]["pid"], connection))
        yield services


async def _start_seconds(ground: Ground, described: dict[str, Any], name: str) -> float:
    """From the command to the first ready answer, with everything else at rest."""
    port = free_port()
    env = {
        **os.environ,
        "API_DATABASE_URL": described["databases"][name]["api"],
        "WORKER_DATABASE_URL": described["databases"][name]["worker"],
        "KAFKA_BOOTSTRAP_SERVERS": described["kafka"]["bootstrap_servers"],
        "HTTP_PORT": str(port),
        "ISSUER": described["issuer"]["url"],
        "DEV_ISSUER": "true",
    }
    began, log = perf_counter(), ground.folder / f"{name}.log"
    process = child.launch(child.Launch([sys.executable, "-m", f"services.{name}", "all"], log, env, CHECKOUT))
    child.wait_ready(process, lambda: answers(f"http://127.0.0.1:{port}/readyz"), log, 60.0)
    seconds = perf_counter() - began
    child.end(process, signal.SIGTERM, patience=30.0)
    return seconds


async def _load(databases: dict[str, dict[str, str]]) -> None:
    """All events into the outboxes of their owners; the relays take them from there."""
    events = [event for envelope in history(PERSONS) if (event := envelope.event())][:EVENTS]
    async with asyncio.TaskGroup() as tasks:
        for owner in ("programme", "referral"):
            tasks.create_task(_write(databases[owner]["worker"], [event for event in events if event.topic == owner]))


async def _write(url: str, events: Sequence[Event]) -> None:
    database = await Database.open(url, 1, "bench")
    for part in slices(events, SLICE):
        async with database.transaction() as tx:
            for event in part:
                tx.append(stream_of(event), event)
            await outbox.write(tx)
    await database.close()


async def _watch(services: Sequence[Watched]) -> None:
    """Until all queues are empty and nobody hears anything new for ten samples in a row. Raises Lost after ten minutes."""
    began, still = perf_counter(), 0
    while still < 10:
        idle = [await each.sample() for each in services]
        still = still + 1 if all(idle) else 0
        if perf_counter() - began > PATIENCE_S:
            raise Lost(f"not all was heard within {PATIENCE_S:.0f} s")
        await rest(0.5)
