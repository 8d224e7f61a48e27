"""Our own positions in the log, written in the batch's transaction. Kafka's committed offsets decide nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.database import Database, Tx
from shared.delivery import parking
from shared.delivery.log import Readable
from shared.events.envelope import Envelope
from shared.records import Partition, Range, Record

WHEREVER_IT_BEGINS = -1
"""A position that a person's `resume` turns into the log's beginning: what was lost before it is known to be lost."""

LOAD = """
SELECT topic, partition, next_offset, log_epoch FROM inbox_offset
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))
"""
SAVE = """
INSERT INTO inbox_offset (topic, partition, next_offset, log_epoch)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[]) AS p(topic, partition, next_offset, log_epoch) ORDER BY 1, 2
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, moved_at = clock_timestamp()
WHERE (inbox_offset.log_epoch, inbox_offset.next_offset) <= (EXCLUDED.log_epoch, EXCLUDED.next_offset)
"""
"""A late batch moves nothing back: another worker has read on, or what it read was a log that was lost since."""


BEGIN = """
INSERT INTO inbox_offset (topic, partition, next_offset, log_epoch)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[]) AS p(topic, partition, next_offset, log_epoch) ORDER BY 1, 2
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, log_epoch = EXCLUDED.log_epoch,
    moved_at = clock_timestamp()
"""


@dataclass(frozen=True)
class Place:
    """Where we read on in a partition, and in which epoch of its log."""

    next_offset: int
    log_epoch: int = 0


async def load(database: Database, partitions: Iterable[Partition]) -> dict[Partition, Place]:
    """The stored place of each partition that has one."""
    wanted = sorted(partitions)
    async with database.connection() as connection:
        rows = await connection.fetch(LOAD, [topic for topic, _ in wanted], [partition for _, partition in wanted])
    return {(row["topic"], row["partition"]): Place(row["next_offset"], row["log_epoch"]) for row in rows}


async def begin(tx: Tx, places: Mapping[Partition, Place]) -> None:
    """Store where to begin reading, and in which epoch of the log."""
    at = sorted(places)
    found = [places[a] for a in at]
    await tx.connection.execute(BEGIN, [t for t, _ in at], [p for _, p in at], [f.next_offset for f in found], [f.log_epoch for f in found])


async def heard_of(database: Database, ends: Mapping[Partition, int]) -> set[str]:
    """The topics of `ends` whose log this service has applied up to there."""
    stored = await load(database, ends)
    behind = {topic for (topic, number), end in ends.items() if stored.get((topic, number), Place(0)).next_offset < end}
    return {topic for topic, _ in ends} - behind


async def halt_outside(database: Database, places: Mapping[Partition, Place | None], ranges: Mapping[Partition, Range]) -> set[str]:
    """Halt the topics in which a place is outside the log; `resume` begins where the log does, wherever that is by then."""
    outside = sorted(partition for partition, place in places.items() if place is None)
    topics = {topic for topic, _ in outside}
    for topic in topics:
        where = " ".join(f"partition={number} log={ranges[topic, number]}" for name, number in outside if name == topic)
        async with database.transaction() as tx:
            await parking.halt(tx.connection, topic, f"position-outside-log {where}")
            await begin(tx, {partition: Place(WHEREVER_IT_BEGINS) for partition in outside if partition[0] == topic})
    return topics


async def save(tx: Tx, ends: Mapping[Partition, int], places: Mapping[Partition, Place]) -> None:
    """Store where to read on, together with the effects of what was read; `places` tell in which epoch that was."""
    at = sorted(ends)
    epochs = [places.get(a, Place(0)).log_epoch for a in at]
    await tx.connection.execute(SAVE, [t for t, _ in at], [p for _, p in at], [ends[a] for a in at], epochs)


def ends_of(records: Sequence[Record]) -> dict[Partition, int]:
    """The next offset of each partition after these records, which are in order within a partition."""
    return {record.place: record.offset + 1 for record in records}


def taken(records: Sequence[Record], readable: Readable, left: int) -> Sequence[Record]:
    """The records before the last `left` events, which are for the next transaction."""
    return records[: records.index(readable[-left][0])] if left else records


def start_of(stored: int | None, beginning: int, end: int) -> int | None:
    """Where to begin reading; None: something was lost before we read it, and a person must decide.

    Beyond the end: the log was emptied and made anew, begin at its beginning. Source: delivery.md section 4.
    """
    if stored is None:
        return 0 if beginning == 0 else None
    if stored > end or stored == WHEREVER_IT_BEGINS:
        return beginning
    return stored if stored >= beginning else None


def places_of(stored: Mapping[Partition, Place], ranges: Mapping[Partition, Range]) -> dict[Partition, Place | None]:
    """Where to begin in each partition; None: outside the log."""
    places: dict[Partition, Place | None] = {}
    for partition, (beginning, end) in ranges.items():
        known = stored.get(partition)
        start = start_of(known.next_offset if known else None, beginning, end)
        places[partition] = None if start is None else Place(start, known.log_epoch if known else 0)
    return places


def at_the_end(places: Mapping[Partition, Place], ranges: Mapping[Partition, Range]) -> dict[Partition, int]:
    """The last record's offset in the partitions that were read to their end: a log filled again to that very length shows only there."""
    ends = {partition: ranges[partition] for partition, place in places.items() if place.next_offset == ranges[partition][1]}
    return {partition: end - 1 for partition, (beginning, end) in ends.items() if beginning < end}


def showing(readable: Iterable[tuple[Record, Envelope]], streams: Collection[tuple[str, UUID]]) -> set[Partition]:
    """The partitions in which these streams were met."""
    return {record.place for record, envelope in readable if (envelope.topic, envelope.stream_id) in streams}


def log_ends(stored: Mapping[Partition, Place], ranges: Mapping[Partition, Range]) -> dict[Partition, int] | None:
    """Where the log ends; None where a place stored before that was asked lies behind the end: the log was emptied and is not ours yet."""
    emptied = any(place.next_offset > ranges[partition][1] for partition, place in stored.items())
    return None if emptied else {partition: end for partition, (_, end) in ranges.items()}


def lags(topics: Iterable[str], positions: Mapping[Partition, int], ends: Mapping[Partition, int]) -> dict[str, int]:
    """How many records are left to read, by topic."""
    left = dict.fromkeys(topics, 0)
    for partition, end in ends.items():
        left[partition[0]] += max(0, end - positions.get(partition, 0))
    return left


def skipped(records: Sequence[Record], positions: Mapping[Partition, int]) -> set[Partition]:
    """The partitions whose first record lies beyond where we are: retention was quicker than we, and the client went on without a word."""
    firsts = {record.place: record.offset for record in reversed(records)}
    return {partition for partition, offset in firsts.items() if offset > positions.get(partition, offset)}


def risen(readable: Sequence[tuple[Record, Envelope]], places: Mapping[Partition, Place]) -> dict[Partition, int]:
    """The partitions of the topics in which a record names a later epoch than ours, with it: their log was lost and filled again.

    A topic is lost and refilled as a whole: beginning anew partition by partition took longer than the refill.
    """
    epochs: dict[str, int] = {}
    for _, envelope in readable:
        epochs[envelope.topic] = max(envelope.log_epoch, epochs.get(envelope.topic, 0))
    return {partition: epochs[partition[0]] for partition, place in places.items() if place.log_epoch < epochs.get(partition[0], 0)}
