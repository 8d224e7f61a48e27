"""The relay: moves rows of the outbox to Kafka, one active per service database. Nothing else publishes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from shared import points
from shared.database import Connection, Database, Record, TimedOut, Transient
from shared.delivery import log as known_log
from shared.delivery import resend
from shared.delivery.log import Counts, Known, Log, Position, Reader
from shared.events.envelope import Envelope
from shared.kafka import partition_of
from shared.records import PARTITIONS, KafkaLost, Outgoing, Partition

LOCK = 7_302_002
BATCH = 1_000
IDLE = 0.05
AFTER_WORK = 0.01
LIVELY_FOR = 1.0
"""Seconds after a row was sent in which the next is looked for as soon as after work: commits of another process do not wake us."""
STANDBY = 1.0
BACK_OFF = 0.5
FLOOR_EVERY = 60.0
LOOK_EVERY = 5.0
ASKED_EVERY = 1.0
SILENT = "15s"
"""Longer than any wait for the broker: who holds the lock and asks nothing for so long is frozen or gone, and another takes over."""

READ = """
SELECT o.* FROM (SELECT id FROM unsent WHERE id >= $1 ORDER BY id LIMIT $2) AS q JOIN outbox o USING (id) ORDER BY o.id
"""
TAKE = f"WITH taken AS (DELETE FROM unsent WHERE id = ANY($5::bigint[])) {known_log.PLACED}"

log = structlog.get_logger("relay")


class Sender(Protocol):
    """What the relay needs of a producer: see `shared.kafka.Producer`."""

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]: ...
    async def stop(self) -> None: ...


class Lost(KafkaLost):
    """The log was emptied under us; what it held is on its way again."""


@dataclass
class Relay:
    """Reads **and deletes** on the connection that holds the lock: who lost it cannot mark anything as sent.

    `log` is held against what we know of it before anything is sent and every five seconds; without one only the acknowledgements are.
    """

    database: Database
    producer: Callable[[], Awaitable[Sender]]
    stopping: asyncio.Event
    log: Log | None = None
    active: bool = False
    known: Known = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _floor: int = 0
    _next_floor: int = 0
    _floor_read_at: float | None = None
    _asked_at: float = 0.0
    _cursor: resend.Cursor | None = None

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
        await connection.execute(f"SET idle_session_timeout = '{SILENT}'")  # taken back with the lock, by the pool
        while not self.stopping.is_set():
            if not await known_log.is_halted(connection) and await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                self.active, self._floor, self._next_floor, self._floor_read_at, self._asked_at = True, 0, 0, None, 0.0
                return await self._with_producer(connection)
            await self._rest(STANDBY)

    async def _with_producer(self, connection: Connection) -> None:
        async with AsyncExitStack() as stack:
            producer = await self.producer()
            stack.push_async_callback(producer.stop)  # the lock goes when the pool takes the connection back
            reader = await stack.enter_async_context(self.log.opened()) if self.log else None
            if not await self._examined(connection, reader):
                return
            looked_at = sent_at = time.monotonic()
            while not self.stopping.is_set():
                if await self._turn(connection, producer):
                    sent_at = time.monotonic()
                    await self._rest(AFTER_WORK)
                else:
                    await self._pause(IDLE if time.monotonic() - sent_at > LIVELY_FOR else AFTER_WORK)
                if reader and time.monotonic() - looked_at > LOOK_EVERY:
                    await self._look(connection, reader)
                    looked_at = time.monotonic()

    async def _examined(self, connection: Connection, reader: Reader | None) -> bool:
        """Whether we may send: False halts the relay, since the log knows more of us than we do."""
        try:
            if self.log and reader:
                self.counts = await self.log.examine(connection, reader, self.database.now())
        except known_log.Restored as stranger:
            await known_log.halt(connection, stranger)
            return False
        self.known = await known_log.positions(connection)
        return True

    async def _look(self, connection: Connection, reader: Reader) -> None:
        """Raises Lost, or KafkaLost when we were halted or the topics have other partitions."""
        assert self.log
        if shrunk := await self.log.look(reader, self.known, self.counts):
            await self._forget(connection, shrunk)
        if await known_log.is_halted(connection):
            raise KafkaLost("halted")

    async def _forget(self, connection: Connection, topics: set[str]) -> None:
        await known_log.forget(connection, topics, self.database.now())
        raise Lost(" ".join(sorted(topics)))

    async def _turn(self, connection: Connection, producer: Sender) -> int:
        """A refill alone until it is done; else what is new, and behind it a slice of what was asked for again."""
        if self._cursor or time.monotonic() - self._asked_at > ASKED_EVERY:
            self._cursor, self._asked_at = await resend.next_cursor(connection), time.monotonic()
        if self._cursor and self._cursor.before_new:
            return await self._send_again(connection, producer, self._cursor)
        sent = await self.send_once(connection, producer)
        if self._cursor:
            sent += await self._send_again(connection, producer, self._cursor)
        return sent

    async def send_once(self, connection: Connection, producer: Sender) -> int:
        """One slice of the queue: send in order, wait for all acknowledgements, delete the longest acknowledged prefix; answers its length.

        Raises KafkaLost when a row was not acknowledged: what lies behind it is sent again, though acknowledged.
        """
        rows = await connection.fetch(READ, self._floor, BATCH)
        self._raise_floor(rows)
        if not rows:
            return 0
        ends = await self._send(connection, producer, rows)
        await self._place(connection, ends, [row["id"] for row in rows[: ends.rows]])
        points.reach("after-mark")
        return ends.complete()

    async def _send_again(self, connection: Connection, producer: Sender, cursor: resend.Cursor) -> int:
        """One slice of a resend; its cursor moves with our position on the log. Never 0: the cursor is done or has moved."""
        rows = await resend.rows_of(connection, cursor, BATCH)
        ends = await self._send(connection, producer, rows) if rows else Ends({}, 0, 0)
        after = rows[ends.rows - 1]["id"] if ends.rows else cursor.after_id
        async with connection.transaction():
            await self._place(connection, ends, [])
            await resend.move(connection, cursor, None if len(rows) < BATCH and ends.rows == len(rows) else after)
        return ends.complete() or 1

    async def _send(self, connection: Connection, producer: Sender, rows: Sequence[Record]) -> "Ends":
        epochs = {topic: known_log.epoch_of(self.known, topic) for topic in {row["topic"] for row in rows}}
        records = [outgoing(row, epochs[row["topic"]], self.counts.get(row["topic"], PARTITIONS)) for row in rows]
        offsets = await producer.send(records)
        points.reach("after-ack")
        acknowledged = [(record.place, offset) for record, offset in zip(records, offsets, strict=True) if offset is not None]
        if emptied := known_log.overwritten(self.known, acknowledged):
            await self._forget(connection, emptied)
        prefix = next((n for n, offset in enumerate(offsets) if offset is None), len(rows))
        return Ends(
            {place: (offset + 1, row["event_id"]) for (place, offset), row in zip(acknowledged[:prefix], rows, strict=False)},
            prefix,
            len(rows),
        )

    async def _place(self, connection: Connection, ends: "Ends", taken: list[int]) -> None:
        if ends.rows:
            await connection.execute(TAKE, *known_log.columns(ends.places), taken)
            for place, (offset, event) in ends.places.items():
                self.known[place] = Position(offset, known_log.epoch_of(self.known, place[0]), event)

    def _raise_floor(self, rows: Sequence[Record]) -> None:
        """The floor rises to the lowest id that was pending a minute ago: transactions end within 15 s, so nothing appears below it."""
        now = time.monotonic()
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


@dataclass(frozen=True)
class Ends:
    """Where an acknowledged prefix of `of` rows ends in each partition, and with which event."""

    places: Mapping[Partition, tuple[int, UUID | None]]
    rows: int
    of: int

    def complete(self) -> int:
        """How many rows; raises KafkaLost when it is not all of them."""
        if self.rows < self.of:
            raise KafkaLost("unacknowledged")
        return self.rows


def outgoing(row: Record, log_epoch: int = 0, partitions: int = PARTITIONS) -> Outgoing:
    """An outbox row as a record; of the topic's `partitions` it takes its stream's, so that a stream stays in order."""
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
        log_epoch=log_epoch,
        body=row["body"].encode(),
    )
    key = str(envelope.stream_id).encode()
    return Outgoing(envelope.topic, partition_of(key, partitions), key, envelope.body, envelope.headers())
