"""The way out of a database restored from an older state: what the log has of us comes back into the outbox. As the owner."""

from dataclasses import dataclass
from uuid import UUID

from shared.database import Connection, connected
from shared.delivery import log
from shared.delivery.log import Log, Readable, Reader, columns, parse
from shared.delivery.relay import LOCK
from shared.records import Partition

LOCKED = "LOCK TABLE stream, outbox, unsent IN SHARE ROW EXCLUSIVE MODE"  # in the order in which an append takes them
SAID = "DELETE FROM unsent USING outbox o WHERE unsent.id = o.id AND o.event_id = ANY($1::uuid[])"
ASIDE = "CREATE TEMPORARY TABLE unsaid ON COMMIT DROP AS SELECT * FROM outbox LIMIT 0"
# Also what was told after the strangers, under numbers that others had before them and retention has passed over.
STEP_ASIDE = """
WITH firsts AS (
    SELECT topic, stream_id, min(seq) AS first, min(recorded_at) AS since
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[]) AS s(topic, stream_id, seq, recorded_at) GROUP BY 1, 2
), queued AS (
    DELETE FROM unsent USING outbox o, firsts f
    WHERE unsent.id = o.id AND (o.topic, o.stream_id) = (f.topic, f.stream_id) AND (o.seq >= f.first OR o.recorded_at > f.since)
    RETURNING o.id
), taken AS (
    DELETE FROM outbox USING queued WHERE outbox.id = queued.id RETURNING outbox.*
)
INSERT INTO unsaid SELECT * FROM taken
"""
FACTS = ("event_id", "type", "correlation_id", "causation_id", "traceparent", "occurred_at", "recorded_at")
BACK = """
INSERT INTO outbox (topic, stream_id, seq, body, event_id, type, correlation_id, causation_id, traceparent, occurred_at, recorded_at)
SELECT topic, stream_id, seq, body::jsonb, event_id, type, correlation_id, causation_id, traceparent, occurred_at, recorded_at
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::text[],
            $10::timestamptz[], $11::timestamptz[]) WITH ORDINALITY
    AS s(topic, stream_id, seq, body, event_id, type, correlation_id, causation_id, traceparent, occurred_at, recorded_at, n)
ORDER BY n ON CONFLICT DO NOTHING
"""
MISSING = "SELECT count(*) FROM unnest($1::uuid[]) AS s(event_id) WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.event_id = s.event_id)"
COUNTED = """
INSERT INTO stream (topic, stream_id, last_seq)
SELECT o.topic, o.stream_id, max(o.seq) FROM outbox o
WHERE (o.topic, o.stream_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) GROUP BY 1, 2
ON CONFLICT (topic, stream_id) DO UPDATE SET last_seq = EXCLUDED.last_seq
"""
AGAIN = """
WITH said AS (
    INSERT INTO outbox (event_id, topic, stream_id, seq, type, body, correlation_id, causation_id, traceparent, occurred_at, recorded_at)
    SELECT u.event_id, u.topic, u.stream_id,
           s.last_seq + row_number() OVER (PARTITION BY u.topic, u.stream_id ORDER BY u.id),
           u.type, u.body, u.correlation_id, u.causation_id, u.traceparent, u.occurred_at, u.recorded_at
    FROM unsaid u JOIN stream s USING (topic, stream_id) ORDER BY u.id
    RETURNING id, topic, stream_id, seq
), queued AS (
    INSERT INTO unsent SELECT id FROM said
)
INSERT INTO stream AS s (topic, stream_id, last_seq) SELECT topic, stream_id, max(seq) FROM said GROUP BY 1, 2
ON CONFLICT (topic, stream_id) DO UPDATE SET last_seq = EXCLUDED.last_seq
"""
HOLES = """
SELECT topic, stream_id, max(seq) - count(*) AS missing FROM outbox
WHERE (topic, stream_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) GROUP BY 1, 2 HAVING max(seq) > count(*) ORDER BY 1, 2
"""
PATIENCE = "SET LOCAL lock_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
"""Longer than any transaction of an api may last, whose appends are waited for; who asks nothing for a minute is gone, and lets go."""
RESUMED = "DELETE FROM halt WHERE topic = $1"


