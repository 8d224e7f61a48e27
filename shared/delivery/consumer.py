"""The consumer: reads the log from our own positions, one transaction a batch, and decides what a failure means."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from shared import telemetry
from shared.database import Database, TimedOut, Transient
from shared.delivery import inbox, offsets, parking
from shared.delivery.inbox import Batch, Handlers
from shared.delivery.offsets import Partition, ends_of
from shared.events.envelope import Envelope, Malformed, read
from shared.kafka import PARTITIONS, Consumer, KafkaLost, Record, partition_of

TRIES = 3
BACK_OFF = 0.5
BREATH = 0.02
"""Seconds between batches that were not full: under load they fill, and a commit is shared by many events."""
HALTS_EVERY = 1.0
REPORT_EVERY = 5.0
STUCK_AFTER = 60.0
WATCHED_EVERY = 5.0
UNASSIGNED_AFTER = 120.0

Result = TypeVar("Result")
log = structlog.get_logger("consumer")


class Stuck(Exception):
    """There is something to read and nothing moved for a minute: the process ends and the supervisor starts it again."""


@dataclass
class Listening:
    """Reads `topics` for `service` and applies each event once. One a worker process."""

    service: str
    database: Database
    consumer: Callable[[], Consumer]
    handlers: Handlers
    batch_size: int
    stopping: asyncio.Event
    applied: Callable[[], None] = lambda: None
    took_up: bool = False
    halted: frozenset[str] = frozenset()
    client: Consumer | None = None
    positions: dict[Partition, int] = field(default_factory=dict)
    _sought_for_gap: set[Partition] = field(default_factory=set)
    _moved_at: float = field(default_factory=time.monotonic)
    _turns: int = 0
    _looked_at: float = 0.0
    _reported_at: float = 0.0

    async def run(self) -> None:
        """Until `stopping`. A lost broker gives a new consumer, a lost database the same batch again. Raises Stuck."""
        while not self.stopping.is_set():
            self._turns += 1
            client = self.consumer()
            try:
                await client.start()
                self.client = client
                await self._read(client)
            except (KafkaLost, Transient, TimedOut) as error:
                log.warning("listening-interrupted", reason=type(error).__name__, code=str(error))
                await self._pause(BACK_OFF)
            finally:
                self.client = None
                self.positions.clear()
                await client.stop()

    async def watch(self) -> None:
        """Until `stopping`. Raises Stuck when no step was taken for a minute of this process's running: a call hangs that never should."""
        seen, looks = -1, 0
        while not self.stopping.is_set():
            seen, looks = self._turns, looks + 1 if seen == self._turns else 0
            if looks * WATCHED_EVERY >= STUCK_AFTER:
                raise Stuck("a call hangs")
            await self._pause(WATCHED_EVERY)

    async def _read(self, client: Consumer) -> None:
        self._moved_at = time.monotonic()  # how long broker or database were away before does not count
        while not self.stopping.is_set():
            self._turns += 1
            await self._look_at_halts(client)
            if client.fresh:
                await self._take_up(client)
            records = [r for r in await client.poll(self.batch_size) if r.topic not in self.halted]
            if records:
                await self._apply(client, records)
                self._moved_at = time.monotonic()
            await self._after(client)
            if 0 < len(records) < self.batch_size:
                await self._pause(BREATH)

    async def _take_up(self, client: Consumer) -> None:
        """Load our positions, hold them against the log, seek. Source: delivery.md section 4."""
        partitions = sorted(p for p in client.fresh if p[0] not in self.halted)
        if not partitions:
            return
        stored, ranges = await offsets.load(self.database, partitions), await client.range_of(partitions)
        for partition in partitions:
            start = offsets.start_of(stored.get(partition), *ranges[partition])
            if start is None:
                async with self.database.transaction() as tx:
                    await parking.halt(
                        tx.connection, partition[0], f"position-outside-log partition={partition[1]} log={ranges[partition]}"
                    )
                return
            self.positions[partition] = start
            client.seek(*partition, start)
        self.took_up = True

    async def _apply(self, client: Consumer, records: Sequence[Record]) -> None:
        readable, unreadable = parse(records)
        outcome = await attempt(self._in_one_transaction(readable, unreadable, records))
        if isinstance(outcome, Batch):
            self._settle(client, records, outcome)
        elif isinstance(outcome, Transient):
            raise outcome
        else:
            await self._one_by_one(client, records)

    async def _in_one_transaction(self, readable: list[Envelope], unreadable: list[tuple[Record, str]], records: Sequence[Record]) -> Batch:
        async with self.database.transaction() as tx:
            await parking.quarantine(tx, unreadable)
            batch = await inbox.apply(tx, readable, self.handlers)
            await offsets.save(tx, ends_of(records))
        return batch

    async def _one_by_one(self, client: Consumer, records: Sequence[Record]) -> None:
        """Three tries each; then the event is parked and its stream blocked, while other streams flow."""
        for record in records:
            if record.topic not in self.halted:
                await self._alone(client, record)

    async def _alone(self, client: Consumer, record: Record) -> None:
        readable, unreadable = parse([record])
        failure: BaseException = KafkaLost("untried")
        for _ in range(TRIES):
            self._turns += 1
            outcome = await attempt(self._in_one_transaction(readable, unreadable, [record]))
            if isinstance(outcome, Batch):
                return self._settle(client, [record], outcome)
            if isinstance(outcome, Transient):
                raise outcome
            failure = outcome
        await self._park(client, record, readable[0], failure)
        return None

    async def _park(self, client: Consumer, record: Record, envelope: Envelope, error: BaseException) -> None:
        reason = parking.reason_of(error)
        log.error("event-failed", topic=record.topic, stream_id=str(envelope.stream_id), seq=envelope.seq, reason=reason)
        async with self.database.transaction() as tx:
            if await parking.is_bug(tx, envelope):
                await parking.halt(tx.connection, record.topic, f"streams-failing {reason}")
                return self._halt(client, record.topic)
            await parking.park_failed(tx, envelope, error)
            await offsets.save(tx, ends_of([record]))
        self.positions |= ends_of([record])
        telemetry.count({"parked": 1})
        return None

    def _settle(self, client: Consumer, records: Sequence[Record], batch: Batch) -> None:
        self.positions |= ends_of(records)
        telemetry.count(batch.counts, batch.applied, time.time())
        self.applied()
        for partition in {(topic, partition_of(str(stream_id).encode())) for topic, stream_id in batch.gaps} - self._sought_for_gap:
            self._sought_for_gap.add(partition)
            client.seek(*partition, 0)

    async def _look_at_halts(self, client: Consumer) -> None:
        if time.monotonic() - self._looked_at < HALTS_EVERY:
            return
        self._looked_at = time.monotonic()
        halted = await parking.halted(self.database)
        for topic in halted - self.halted:
            self._halt(client, topic)
        self.halted = halted

    def _halt(self, client: Consumer, topic: str) -> None:
        log.error("topic-halted", topic=topic)
        self.halted |= {topic}
        client.forget(topic)

    async def _after(self, client: Consumer) -> None:
        if time.monotonic() - self._reported_at > REPORT_EVERY:
            self._reported_at = time.monotonic()
            await client.report(self.positions)
        idle, limit = self._idle(client)
        if idle:
            self._moved_at = time.monotonic()
        elif time.monotonic() - self._moved_at > limit:
            raise Stuck("nothing moved")

    def _idle(self, client: Consumer) -> tuple[bool, float]:
        """Whether nothing is expected to move, else for how long that is bearable. Source: delivery.md section 4, liveness."""
        if not client.ready:
            return bool(self.halted), UNASSIGNED_AFTER
        return not any((self.lags() or {}).values()), STUCK_AFTER

    async def ends(self) -> dict[Partition, int] | None:
        """Where the log of all our topics ends now; None while there is no broker to ask. Raises KafkaLost."""
        if self.client is None:
            return None
        ranges = await self.client.range_of((topic, partition) for topic in self.client.topics for partition in range(PARTITIONS))
        return {partition: end for partition, (_, end) in ranges.items()}

    async def has_heard(self, ends: Mapping[Partition, int]) -> bool:
        """Whether this service, in whichever of its workers, has applied the log up to `ends`."""
        stored = await offsets.load(self.database, ends)
        return all(stored.get(partition, 0) >= end for partition, end in ends.items())

    def lags(self) -> dict[str, int] | None:
        """Lag by topic of the partitions this process has; None while it has no broker."""
        if self.client is None:
            return None
        lags: dict[str, int] = dict.fromkeys(self.client.topics, 0)
        for topic, partition in self.client.ready:
            end = self.client.highwater(topic, partition)
            lags[topic] += max(0, (end or 0) - self.positions.get((topic, partition), 0))
        return lags

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return


def parse(records: Sequence[Record]) -> tuple[list[Envelope], list[tuple[Record, str]]]:
    """Events, and records that are none with the reason; order is kept."""
    readable, unreadable = [], []
    for record in records:
        try:
            readable.append(read(record.topic, record.headers, record.value))
        except Malformed as error:
            unreadable.append((record, error.reason))
    return readable, unreadable


async def attempt(work: Awaitable[Result]) -> Result | BaseException:
    """Failures of handlers are total (delivery.md section 4): whatever is raised becomes a value to decide on."""
    (outcome,) = await asyncio.gather(work, return_exceptions=True)
    return outcome
