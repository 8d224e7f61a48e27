"""The usual outbox relay: take the oldest unsent row, send it, wait for the broker, mark it, commit; then the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer

from shared.kafka import Outgoing

TABLE = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, key text NOT NULL,
    headers jsonb NOT NULL, body text NOT NULL, sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
"""
NEXT = "SELECT id, topic, key, headers, body FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE"


@dataclass
class RowByRow:
    """`drain` sends all rows once and answers how many a second."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    servers: str

    @classmethod
    async def prepared(cls, url: str, servers: str, records: Sequence[Outgoing]) -> "RowByRow":
        connection = await asyncpg.connect(url)
        await connection.execute(TABLE)
        rows = [
            (r.topic, r.key.decode(), orjson.dumps([(k, (v or b"").decode()) for k, v in r.headers]).decode(), r.value.decode())
            for r in records
        ]
        await connection.executemany("INSERT INTO outbox (topic, key, headers, body) VALUES ($1, $2, $3, $4)", rows)
        return cls(connection, servers)

    async def drain(self) -> float:
        await self.connection.execute("UPDATE outbox SET sent_at = NULL")
        await self.connection.execute("VACUUM ANALYZE outbox")
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, acks="all")
        await producer.start()
        began, sent = perf_counter(), 0
        while await self._send_next(producer):
            sent += 1
        seconds = perf_counter() - began
        await producer.stop()
        return sent / seconds

    async def _send_next(self, producer: AIOKafkaProducer) -> bool:
        async with self.connection.transaction():
            row = await self.connection.fetchrow(NEXT)
            if row is None:
                return False
            headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
            await producer.send_and_wait(row["topic"], row["body"].encode(), row["key"].encode(), headers=headers)
            await self.connection.execute("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = $1", row["id"])
        return True
