"""What is set aside and by whom it comes back: waiting and failed events, unreadable records, halted topics, replay."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.database import Connection, Database, Record, Tx
from shared.events.envelope import Envelope
from shared.kafka import Record as Unreadable

Aside = tuple[Envelope, str, str]
Result = TypeVar("Result")
STREAMS_BEFORE_HALT = 5
HALT_WINDOW = timedelta(minutes=5)

PARK = """
INSERT INTO parked (topic, stream_id, seq, state, reason, attributes, body)
SELECT topic, stream_id, seq, state, reason, attributes::jsonb, body
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS p(topic, stream_id, seq, state, reason, attributes, body)
ON CONFLICT (topic, stream_id, seq) DO NOTHING
"""
UNPARK = """
DELETE FROM parked USING unnest($1::text[], $2::uuid[], $3::bigint[]) AS t(topic, stream_id, seq)
WHERE (parked.topic, parked.stream_id, parked.seq) = (t.topic, t.stream_id, t.seq)
"""
WAITING = """
SELECT * FROM parked
WHERE state = 'waiting' AND (topic, stream_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) ORDER BY seq
"""
BLOCK = """
INSERT INTO inbox (topic, stream_id, last_seq, blocked) VALUES ($1, $2, 0, true)
ON CONFLICT (topic, stream_id) DO UPDATE SET blocked = true WHERE inbox.last_seq < $3 RETURNING true
"""
FAIL_NEXT = """
UPDATE parked SET state = 'failed', reason = $3 FROM inbox i
WHERE parked.topic = $1 AND parked.stream_id = $2 AND i.topic = $1 AND i.stream_id = $2 AND i.blocked AND parked.seq = i.last_seq + 1
RETURNING parked.seq
"""
FAILING = """
SELECT count(DISTINCT stream_id) FROM parked
WHERE topic = $1 AND state = 'failed' AND parked_at > clock_timestamp() - $2::interval AND stream_id <> $3
"""
QUARANTINE = """
INSERT INTO quarantine (topic, partition, log_offset, reason, headers, value)
SELECT topic, partition, log_offset, reason, headers::jsonb, value
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
    AS q(topic, partition, log_offset, reason, headers, value)
"""


async def park(tx: Tx, rows: Sequence[Aside]) -> None:
    """Set envelopes aside as (envelope, state, reason); one that is aside already stays as it is."""
    if rows:
        await tx.connection.execute(
            PARK,
            [e.topic for e, _, _ in rows],
            [e.stream_id for e, _, _ in rows],
            [e.seq for e, _, _ in rows],
            [state for _, state, _ in rows],
            [reason for _, _, reason in rows],
            [orjson.dumps(_attributes(e)).decode() for e, _, _ in rows],
            [e.body.decode() for e, _, _ in rows],
        )


async def unpark(tx: Tx, envelopes: Sequence[Envelope]) -> None:
    """Forget that these were set aside."""
    if envelopes:
        await tx.connection.execute(UNPARK, [e.topic for e in envelopes], [e.stream_id for e in envelopes], [e.seq for e in envelopes])


async def waiting(tx: Tx, streams: Sequence[tuple[str, UUID]]) -> list[Envelope]:
    """What waits on these streams for an earlier event, in order."""
    rows = await tx.connection.fetch(WAITING, [topic for topic, _ in streams], [stream_id for _, stream_id in streams])
    return [envelope_of(row) for row in rows]


async def park_failed(tx: Tx, envelope: Envelope, error: BaseException) -> None:
    """Park the event and block its stream: every later one of it is parked behind. Nothing when another worker applied it meanwhile."""
    if await tx.connection.fetchval(BLOCK, envelope.topic, envelope.stream_id, envelope.seq):
        await park(tx, [(envelope, "failed", reason_of(error))])


async def fail_next(tx: Tx, topic: str, stream_id: UUID, reason: str) -> int | None:
    """Note why the next event of a blocked stream cannot run; answers its seq. Until then it may have stood behind another failed one."""
    seq: int | None = await tx.connection.fetchval(FAIL_NEXT, topic, stream_id, reason)
    return seq


async def is_bug(tx: Tx, envelope: Envelope) -> bool:
    """A sixth stream within five minutes is no bad event but a bad version: halt instead of parking."""
    failing: int = await tx.connection.fetchval(FAILING, envelope.topic, HALT_WINDOW, envelope.stream_id)
    return failing >= STREAMS_BEFORE_HALT


async def attempt(work: Awaitable[Result]) -> Result | BaseException:
    """Failures of handlers are total (delivery.md section 4): whatever is raised becomes a value to decide on."""
    return (await asyncio.gather(work, return_exceptions=True))[0]


def reason_of(error: BaseException) -> str:
    """A code for an error: its class and, from the database, sqlstate and constraint; never a message or a value."""
    state, constraint = getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)
    kind = "body-does-not-fit" if isinstance(error, ValidationError) else type(error).__name__
    return " ".join(str(part) for part in (kind, state, constraint) if part)


async def quarantine(tx: Tx, records: Sequence[tuple[Unreadable, str]]) -> None:
    """Keep records that are no events, as they came, with the reason."""
    if records:
        await tx.connection.execute(
            QUARANTINE,
            [r.topic for r, _ in records],
            [r.partition for r, _ in records],
            [r.offset for r, _ in records],
            [reason for _, reason in records],
            [orjson.dumps({_legible(name.encode()): _legible(value) for name, value in r.headers}).decode() for r, _ in records],
            [r.value for r, _ in records],
        )


def _legible(raw: bytes | None) -> str:
    """As the database can hold it, whatever it is."""
    return (raw or b"").decode(errors="backslashreplace").replace("\x00", "\\x00")


async def halted(database: Database) -> frozenset[str]:
    async with database.connection() as connection:
        return frozenset(row["topic"] for row in await connection.fetch("SELECT topic FROM halt"))


async def halt(connection: Connection, topic: str, reason: str) -> None:
    """Stop a topic until a person resumes it."""
    await connection.execute("INSERT INTO halt (topic, reason) VALUES ($1, $2) ON CONFLICT (topic) DO NOTHING", topic, reason)


async def resume(connection: Connection, topic: str) -> bool:
    """Let a halted topic run again; answers whether it was halted."""
    return (await connection.execute("DELETE FROM halt WHERE topic = $1", topic)) == "DELETE 1"


def _attributes(envelope: Envelope) -> dict[str, Any]:
    names = ("event_id", "type", "occurred_at", "recorded_at", "correlation_id", "causation_id", "traceparent", "log_epoch")
    return {name: getattr(envelope, name) for name in names}


def envelope_of(row: Record) -> Envelope:
    """The envelope of a row of `parked`."""
    a = orjson.loads(row["attributes"])
    return Envelope(
        event_id=UUID(a["event_id"]),
        topic=row["topic"],
        stream_id=row["stream_id"],
        seq=row["seq"],
        type=a["type"],
        occurred_at=datetime.fromisoformat(a["occurred_at"]),
        recorded_at=datetime.fromisoformat(a["recorded_at"]),
        correlation_id=UUID(a["correlation_id"]),
        causation_id=UUID(a["causation_id"]) if a["causation_id"] else None,
        traceparent=a["traceparent"],
        log_epoch=a["log_epoch"],
        body=row["body"].encode(),
    )
