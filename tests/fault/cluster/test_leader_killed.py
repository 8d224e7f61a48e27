"""Three brokers; the leader of one partition is killed again and again under load. Not in CI: `make fault-cluster`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.embedded import postgres
from deploy.embedded.kafka import cluster
from deploy.embedded.kafka.cluster import BROKERS, KafkaCluster
from shared.kafka import create_topics, partition_of
from tests.eventually import eventually
from tests.harness import Servers
from tests.topic_log import read_log
from tests.toy_running import Ground, a_ground, tallied
from tests.verdict import Verdict, judge

KILLS = 10
RESUMES_WITHIN = 30.0
CHASED = 0
"""The partition whose leader is hunted."""


@dataclass(frozen=True)
class Standing:
    """Who leads a partition and how many copies of every partition are up to date."""

    leader: int
    in_sync: int


@dataclass
class Load:
    """Commits facts on streams of every partition, each making its handler append another; `committed` is what must take effect."""

    ground: Ground
    streams: list[UUID]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    committed: Counter[UUID] = field(default_factory=Counter)

    async def run(self) -> None:
        n = 0
        while not self.stop.is_set():
            chosen = [self.streams[(n + step * 7) % len(self.streams)] for step in range(5)]
            await self.write(n, *chosen)
            n += 5
            if n % 50 == 0:
                await eventually(self._has_room, 60)

    async def write(self, n: int, *streams: UUID) -> None:
        await self.ground.write(*streams, first=n, echo=True)
        self.committed.update(streams)

    async def _has_room(self) -> bool:
        return self.stop.is_set() or await self.ground.count("unsent") < 200


@pytest.fixture
async def brokers(tmp_path: Path) -> AsyncIterator[KafkaCluster]:
    running = cluster.prepare(tmp_path)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def ground(tmp_path: Path, brokers: KafkaCluster) -> AsyncIterator[Ground]:
    """The toy service, its topics kept three times."""
    async with AsyncExitStack() as stack:
        server = postgres.prepare(tmp_path / "postgres", durable=True)
        stack.callback(server.remove)
        stack.callback(server.stop)
        server.launch()
        server.wait_ready()
        toy = await stack.enter_async_context(a_ground(Servers(server.url, brokers.bootstrap_servers)))
        await create_topics(brokers.bootstrap_servers, toy.topics, BROKERS)
        yield toy


async def test_the_leader_killed_again_and_again(
    ground: Ground, brokers: KafkaCluster, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Produce resumes within 30 s each time; nothing lost, doubled or reordered. Source: the fault table of the ledger test."""
    load, gaps = Load(ground, [uuid4() for _ in range(60)]), []
    hunted = next(stream for stream in iter(uuid4, None) if partition_of(str(stream).encode()) == CHASED)
    async with asyncio.TaskGroup() as tasks, ground.working():
        loading = tasks.create_task(load.run())
        for kill in range(KILLS):
            await more_applied(ground, 300)
            leader = (await whole(brokers, ground)).leader
            brokers.kill(leader)
            gaps.append(await resumed(load, hunted, kill))
            brokers.brokers[leader].launch()
            await asyncio.to_thread(brokers.brokers[leader].wait_ready)
        await whole(brokers, ground)
        load.stop.set()
        await loading
        facts = 2 * load.committed.total()
        verdict = await ground.all_applied(facts, 60)
    on_log = judge(await ground.committed(), await read_log(brokers.bootstrap_servers, *ground.topics))
    told = (
        f"{KILLS} kills, {facts} facts: {verdict}; produce resumed after {min(gaps):.1f} to {max(gaps):.1f} s, median {median(gaps):.1f} s"
    )
    record_property("verdict", told)
    with capsys.disabled():
        print(f"\n{told}; on the log {on_log}")  # noqa: T201 - the one result of the command
    assert max(gaps) <= RESUMES_WITHIN
    assert verdict == Verdict(facts, 0, 0, 0)
    assert (on_log.lost, on_log.reordered) == (0, 0)
    assert await ground.tallies() == tallied(await ground.effects())
    assert (await ground.count("parked"), await ground.count("quarantine"), await ground.count("halt")) == (0, 0, 0)


async def resumed(load: Load, hunted: UUID, kill: int) -> float:
    """Seconds until a fact written after the kill, in the partition that lost its leader, was acknowledged and taken off the queue."""
    began = monotonic()
    await load.write(kill, hunted)
    await eventually(lambda: is_sent(load.ground, hunted), 2 * RESUMES_WITHIN)
    return monotonic() - began


async def is_sent(ground: Ground, stream_id: UUID) -> bool:
    rows = await ground.service.fetch(
        "SELECT FROM unsent JOIN outbox USING (id) WHERE stream_id = $1 AND topic = $2", stream_id, ground.topics[0]
    )
    return not rows


async def more_applied(ground: Ground, more: int) -> None:
    """Wait for so many more effects."""
    before = await ground.count("effect")

    async def enough() -> bool:
        return await ground.count("effect") >= before + more

    await eventually(enough, 60)


async def whole(brokers: KafkaCluster, ground: Ground) -> Standing:
    """Wait until every copy is up to date again: a second loss before that may rightly stop all writing."""
    found: list[Standing] = []

    async def is_whole() -> bool:
        found[:] = await standing(brokers.bootstrap_servers, ground.topics)
        return bool(found) and found[0].in_sync == BROKERS

    await eventually(is_whole, 60)
    return found[0]


async def standing(servers: str, topics: list[str]) -> list[Standing]:
    """How the chased partition stands; nothing while nobody can say."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        described = await admin.describe_topics(topics)
    except (KafkaError, OSError):
        return []
    finally:
        await admin.close()
    partitions = [partition for topic in described for partition in topic["partitions"]]
    chased = next(p for p in described[0]["partitions"] if p["partition"] == CHASED)
    return [Standing(chased["leader"], min(len(partition["isr"]) for partition in partitions))]
