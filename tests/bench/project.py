"""Path "project": a topic that is full already, projected into monitoring's facts and roll-ups, against consuming it without effect."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from services.monitoring.__main__ import SERVICE
from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.rollup.service import differences
from shared.database import Database
from shared.delivery.consumer import Listening
from shared.events.envelope import Envelope
from shared.kafka import Consumer, create_topics
from tests.bench.ground import Ground
from tests.bench.history import history, publish
from tests.bench.peers.projection_faststream import Projection
from tests.bench.rounds import Contestant, interleaved, lost_unless
from tests.bench.table import Line, Measured

ROUNDS = 3
PERSONS = 4_000
PEER_EVENTS = 300
TOPICS = ("bench-project.programme", "bench-project.referral")


async def measure(ground: Ground) -> Measured:
    await create_topics(ground.servers.kafka_bootstrap_servers, TOPICS, 1)
    facts = history(PERSONS)
    await publish(ground.servers.kafka_bootstrap_servers, facts, "bench-project.")
    path = Project(ground, facts)
    contestants = (Contestant("usual", path.usual), Contestant("ours", path.ours), Contestant("limit", path.limit))
    found = await interleaved(contestants, ROUNDS)
    return Measured(
        [Line("project into monitoring", "events/s", found["ours"], found["usual"], found["limit"], times_usual=50)],
        [
            f"project: {len(facts):,} events of {PERSONS:,} persons, mixed by their days, on two topics (usual: the first {PEER_EVENTS}); "
            "facts and roll-ups compared with a recomputation after each round. Limit: consumed without effect."
        ],
    )


@dataclass
class Project:
    """Each round on a fresh database and with a consumer group of its own."""

    ground: Ground
    facts: Sequence[Envelope]

    @property
    def servers(self) -> str:
        return self.ground.servers.kafka_bootstrap_servers

    async def usual(self) -> float:
        async with self.ground.database(SERVICE) as urls:
            rate = await Projection(urls["owner"], self.servers, TOPICS, f"usual-{uuid4().hex}", PEER_EVENTS).run()
            await _verified(urls["owner"], "SELECT count(*) FROM processed_message", PEER_EVENTS, "usual projection")
        return rate

    async def ours(self) -> float:
        async with self.ground.database(SERVICE) as urls:
            database = await Database.open(urls["worker"], 4, "bench")
            rate = await listened(database, self.servers, len(self.facts))
            await database.close()
            await _verified(urls["owner"], "SELECT sum(last_seq)::bigint FROM inbox", len(self.facts), "our projection")
        return rate

    async def limit(self) -> float:
        client = AIOKafkaConsumer(*TOPICS, bootstrap_servers=self.servers, group_id=f"limit-{uuid4().hex}", auto_offset_reset="earliest")
        await client.start()
        seen, began = 0, 0.0
        while seen < len(self.facts):
            found = sum(len(records) for records in (await client.getmany(timeout_ms=200)).values())
            began = began or perf_counter()
            seen += found
        seconds = perf_counter() - began
        await client.stop()
        return seen / seconds


async def listened(database: Database, servers: str, events: int) -> float:
    """Events a second of monitoring's own listening, from the first batch it reads to the last one's commit."""
    stopping, done = asyncio.Event(), asyncio.Event()
    began = 0.0

    def applied() -> None:
        if sum(listening.positions.values()) >= events:
            done.set()

    def consumer() -> Consumer:
        return Consumer(servers, f"ours-{uuid4().hex}", TOPICS)

    listening = Listening(SERVICE.name, database, consumer, SERVICE.handlers, SERVICE.batch, stopping, applied)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(listening.run())
        while not listening.took_up:
            await asyncio.wait([tasks.create_task(done.wait())], timeout=0.01)
        began = perf_counter()
        await done.wait()
        seconds = perf_counter() - began
        stopping.set()
    return events / seconds


async def _verified(url: str, count: str, wanted: int, whose: str) -> None:
    """Everything arrived, and the roll-ups are what the facts add up to. Raises Lost."""
    database = await Database.open(url, 1, "bench")
    async with database.transaction() as tx:
        lost_unless(len(await differences(tx.connection, units_of(FIGURES))), 0, f"{whose}: differences")
    async with database.connection() as connection:
        lost_unless(await connection.fetchval(count), wanted, whose)
    await database.close()
