"""The usual stack between two services: an outbox polled every second, and a FastStream consumer with a transaction for each message.

A process of its own: `python -m tests.bench.peers.polling_stack <database address> <bootstrap servers>`; says "ready" once it listens.
"""

import asyncio
import sys
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

TOPIC = "usual-stack"
EVERY_S = 1.0
BATCH = 500
TABLES = """
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, body jsonb NOT NULL, sent_at timestamptz);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE TABLE processed_message (message_id uuid PRIMARY KEY);
CREATE TABLE fact (event_id uuid PRIMARY KEY, person_id uuid NOT NULL, stage int NOT NULL);
"""
NEXT = "SELECT id, event_id, body FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"


async def main(url: str, servers: str) -> None:
    """Until it is killed."""
    broker = KafkaBroker(servers, logger=None)
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    subscriber = broker.subscriber(TOPIC, group_id="usual-stack", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)

    @subscriber
    async def on_message(body: dict[str, Any], message: KafkaMessage) -> None:
        event_id = UUID(message.headers["id"])
        async with engine.begin() as connection:
            seen = "INSERT INTO processed_message VALUES (:id) ON CONFLICT DO NOTHING RETURNING message_id"
            if (await connection.execute(text(seen), {"id": event_id})).first():
                fact = {"id": event_id, "person": UUID(body["person_id"]), "stage": body["stage"]}
                await connection.execute(text("INSERT INTO fact VALUES (:id, :person, :stage)"), fact)

    await broker.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay(url, servers))
        sys.stdout.write("ready\n")
        sys.stdout.flush()


async def relay(url: str, servers: str) -> None:
    """Everything unsent, in batches; then a second of rest."""
    connection = await asyncpg.connect(url)
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    while True:
        if not await _send(connection, producer):
            try:
                await asyncio.wait_for(asyncio.Event().wait(), EVERY_S)
            except TimeoutError:
                continue


async def _send(connection: "asyncpg.Connection[asyncpg.Record]", producer: AIOKafkaProducer) -> int:
    async with connection.transaction():
        rows = await connection.fetch(NEXT, BATCH)
        for row in rows:
            person_id = orjson.loads(row["body"])["person_id"]
            await producer.send(TOPIC, row["body"].encode(), person_id.encode(), headers=[("id", str(row["event_id"]).encode())])
        await producer.flush()
        await connection.execute("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
    return len(rows)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
