"""Old rows of the outbox once more: cursors between two fixed ids, asked for by an operator or by a lost log. The relay sends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.database import Connection, Record, Tx
from shared.kafka import RETENTION_MS

RETENTION = timedelta(milliseconds=RETENTION_MS)
LATEST_COMMIT = timedelta(minutes=1)
"""Ids follow `recorded_at` as closely as transactions are short: 15 s at most."""

ROW = """
SELECT o.id, o.event_id, o.topic, o.stream_id, o.seq, o.type, o.body,
       o.occurred_at, o.recorded_at, o.correlation_id, o.causation_id, o.traceparent FROM outbox o
"""
ACKNOWLEDGED = "NOT EXISTS (SELECT FROM unsent u WHERE u.id = o.id)"
"""What is on the queue comes in its turn: a stream's rows not on it are its first ones, so its order holds."""
SLICE = f"{ROW} WHERE o.id > $1 AND o.id <= $2 AND ($3::text IS NULL OR o.topic = $3) AND {ACKNOWLEDGED} ORDER BY o.id LIMIT $4"
SLICE_OF_STREAM = f"{ROW} WHERE o.topic = $3 AND o.stream_id = $5 AND o.id > $1 AND o.id <= $2 AND {ACKNOWLEDGED} ORDER BY o.seq LIMIT $4"
NEXT = "SELECT * FROM resending ORDER BY before_new DESC, id LIMIT 1"
MOVE = "UPDATE resending SET after_id = $2 WHERE id = $1"
DONE = "DELETE FROM resending WHERE id = $1"
AT = "SELECT id, recorded_at FROM outbox WHERE id >= $1 ORDER BY id LIMIT 1"
ASK = """
INSERT INTO resending (topic, stream_id, after_id, upto_id, before_new)
SELECT $1, $2, $3, max(id), $4 FROM outbox HAVING max(id) > $3 RETURNING upto_id - after_id
"""
TOPICS_OF_STREAM = "SELECT topic FROM stream WHERE stream_id = $1 AND ($2::text IS NULL OR topic = $2) ORDER BY topic"
LEFT = "SELECT before_new, sum(upto_id - after_id)::bigint AS rows FROM resending GROUP BY before_new"


@dataclass(frozen=True)
class Cursor:
    """Where one resend stands; `before_new` makes it a refill."""

    id: int
    topic: str | None
    stream_id: UUID | None
    after_id: int
    upto_id: int
    before_new: bool


async def request(tx: Tx, *, since: datetime | None = None, topic: str | None = None, stream_id: UUID | None = None) -> int:
    """Ask the relay to send again, behind live rows, what was recorded since then, of one topic or stream, or (nothing given) all.

    Answers how many rows that is at most; 0: there are none. Kept: it survives the relay's process. Source: delivery.md section 4.
    """
    after = await _before(tx.connection, since) if since else 0
    if stream_id is None:
        return await ask(tx.connection, topic, after)
    topics = [row["topic"] for row in await tx.connection.fetch(TOPICS_OF_STREAM, stream_id, topic)]
    return sum([await ask(tx.connection, name, after, stream_id) for name in topics])


async def ask(connection: Connection, topic: str | None, after: int, stream_id: UUID | None = None, before_new: bool = False) -> int:
    """Write a cursor from `after` to the highest id of now."""
    return await connection.fetchval(ASK, topic, stream_id, after, before_new) or 0


async def refill(connection: Connection, topic: str, now: datetime) -> int:
    """A topic's log was lost: what it would still hold comes again before anything new. Replaces what was under way for it."""
    await connection.execute("DELETE FROM resending WHERE topic = $1 AND before_new", topic)
    return await ask(connection, topic, await _before(connection, now - RETENTION), before_new=True)


async def _before(connection: Connection, moment: datetime) -> int:
    """An id below every row recorded since `moment`, found by halving: the log has no index on its times and needs none."""
    low, high = 1, await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM outbox")
    while low < high:
        middle = (low + high) // 2
        row = await connection.fetchrow(AT, middle)
        if row is None or row["recorded_at"] >= moment - LATEST_COMMIT:
            high = middle
        else:
            low = row["id"] + 1
    return low - 1


async def next_cursor(connection: Connection) -> Cursor | None:
    """The refill under way, else the oldest resend, else None."""
    row = await connection.fetchrow(NEXT)
    names: Sequence[str] = Cursor.__annotations__.keys()  # type: ignore[assignment]
    return Cursor(**{name: row[name] for name in names}) if row else None


async def rows_of(connection: Connection, cursor: Cursor, limit: int) -> list[Record]:
    """The cursor's next rows, in the order of their ids."""
    place: list[Any] = [cursor.after_id, cursor.upto_id, cursor.topic, limit]
    if cursor.stream_id is None:
        return list(await connection.fetch(SLICE, *place))
    return list(await connection.fetch(SLICE_OF_STREAM, *place, cursor.stream_id))


async def move(connection: Connection, cursor: Cursor, after: int | None) -> None:
    """Go on behind `after`; None: it is done."""
    await (connection.execute(DONE, cursor.id) if after is None else connection.execute(MOVE, cursor.id, after))


async def left(connection: Connection) -> dict[bool, int]:
    """How many rows are left at most, by whether they go before new ones."""
    return {row["before_new"]: row["rows"] for row in await connection.fetch(LEFT)}