Ends = dict[Partition, tuple[int, UUID | None]]


class Clash(Exception):
    """The log holds an event in the place of another that was sent from here: two databases wrote one stream. Nothing was changed."""


@dataclass(frozen=True)
class Adopted:
    """What came back, by stream from which to which number: our own tables are older than these facts, and a person must bring them up.

    `holes`: by stream, how many of its events are nowhere any more, since the log's retention has passed over them.
    """

    events: int
    renumbered: int
    streams: list[tuple[str, UUID, int, int]]
    holes: list[tuple[str, UUID, int]]


async def adopt(owner_url: str, known: Log) -> Adopted:
    """Take the log's strangers into the outbox as they are, number what was never sent behind them, let the relay go on.

    All in one transaction, during which appends wait or are refused as busy. Raises Clash, KafkaLost, Transient.
    Source: delivery.md section 3, ADR 17.
    """
    async with connected(owner_url) as connection, known.opened() as reader, connection.transaction():
        await connection.execute(PATIENCE)
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(LOCKED)
        events, newest, ends = await _strangers(connection, reader, known)
        renumbered = await _reorder(connection, events)
        holes = await connection.fetch(HOLES, [e.topic for _, e in events], [e.stream_id for _, e in events])
        await connection.execute(log.PLACED, *columns(ends))
        await log.take_up_epochs(connection, newest)
        await connection.execute(RESUMED, log.RELAY)
        return Adopted(len(events), renumbered, _spans(events), [(row["topic"], row["stream_id"], row["missing"]) for row in holes])


async def _strangers(connection: Connection, reader: Reader, known: Log) -> tuple[Readable, Readable, Ends]:
    """The first occurrence of each event the log has and the outbox has not; of each topic one of its latest epoch; where the log ends."""
    found: dict[UUID, Readable] = {}
    newest: dict[str, Readable] = {}
    ends: Ends = {}
    async for records in reader.read(log.tails(await log.positions(connection), await known.ranges(reader))):
        events, _ = parse(records)
        ours = {row["event_id"] for row in await connection.fetch(log.OURS, [envelope.event_id for _, envelope in events])}
        await connection.execute(SAID, list(ours))  # sent before the state we were restored to, though that did not know
        for record, envelope in events:
            ends[record.place] = (record.offset + 1, envelope.event_id)
            if envelope.log_epoch >= newest.get(record.topic, [(record, envelope)])[0][1].log_epoch:
                newest[record.topic] = [(record, envelope)]
            if envelope.event_id not in ours:
                found.setdefault(envelope.event_id, [(record, envelope)])
    strangers = [pair for pairs in found.values() for pair in pairs]
    latest = [pair for pairs in newest.values() for pair in pairs]
    return sorted(strangers, key=lambda pair: (pair[1].recorded_at, pair[1].topic, pair[1].stream_id, pair[1].seq)), latest, ends


async def _reorder(connection: Connection, events: Readable) -> int:
    """What was never sent steps aside, the strangers take their places, then it follows them; answers how many rows stepped aside."""
    envelopes = [envelope for _, envelope in events]
    topics, streams, seqs = ([getattr(e, name) for e in envelopes] for name in ("topic", "stream_id", "seq"))
    await connection.execute(ASIDE)
    await connection.execute(STEP_ASIDE, topics, streams, seqs, [e.recorded_at for e in envelopes])
    facts = [[getattr(e, name) for e in envelopes] for name in FACTS]
    await connection.execute(BACK, topics, streams, seqs, [e.body.decode() for e in envelopes], *facts)
    if clashing := await connection.fetchval(MISSING, [e.event_id for e in envelopes]):
        raise Clash(f"{clashing} events")
    await connection.execute(COUNTED, topics, streams)
    await connection.execute(AGAIN)
    return int(await connection.fetchval("SELECT count(*) FROM unsaid"))


def _spans(events: Readable) -> list[tuple[str, UUID, int, int]]:
    seqs: dict[tuple[str, UUID], list[int]] = {}
    for _, envelope in events:
        seqs.setdefault((envelope.topic, envelope.stream_id), []).append(envelope.seq)
    return [(topic, stream_id, min(found), max(found)) for (topic, stream_id), found in sorted(seqs.items())]
