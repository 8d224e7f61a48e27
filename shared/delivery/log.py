"""What we know of the log our relay writes: where it ends and which event lies last. Says whether it is whole, lost or ahead of us."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from shared.database import Connection
from shared.database import Record as Row
from shared.delivery import parking, resend
from shared.events.envelope import Envelope, Malformed, read
from shared.records import KafkaLost, Partition, Range, Record

LOST = "log-lost"
RELAY = "relay"
"""The name under which the relay itself is halted."""

POSITIONS = "SELECT topic, partition, next_offset, log_epoch, last_event FROM relay_position"
PLACED = """
INSERT INTO relay_position (topic, partition, next_offset, last_event, log_epoch)
SELECT p.*, coalesce((SELECT max(log_epoch) FROM relay_position r WHERE r.topic = p.topic), 0)
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[]) AS p(topic, partition, next_offset, last_event)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, last_event = EXCLUDED.last_event
"""
BEGUN = "INSERT INTO relay_position (topic, partition, next_offset) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING"
"""A topic on which nothing was acknowledged yet has an epoch too: what lay there may have been read."""
FORGET = """
UPDATE relay_position SET next_offset = 0, last_event = NULL,
       log_epoch = (SELECT max(log_epoch) + 1 FROM relay_position WHERE topic = $1)
