"""Relays built wrong in the ways that look right. The tests of the right one must catch every one of these; nothing else uses them.

Each moves what the outbox holds to a list, in the order in which it would have sent.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from shared.database import Connection, Record, connect
from shared.delivery import relay
from shared.delivery.relay import READ, TAKE, Relay, Sender, outgoing
from shared.kafka import KafkaLost
from tests.verdict import Stream

Seen = list[tuple[Stream, int]]
WrongRelay = Callable[[str, Seen, asyncio.Event], Coroutine[Any, Any, None]]


def _place(row: Record) -> tuple[tuple[str, UUID], int]:
    return (row["topic"], row["stream_id"]), row["seq"]


async def greater_than_the_last_id(url: str, seen: Seen, stopping: asyncio.Event) -> None:
    """Skips whoever committed late with a low id."""
    connection, last = await connect(url), 0
    sql = "SELECT id, topic, stream_id, seq FROM outbox WHERE id > $1 ORDER BY id LIMIT 1000"
    while (rows := await connection.fetch(sql, last)) or not stopping.is_set():
        seen += [_place(row) for row in rows]
        last = rows[-1]["id"] if rows else last
    await connection.close()


async def ordered_by_transaction(url: str, seen: Seen, stopping: asyncio.Event) -> None:
    """Waits until every lower transaction has ended, so it loses nothing; but transaction ids are no commit order."""
    connection, last = await connect(url), 0
    sql = """
        SELECT xmin::text::bigint AS xid, topic, stream_id, seq FROM outbox
        WHERE xmin::text::bigint > $1 AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY xmin::text::bigint, id
    """
    while not stopping.is_set() or len(seen) < await connection.fetchval("SELECT count(*) FROM outbox"):
        rows = await connection.fetch(sql, last)
        seen += [_place(row) for row in rows]
        last = rows[-1]["xid"] if rows else last
    await connection.close()


async def several_that_skip_locked(url: str, seen: Seen, stopping: asyncio.Event) -> None:
    """Four at once, each taking what no other holds: nothing is lost, the order is."""
    connections = [await connect(url) for _ in range(4)]
    async with asyncio.TaskGroup() as tasks:
        for connection in connections:
            tasks.create_task(_skip_locked(connection, seen, stopping))
    for connection in connections:
        await connection.close()


async def _skip_locked(connection: Connection, seen: Seen, stopping: asyncio.Event) -> None:
    taken = True
    while taken or not stopping.is_set():
        async with connection.transaction():
            ids = [row["id"] for row in await connection.fetch("SELECT id FROM unsent ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED")]
            rows = await connection.fetch("SELECT topic, stream_id, seq FROM outbox WHERE id = ANY($1::bigint[]) ORDER BY id", ids)
            seen += [_place(row) for row in rows]
            await connection.execute("DELETE FROM unsent WHERE id = ANY($1::bigint[])", ids)
            taken = bool(ids)


class DeletesBehindAFailure(Relay):
    """Takes everything off the queue that was acknowledged, also what lies behind a row that was not."""

    async def send_once(self, connection: Connection, producer: Sender) -> int:
        rows = await connection.fetch(READ, 0, relay.BATCH)
        if not rows:
            return 0
        offsets = await producer.send([outgoing(row) for row in rows])
        sent = [row["id"] for row, offset in zip(rows, offsets, strict=True) if offset is not None]
        await connection.execute(TAKE, [], [], [], [], sent)
        if len(sent) < len(rows):
            raise KafkaLost("unacknowledged")
        return len(sent)
