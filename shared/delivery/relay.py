"""The relay: moves rows of the outbox to Kafka, one active per service database. Nothing else publishes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from shared.database import Connection, Database, Record, TimedOut, Transient
from shared.events.envelope import Envelope
from shared.kafka import KafkaLost, Outgoing, partition_of

LOCK = 7_302_002
BATCH = 1_000
IDLE = 0.05
AFTER_WORK = 0.01
STANDBY = 1.0
BACK_OFF = 0.5
FLOOR_EVERY = timedelta(minutes=1)

READ = """
SELECT o.id, o.event_id, o.topic, o.stream_id, o.seq, o.type, o.body,
       o.occurred_at, o.recorded_at, o.correlation_id, o.causation_id, o.traceparent
FROM (SELECT id FROM unsent WHERE id >= $1 ORDER BY id LIMIT $2) AS q JOIN outbox o USING (id) ORDER BY o.id
"""
DELETE = """
WITH taken AS (DELETE FROM unsent WHERE id = ANY($1::bigint[]))
INSERT INTO relay_position (topic, partition, next_offset)
SELECT * FROM unnest($2::text[], $3::int[], $4::bigint[]) AS p(topic, partition, next_offset)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset
"""

log = structlog.get_logger("relay")


class Sender(Protocol):
    """What the relay needs of a producer: see `shared.kafka.Producer`."""

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]: ...
    async def stop(self) -> None: ...


@dataclass
class Relay:
    """Reads **and deletes** on the connection that holds the lock: who lost it cannot mark anything as sent."""

    database: Database
    producer: Callable[[], Awaitable[Sender]]
    stopping: asyncio.Event
    active: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _floor: int = 0
    _next_floor: int = 0
    _floor_read_at: datetime | None = None

    def wake(self) -> None:
        """Something was committed in this process."""
        self._woken.set()

    async def run(self) -> None:
        """Until `stopping`: hold the lock and relay; on any loss of database or broker begin anew with a new producer."""
        while not self.stopping.is_set():
            try:
                async with self.database.connection() as connection:
                    await self._while_locked(connection)
            except (Transient, TimedOut, KafkaLost) as error:
                log.warning("relay-interrupted", reason=type(error).__name__, code=str(error))
                await self._rest(BACK_OFF)  # not woken by commits: each would ask a broker that is away
            finally:
                self.active = False

    async def _while_locked(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                self.active, self._floor, self._next_floor, self._floor_read_at = True, 0, 0, None
                await self._with_producer(connection)
                return
            await self._rest(STANDBY)

    async def _with_producer(self, connection: Connection) -> None:
        producer = await self.producer()
        try:
            while not self.stopping.is_set():
                sent = await self.send_once(connection, producer)
                await (self._rest(AFTER_WORK) if sent else self._pause(IDLE))
        finally:
            await producer.stop()  # the lock goes when the pool takes the connection back

    async def send_once(self, connection: Connection, producer: Sender) -> int:
        """One slice: send in order, wait for every acknowledgement, delete the longest acknowledged prefix; answers its length.

        Raises KafkaLost when a row was not acknowledged: what lies behind it is sent again, though acknowledged.
        """
        rows = await connection.fetch(READ, self._floor, BATCH)
        await self._raise_floor(rows)
        if not rows:
            return 0
        records = [outgoing(row) for row in rows]
        offsets = await producer.send(records)
        prefix = next((n for n, offset in enumerate(offsets) if offset is None), len(rows))
        await self._delete(connection, rows[:prefix], records, offsets)
        if prefix < len(rows):
            raise KafkaLost("unacknowledged")
        return prefix

    async def _delete(
        self, connection: Connection, rows: Sequence[Record], records: Sequence[Outgoing], offsets: Sequence[int | None]
    ) -> None:
        ends: dict[tuple[str, int], int] = {}
        for record, offset in zip(records[: len(rows)], offsets, strict=False):
            if offset is not None:
                ends[(record.topic, record.partition)] = offset + 1
        if rows:
            places = sorted(ends)
            ids = [row["id"] for row in rows]
            await connection.execute(DELETE, ids, [t for t, _ in places], [p for _, p in places], [ends[place] for place in places])

    async def _raise_floor(self, rows: Sequence[Record]) -> None:
        """The floor rises to the lowest id that was pending a minute ago: transactions end within 15 s, so nothing appears below it."""
        now = self.database.now()
        if self._floor_read_at is None or now - self._floor_read_at >= FLOOR_EVERY:
            self._floor, self._floor_read_at = self._next_floor, now
            self._next_floor = rows[0]["id"] if rows else self._next_floor

    async def _rest(self, seconds: float) -> None:
        """Wait whatever is committed meanwhile, so that one request to the broker carries several commits."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _pause(self, seconds: float) -> None:
        """Wait to be woken, at most `seconds`; stopping wakes too."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._woken.clear()


def outgoing(row: Record) -> Outgoing:
    """An outbox row as a record; the partition follows the stream, so that a stream stays in order."""
    envelope = Envelope(
        event_id=row["event_id"],
        topic=row["topic"],
        stream_id=row["stream_id"],
        seq=row["seq"],
        type=row["type"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
        log_epoch=0,
        body=row["body"].encode(),
    )
    key = str(envelope.stream_id).encode()
    return Outgoing(envelope.topic, partition_of(key), key, envelope.body, envelope.headers())
