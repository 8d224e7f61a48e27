"""Path "visible": from a fact's acknowledgement to its effect in monitoring and to a claimed message in family, through a running stack."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from time import perf_counter, time
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.database import Connection, Database, connect
from shared.delivery import outbox
from shared.events.programme import StageCompleted
from shared.kafka import create_topics
from tests.bench.ground import Ground
from tests.bench.pace import WRITERS, Paced, quantile
from tests.bench.peers import polling_stack
from tests.bench.rounds import Contestant, Lost, Readings, interleaved
from tests.bench.table import Line, Measured
from tests.eventually import eventually
from tests.harness import Servers

RATES = {50: 8.0, 500: 3.0}
"""Events a second -> seconds a round."""
ROUNDS = 3
MAILED_EVERY = 10
RAW = "raw-round-trip"
ORGANISATION = UUID(int=1)

CONTACTS = """
WITH told AS (
    INSERT INTO contact (contact_id, person_id, name, relation, kind, majority, language, email, added_at)
    SELECT p, p, 'x', 'parent', 'family', 'adult', 'en', 'x@x.org', clock_timestamp() FROM unnest($1::uuid[]) AS p RETURNING contact_id
)
INSERT INTO permission (permission_id, contact_id, topics, channels, given_by, given_on, recorded_at)
SELECT contact_id, contact_id, '{stage}', '{email}', 'person', current_date - 1, clock_timestamp() FROM told
"""


async def measure(ground: Ground) -> Measured:
    with ground.stack() as described:
        servers = Servers(described["postgres"]["url"], described["kafka"]["bootstrap_servers"])
        async with _opened(replace(ground, servers=servers), described) as path:
            lines = [line for rate, seconds in RATES.items() for line in await _at(path, rate, seconds)]
            error = quantile(sorted(path.looks), 0.99) * 1000
    return Measured(
        lines,
        [
            *_medians(path),
            "visible: p99 of a round. Committed through the outbox write from a process beside, as the role `api` does; every "
            f"{MAILED_EVERY}th person has a contact who is mailed. Usual: outbox polled every second, FastStream, a transaction a message. "
            f"Limit: produce to consume with aiokafka alone. The watcher looks every 2 ms; 99 % of its turns took at most {error:.0f} ms.",
        ],
    )


@dataclass
class Path:
    """The connections of one run; what the contestants saw beside the number they answer."""

    servers: str
    programme: Database
    peer: Database
    monitoring: Connection
    family: Connection
    watching: Connection
    looks: list[float] = field(default_factory=list)
    medians: dict[str, list[float]] = field(default_factory=dict)
    claimed: dict[int, list[float]] = field(default_factory=dict)

    async def usual(self, rate: int, seconds: float) -> float:
        """The p99 in milliseconds, as of the other two."""

        async def commit(one: UUID) -> None:
            body = f'{{"person_id": "{one}", "stage": 1}}'
            async with self.peer.connection() as connection:
                await connection.execute("INSERT INTO outbox (event_id, body) VALUES ($1, $2)", one, body)

        async def look(pending: Collection[UUID]) -> Collection[UUID]:
            rows = await self.watching.fetch("SELECT message_id FROM processed_message WHERE message_id = ANY($1)", list(pending))
            return [row[0] for row in rows]

        return await self._p99(f"usual {rate}/s", Paced(rate, seconds, commit, look))

    async def ours(self, rate: int, seconds: float) -> float:
        async def commit(person_id: UUID) -> None:
            async with self.programme.transaction() as tx:
                tx.append(person_id, _completion(person_id))
                await outbox.write(tx)

        async def look(pending: Collection[UUID]) -> Collection[UUID]:
            seen = "SELECT stream_id FROM inbox WHERE topic = 'programme' AND stream_id = ANY($1)"
            return [row[0] for row in await self.monitoring.fetch(seen, list(pending))]

        persons = [uuid4() for _ in range(int(rate * seconds))]
        mailed = persons[::MAILED_EVERY]
        await self.family.execute(CONTACTS, mailed)
        paced = Paced(rate, seconds, commit, look, persons)
        p99 = await self._p99(f"ours {rate}/s", paced)
        self.claimed.setdefault(rate, []).append(await self._claims(paced, mailed))
        return p99

    async def limit(self, rate: int, seconds: float) -> float:
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, acks="all", linger_ms=0)
        consumer = AIOKafkaConsumer(RAW, bootstrap_servers=self.servers, auto_offset_reset="latest")

        async def commit(one: UUID) -> None:
            await producer.send(RAW, one.bytes, one.bytes)

        async def look(pending: Collection[UUID]) -> Collection[UUID]:
            found = await consumer.getmany(timeout_ms=50)
            return [UUID(bytes=record.value) for records in found.values() for record in records]

        await producer.start()
        await consumer.start()
        await consumer.seek_to_end()
        p99 = await self._p99(f"limit {rate}/s", Paced(rate, seconds, commit, look))
        await producer.stop()
        await consumer.stop()
        return p99

    async def _p99(self, name: str, paced: Paced) -> float:
        latencies = [1000 * each for each in await paced.run()]
        self.looks += paced.looks
        self.medians.setdefault(name, []).append(quantile(latencies, 0.5))
        return quantile(latencies, 0.99)

    async def _claims(self, paced: Paced, mailed: Collection[UUID]) -> float:
        """The p99 from acknowledgement to the claim's transaction; nothing of this round is left to claim afterwards."""

        async def all_claimed() -> bool:
            sql = "SELECT count(*) FROM message WHERE claimed_at IS NOT NULL AND person_id = ANY($1)"
            return bool(await self.family.fetchval(sql, mailed) == len(mailed))

        await eventually(all_claimed, 30)
        rows = await self.family.fetch("SELECT person_id, extract(epoch FROM claimed_at) FROM message WHERE person_id = ANY($1)", mailed)
        started = time() - perf_counter()
        return quantile(sorted(1000 * (float(row[1]) - started - paced.acknowledged[row[0]]) for row in rows), 0.99)