WHERE topic = $1
"""
RAISED = "UPDATE relay_position SET log_epoch = $2 WHERE topic = $1 AND log_epoch < $2"
OURS = "SELECT event_id FROM outbox WHERE event_id = ANY($1::uuid[])"
QUEUED = """
SELECT o.topic, o.stream_id, min(o.seq) AS seq FROM unsent JOIN outbox o USING (id)
WHERE (o.topic, o.stream_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) GROUP BY 1, 2
"""
SENT = """
DELETE FROM unsent USING outbox o, unnest($1::text[], $2::uuid[], $3::bigint[]) AS s(topic, stream_id, seq)
WHERE unsent.id = o.id AND (o.topic, o.stream_id, o.seq) = (s.topic, s.stream_id, s.seq)
"""

log = structlog.get_logger("relay")


@dataclass(frozen=True)
class Position:
    """What was acknowledged last in a partition: the next offset, and the event that lies before it."""

    next_offset: int = 0
    log_epoch: int = 0
    last_event: UUID | None = None


Known = dict[Partition, Position]
Counts = Mapping[str, int]
"""Topic -> how many partitions it has."""

Readable = list[tuple[Record, Envelope]]


class Reader(Protocol):
    """What is needed of a reader of the log: see `shared.kafka.LogReader`."""

    async def partitions_of(self, topics: Iterable[str]) -> list[Partition]: ...
    async def range_of(self, partitions: Iterable[Partition]) -> dict[Partition, Range]: ...
    def read(self, spans: Mapping[Partition, Range]) -> AsyncIterator[list[Record]]: ...
    async def stop(self) -> None: ...


class Restored(Exception):
    """The log holds events that this database never wrote: it was restored from an older state. Nothing may be sent."""


def epoch_of(known: Known, topic: str) -> int:
    """How many times the log of this topic was lost."""
    return max((position.log_epoch for (name, _), position in known.items() if name == topic), default=0)


def shrunk(known: Known, ranges: Mapping[Partition, Range]) -> set[str]:
    """The topics of which a partition ends below what was acknowledged. Source: delivery.md section 3."""
    return {place[0] for place, (_, end) in ranges.items() if end < known.get(place, Position()).next_offset}


def overwritten(known: Known, acknowledged: Iterable[tuple[Partition, int]]) -> set[str]:
    """The topics in which a new record was put where one of ours lay: a quick wipe shows nowhere else."""
    return {place[0] for place, offset in acknowledged if offset < known.get(place, Position()).next_offset}


def counted(places: Iterable[Partition]) -> Counts:
    """How many partitions each topic has."""
    return Counter(topic for topic, _ in places)


def last_records(known: Known, ranges: Mapping[Partition, Range]) -> dict[Partition, Range]:
    """Where our last event of each partition must lie, where retention has left it there."""
    return {
        place: (position.next_offset - 1, position.next_offset)
        for place, position in known.items()
        if place in ranges and position.last_event and ranges[place][0] < position.next_offset <= ranges[place][1]
    }


def tails(known: Known, ranges: Mapping[Partition, Range]) -> dict[Partition, Range]:
    """What lies on the log behind what we know of."""
    starts = {place: max(begin, known.get(place, Position()).next_offset) for place, (begin, _) in ranges.items()}
    return {place: (starts[place], end) for place, (_, end) in ranges.items() if starts[place] < end}


def parse(records: Sequence[Record]) -> tuple[Readable, list[tuple[Record, str]]]:
    """Events, and records that are none with the reason; order is kept."""
    readable, unreadable = [], []
    for record in records:
        try:
            readable.append((record, read(record.topic, record.headers, record.value)))
        except Malformed as error:
            unreadable.append((record, error.reason))
    return readable, unreadable


async def positions(connection: Connection) -> Known:
    rows = await connection.fetch(POSITIONS)
    return {(row["topic"], row["partition"]): Position(row["next_offset"], row["log_epoch"], row["last_event"]) for row in rows}


def columns(ends: Mapping[Partition, tuple[int, UUID | None]]) -> tuple[list[Any], ...]:
    """What `PLACED` takes: the next offset of each partition and the event before it."""
    at = sorted(ends)
    return [t for t, _ in at], [p for _, p in at], [ends[a][0] for a in at], [ends[a][1] for a in at]


async def forget(connection: Connection, topics: Iterable[str], now: datetime, why: str = LOST) -> int:
    """These topics' log was lost, or is about to be: another epoch begins, with a refill before anything new.

    One transaction on the lock's connection. Returns how many rows the refill has at most.
    """
    refilling = 0
    async with connection.transaction():
        for topic in sorted(topics):
            await connection.execute(BEGUN, topic)
            await connection.execute(FORGET, topic)
            rows = await resend.refill(connection, topic, now)
            (log.error if why == LOST else log.warning)(why, topic=topic, refilling=rows)
            refilling += rows
    return refilling


@dataclass(frozen=True)
class Log:
    """The topics the relay writes, how to make those that are missing, and how to read them back."""

    topics: Sequence[str]
    reader: Callable[[], Coroutine[Any, Any, Reader]]
    make: Callable[[], Coroutine[Any, Any, Counts]]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Reader]:
        """A reader, with all topics there. Raises KafkaLost."""
        await self.make()
        reader = await self.reader()
        try:
            yield reader
        finally:
            await reader.stop()

    async def ranges(self, reader: Reader) -> dict[Partition, Range]:
        return await reader.range_of(await reader.partitions_of(self.topics))

    async def examine(self, connection: Connection, reader: Reader, now: datetime) -> Counts:
        """Before anything is sent: refill what was lost, take off the queue what the log has already. Raises Restored.

        Returns how many partitions each topic has.
        """
        known, ranges = await positions(connection), await self.ranges(reader)
        lost = shrunk(known, ranges) | await self._replaced(reader, known, ranges)
        if lost:
            await forget(connection, lost, now)
            known = await positions(connection)
        async for records in reader.read(tails(known, ranges)):
            await recognise(connection, records)
        return counted(ranges)

    async def _replaced(self, reader: Reader, known: Known, ranges: Mapping[Partition, Range]) -> set[str]:
        """The topics in which another event lies where our last one was: emptied, and as long as before by now."""
        found = {place: None for place in last_records(known, ranges)}
        events: dict[Partition, UUID | None] = dict(found)
        async for records in reader.read(last_records(known, ranges)):
            events |= {record.place: envelope.event_id for record, envelope in parse(records)[0]}
        return {place[0] for place, event in events.items() if event != known[place].last_event}

    async def look(self, reader: Reader, known: Known, counts: Counts) -> set[str]:
        """While the relay is at work: the topics whose log has become shorter than it was. Raises KafkaLost, also for other partitions."""
        ranges = await self.ranges(reader)
        if not (lost := shrunk(known, ranges)) and counted(ranges) != counts:
            raise KafkaLost("repartitioned")
        return lost


async def recognise(connection: Connection, records: Sequence[Record]) -> None:
    """Our own events on the log are sent: off the queue, in each stream up to the first that the log skipped. Raises Restored."""
    events, _ = parse(records)  # what is no event hurts nobody: listeners quarantine it
    ours = {row["event_id"] for row in await connection.fetch(OURS, [envelope.event_id for _, envelope in events])}
    for record, envelope in events:
        if envelope.event_id not in ours:
            raise Restored(f"{record.topic}/{envelope.stream_id}/{envelope.seq}")
    async with connection.transaction():
        streams = sorted({(envelope.topic, envelope.stream_id) for _, envelope in events})
        queued = await connection.fetch(QUEUED, [topic for topic, _ in streams], [stream_id for _, stream_id in streams])
        sent = in_order(queued, [envelope for _, envelope in events])
        await connection.execute(SENT, [e.topic for e in sent], [e.stream_id for e in sent], [e.seq for e in sent])
        await connection.execute(PLACED, *columns({record.place: (record.offset + 1, envelope.event_id) for record, envelope in events}))
        await take_up_epochs(connection, events)


async def take_up_epochs(connection: Connection, events: Readable) -> None:
    """Never behind the log, whatever back-up we come from: listeners would not see the next epoch rise."""
    for topic in {envelope.topic for _, envelope in events}:
        await connection.execute(RAISED, topic, max(e.log_epoch for _, e in events if e.topic == topic))


def in_order(queued: Sequence[Row], events: Sequence[Envelope]) -> list[Envelope]:
    """Of these events those that count as sent: what lies behind a missing one must be sent again, behind it."""
    following = {(row["topic"], row["stream_id"]): row["seq"] for row in queued}
    sent = []
    for envelope in events:
        stream = (envelope.topic, envelope.stream_id)
        if following.get(stream) == envelope.seq:
            following[stream] += 1
            sent.append(envelope)
    return sent


async def is_halted(connection: Connection) -> bool:
    halted: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM halt WHERE topic = $1)", RELAY)
    return halted


async def halt(connection: Connection, stranger: Restored) -> None:
    """Stop the relay until a person has adopted the log, or resumes it. Source: delivery.md section 3."""
    log.error("log-has-strangers", first=str(stranger))
    await parking.halt(connection, RELAY, f"restored-from-older-state first-stranger={stranger}")
