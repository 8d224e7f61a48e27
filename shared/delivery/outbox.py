"""The outbox write: everything a transaction gathered, in one last statement before COMMIT. Sending is `relay.py`'s."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from shared.database import Tx, together

LIST = """
gathered AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[])
        WITH ORDINALITY AS g(topic, stream_id, type, body, correlation_id, causation_id, traceparent, position)
), counted AS (
    INSERT INTO stream (topic, stream_id, last_seq)
    SELECT topic, stream_id, count(*) FROM gathered GROUP BY topic, stream_id ORDER BY topic, stream_id
    ON CONFLICT (topic, stream_id) DO UPDATE SET last_seq = stream.last_seq + EXCLUDED.last_seq
    RETURNING topic, stream_id, last_seq
), logged AS (
    INSERT INTO outbox (topic, stream_id, seq, type, body, correlation_id, causation_id, traceparent, occurred_at)
    SELECT topic, stream_id,
           last_seq - count(*) OVER (PARTITION BY topic, stream_id) + row_number() OVER (PARTITION BY topic, stream_id ORDER BY position),
           type, body::jsonb, correlation_id, causation_id, traceparent, $8
    FROM gathered JOIN counted USING (topic, stream_id) ORDER BY position
    RETURNING id, topic, stream_id, seq
), queued AS (
    INSERT INTO unsent SELECT id FROM logged
), done AS (
    INSERT INTO audit (at, principal, organisation_id, action, subject_id, correlation_id)
    SELECT $8, $9, $10, action, subject_id, $11 FROM unnest($12::text[], $13::uuid[]) AS a(action, subject_id)
), kept AS (
    INSERT INTO idempotency (principal, key, request_hash, status, location, answer, ended_right, about, kept_at, events)
    SELECT k.principal, k.key, k.request_hash, k.status, k.location, k.answer, k.ended_right, k.about::uuid[], $8,
           (SELECT string_agg(topic || '/' || stream_id || '/' || seq, ', ' ORDER BY id) FROM logged)
    FROM unnest($14::text[], $15::text[], $16::bytea[], $17::smallint[], $18::text[], $19::text[], $20::boolean[], $21::text[])
        AS k(principal, key, request_hash, status, location, answer, ended_right, about)
)
SELECT string_agg(topic || '/' || stream_id || '/' || seq, ', ' ORDER BY id) FROM logged
"""
PARAMETERS = 21
WRITE = f"WITH {LIST}"


@dataclass(frozen=True)
class Kept:
    """The answer to a command, to be given again for the same key: only status, Location and ids.

    `ended_right`: the command itself ended its sender's right, so that a right to ask again is not looked for. `about`: the persons
    whose case relation the command asked.
    """

    principal: str
    key: str
    request_hash: bytes
    status: int
    location: str | None
    answer: str
    ended_right: bool = False
    about: tuple[UUID, ...] = ()


async def write(tx: Tx, kept: Kept | None = None) -> str | None:
    """Write the gathered rows, then what was saved, events, audit rows and the kept answer in one statement.

    Answers the places of the events as `topic/stream/seq, ...`, None when there are none. Nothing gathered costs no round trip.
    """
    await tx.write_gathered()
    statements, arguments = tx.deferred
    if not (tx.appended or tx.audited or kept or statements):
        return None
    last = together(statements, f",{LIST}", PARAMETERS) if statements else WRITE
    places: str | None = await tx.connection.fetchval(last, *_events(tx), tx.now, *_audit(tx), *_answer(kept), *arguments)
    tx.deferred = (), ()
    tx.appended.clear()
    tx.audited.clear()
    return places


def _events(tx: Tx) -> tuple[list[object], ...]:
    return (
        [a.event.topic for a in tx.appended],
        [a.stream_id for a in tx.appended],
        [a.event.type for a in tx.appended],
        [orjson.dumps(a.event.model_dump(mode="json")).decode() for a in tx.appended],
        [a.correlation_id for a in tx.appended],
        [a.causation_id for a in tx.appended],
        [a.traceparent for a in tx.appended],
    )


def _audit(tx: Tx) -> tuple[str, UUID | None, UUID, list[str], list[UUID | None]]:
    return (
        tx.caller.sub,
        tx.caller.organisation_id,
        tx.correlation_id,
        [action for action, _ in tx.audited],
        [subject for _, subject in tx.audited],
    )


def _answer(kept: Kept | None) -> tuple[list[object], ...]:
    if kept is None:
        return [], [], [], [], [], [], [], []
    k = kept
    return (
        [k.principal],
        [k.key],
        [k.request_hash],
        [k.status],
        [k.location],
        [k.answer],
        [k.ended_right],
        [f"{{{','.join(map(str, k.about))}}}"],
    )