async def _at(path: Path, rate: int, seconds: float) -> list[Line]:
    contestants = (
        Contestant("usual", lambda: path.usual(rate, seconds)),
        Contestant("ours", lambda: path.ours(rate, seconds)),
        Contestant("limit", lambda: path.limit(rate, seconds)),
    )
    found = await interleaved(contestants, ROUNDS)
    others = (found["usual"], found["limit"])
    claimed = Readings(tuple(path.claimed[rate]))
    to_limit = 0.1 if rate == min(RATES) else None
    return [
        Line(f"acknowledged -> visible in monitoring, {rate}/s", "ms p99", found["ours"], *others, True, 10, to_limit),
        Line(f"acknowledged -> message claimed in family, {rate}/s", "ms p99", claimed, *others, True, 10, to_limit),
    ]


def _medians(path: Path) -> list[str]:
    halves = ", ".join(f"{name} {Readings(tuple(each)).median:.0f}" for name, each in path.medians.items())
    return [f"visible, p50 in ms: {halves}."]


def _completion(person_id: UUID) -> StageCompleted:
    return StageCompleted(
        person_id=person_id,
        journey_id=person_id,
        stage=1,
        spell=1,
        organisation_id=ORGANISATION,
        completed_on=date(2026, 3, 2),
        next_organisation_id=None,
    )


@asynccontextmanager
async def _opened(ground: Ground, described: dict[str, Any]) -> AsyncIterator[Path]:
    """The peer as a process of its own, and connections to whatever is watched."""
    servers, databases = ground.servers.kafka_bootstrap_servers, described["databases"]
    await create_topics(servers, [RAW, polling_stack.TOPIC], 1)
    async with AsyncExitStack() as stack:
        peers_url = await stack.enter_async_context(ground.empty_database())
        watching = await connect(peers_url)
        stack.push_async_callback(watching.close)
        await watching.execute(polling_stack.TABLES)
        await stack.enter_async_context(_peer(peers_url, servers))
        programme = await Database.open(databases["programme"]["worker"], WRITERS, "bench")
        peer = await Database.open(peers_url, WRITERS, "bench")
        monitoring = await connect(databases["monitoring"]["worker"])
        family = await connect(databases["family"]["owner"])
        for opened in (programme, peer, monitoring, family):
            stack.push_async_callback(opened.close)
        yield Path(servers, programme, peer, monitoring, family, watching)


@asynccontextmanager
async def _peer(url: str, servers: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", polling_stack.__name__, url, servers, stdout=PIPE)
    try:
        assert process.stdout
        if await process.stdout.readline() != b"ready\n":
            raise Lost("the usual stack did not start")
        yield
    finally:
        process.kill()
        await process.wait()
