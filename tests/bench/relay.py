"""Path "relay": a queue of outbox rows drained to the broker, row by row, by ours, and batches without any database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaProducer

from services.programme.__main__ import SERVICE
from shared.database import Database, connect
from shared.delivery.relay import Relay
from shared.events.envelope import Envelope
from shared.kafka import Outgoing, Producer, create_topics
from tests.bench.ground import Ground
from tests.bench.history import history, outgoing
from tests.bench.peers.relay_row_by_row import RowByRow
from tests.bench.rounds import Contestant, interleaved, lost_unless
from tests.bench.table import Line, Measured
from tests.eventually import eventually

ROUNDS = 3
PERSONS = 4_000
ROWS = 30_000
PEER_ROWS = 2_000
TOPIC = "bench-relay"

FILL = f"""
INSERT INTO outbox (topic, stream_id, seq, type, body, correlation_id, occurred_at)
SELECT '{TOPIC}', stream_id, row_number() OVER (PARTITION BY stream_id ORDER BY position), type, body::jsonb, correlation_id, at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[])
    WITH ORDINALITY AS f(stream_id, type, body, correlation_id, at, position)
ORDER BY position
"""


async def measure(ground: Ground) -> Measured:
    servers = ground.servers.kafka_bootstrap_servers
    await create_topics(servers, [TOPIC], 1)
    facts = history(PERSONS)[:ROWS]
    records = [outgoing(fact, TOPIC) for fact in facts]
    async with ground.database(SERVICE) as urls, ground.empty_database() as peers_url:
        await _fill(urls["worker"], facts)
        database = await Database.open(urls["worker"], 3, "bench")
        peer = await RowByRow.prepared(peers_url, servers, records[:PEER_ROWS])
        contestants = (
            Contestant("usual", peer.drain),
            Contestant("ours", lambda: _ours(database, servers)),
            Contestant("limit", lambda: _batches_alone(servers, records)),
        )
        found = await interleaved(contestants, ROUNDS)
        await database.close()
    return Measured(
        [Line("relay", "events/s", found["ours"], found["usual"], found["limit"], times_usual=10)],
        [
            f"relay: a queue of {ROWS:,} outbox rows (row by row {PEER_ROWS:,}), until the queue is empty. "
            "Usual: one row locked, sent, acknowledged, marked, committed at a time. Limit: batches from memory, no database."
        ],
    )


async def _fill(url: str, facts: Sequence[Envelope]) -> None:
    connection = await connect(url)
    columns = zip(*((f.stream_id, f.type, f.body.decode(), f.correlation_id, f.occurred_at) for f in facts), strict=True)
    await connection.execute(FILL, *columns)
    await connection.execute("ANALYZE outbox")
    await connection.close()


@dataclass
class Counting:
    """Around a producer: knows when the last of the queue was acknowledged."""

    producer: Producer
    wanted: int
    sent: int = 0
    all_sent: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        offsets = await self.producer.send(records)
        self.sent += len(offsets) - offsets.count(None)
        if self.sent >= self.wanted:
            self.all_sent.set()
        return offsets

    async def stop(self) -> None:
        await self.producer.stop()


async def _ours(database: Database, servers: str) -> float:
    """The relay's own loop with its pauses, from its start until the queue is empty."""
    async with database.connection() as connection:
        await connection.execute("INSERT INTO unsent SELECT id FROM outbox")
    producer, stopping = Counting(await Producer.start(servers), ROWS), asyncio.Event()

    async def start() -> Counting:
        return producer

    relay = Relay(database, start, stopping)
    async with asyncio.TaskGroup() as tasks:
        began = perf_counter()
        tasks.create_task(relay.run())
        await producer.all_sent.wait()
        await eventually(_emptied(database))
        seconds = perf_counter() - began
        stopping.set()
        relay.wake()
    lost_unless(producer.sent, ROWS, "our relay")
    return ROWS / seconds


def _emptied(database: Database) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        async with database.connection() as connection:
            return not await connection.fetchval("SELECT EXISTS (SELECT FROM unsent)")

    return look


async def _batches_alone(servers: str, records: Sequence[Outgoing]) -> float:
    """What aiokafka can do: explicit batches, acknowledged by all, as full as they get."""
    client = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=False, linger_ms=0, max_batch_size=256 * 1024)
    await client.start()
    futures: list[Any] = []
    open_batches: dict[int, Any] = {}
    began = perf_counter()
    for record in records:
        batch = open_batches.get(record.partition) or open_batches.setdefault(record.partition, client.create_batch())
        if batch.append(key=record.key, value=record.value, timestamp=None, headers=record.headers) is None:
            futures.append(await client.send_batch(batch, record.topic, partition=record.partition))
            batch = open_batches[record.partition] = client.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None, headers=record.headers)
    futures += [await client.send_batch(batch, TOPIC, partition=partition) for partition, batch in open_batches.items()]
    await asyncio.gather(*futures)
    seconds = perf_counter() - began
    await client.stop()
    return len(records) / seconds
