"""Our own positions in the log, written in the batch's transaction. Kafka's committed offsets decide nothing."""

from collections.abc import Iterable, Mapping, Sequence

from shared.database import Database, Tx
from shared.kafka import Record

Partition = tuple[str, int]

LOAD = """
SELECT topic, partition, next_offset FROM inbox_offset
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))
"""
SAVE = """
INSERT INTO inbox_offset (topic, partition, next_offset)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) AS p(topic, partition, next_offset) ORDER BY topic, partition
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, moved_at = clock_timestamp()
"""


async def load(database: Database, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The stored next offset of each partition that has one."""
    wanted = sorted(partitions)
    async with database.connection() as connection:
        rows = await connection.fetch(LOAD, [topic for topic, _ in wanted], [partition for _, partition in wanted])
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def save(tx: Tx, ends: Mapping[Partition, int]) -> None:
    """Store where to read on, together with the effects of what was read."""
    places = sorted(ends)
    await tx.connection.execute(
        SAVE, [topic for topic, _ in places], [partition for _, partition in places], [ends[place] for place in places]
    )


def ends_of(records: Sequence[Record]) -> dict[Partition, int]:
    """The next offset of each partition after these records, which are in order within a partition."""
    return {(record.topic, record.partition): record.offset + 1 for record in records}


def start_of(stored: int | None, beginning: int, end: int) -> int | None:
    """Where to begin reading; None: something was lost before we read it, and a person must decide.

    Beyond the end: the log was emptied and made anew, begin at its beginning. Source: delivery.md section 4.
    """
    if stored is None:
        return 0 if beginning == 0 else None
    if stored > end:
        return beginning
    return stored if stored >= beginning else None
