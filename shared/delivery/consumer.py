"""The consumer: reads the log from our own positions, one transaction a batch, and decides what a failure means."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from shared import points, telemetry
from shared.database import Database, TimedOut, Transient
from shared.delivery import inbox, offsets, parking
from shared.delivery.inbox import Batch, Handlers
from shared.delivery.log import RELAY, Readable, parse
from shared.delivery.offsets import Place, ends_of
from shared.delivery.parking import attempt
from shared.events.envelope import Envelope
from shared.kafka import Consumer
from shared.records import KafkaLost, Partition, Record

TRIES = 3
BACK_OFF = 0.5
BREATH = 0.01
"""Seconds between batches that were not full: under load they fill, and a commit is shared by many events."""
HALTS_EVERY, REPORT_EVERY, WATCHED_EVERY = 1.0, 5.0, 5.0
LONG = 5.0
STUCK_AFTER = 60.0
UNASSIGNED_AFTER = 120.0
LATE_FOR = 120.0
"""How long one event alone may run past the database's guards before it counts as bad: a slow database is no bad event."""

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
    places: dict[Partition, Place] = field(default_factory=dict)
    _late: tuple[Record, float] | None = None
    _again: dict[Partition, int] = field(default_factory=dict)  # the last record of a partition, to be looked at only
    _sought_for_gap: set[Partition] = field(default_factory=set)
    _moved_at: float = field(default_factory=time.monotonic)
    _most: int = 0
    _turns: int = 0
    _looked_at: float = 0.0
    _reported_at: float = 0.0

    async def run(self) -> None:
        """Until `stopping`. A lost broker gives a new consumer, a lost database the same records again. Raises Stuck."""
        while not self.stopping.is_set():
            self._turns += 1
            client = self.consumer()
            try:
                await client.start()
                self.client = client
                await self._read(client)
            except KafkaLost as error:
                await self._interrupted(error)
            finally:
                self.client = None
                self.positions.clear()
                self._sought_for_gap.clear()  # nobody knows how far this one came
                await client.stop()

    async def watch(self) -> None:
        """Until `stopping`. Raises Stuck when no step was taken for a minute of this process's running: a call hangs that never should."""
        seen, looks = -1, 0
        while not self.stopping.is_set():
            seen, looks = self._turns, looks + 1 if seen == self._turns else 0
            if looks * WATCHED_EVERY >= STUCK_AFTER:
                raise Stuck("a call hangs")
            await self._pause(WATCHED_EVERY)

    async def _interrupted(self, error: Exception) -> None:
        log.warning("listening-interrupted", reason=type(error).__name__, code=str(error))
        await self._pause(BACK_OFF)
        self._moved_at = time.monotonic()  # how long broker or database were away does not count

    async def _read(self, client: Consumer) -> None:
        """The client, and with it our membership, outlives a database that is away: only the reading goes back."""
        self._moved_at = time.monotonic()
        while not self.stopping.is_set():
            self._turns += 1
            try:
                await self._turn(client)
            except (Transient, TimedOut) as error:
                await self._interrupted(error)
                self._go_to(client, {partition: self.positions[partition] for partition in client.ready})

    async def _turn(self, client: Consumer) -> None:
        await self._look_at_halts(client)
        if client.fresh:
            await self._take_up(client)
        records = [r for r in await client.poll(self._most or self.batch_size) if r.topic not in self.halted]
        if skipped := offsets.skipped(records, self.positions):
            client.forget(skipped)
            records = [r for r in records if r.place not in skipped]
        if records := await self._looked_back(client, records) if self._again else records:
            await self._apply(client, records)
            self._moved_at = time.monotonic()
        await self._after(client)
        if 0 < len(records) < (self._most or self.batch_size):
            await self._pause(BREATH)

    async def _take_up(self, client: Consumer) -> None:
        """Load our positions, hold them against the log, seek. Source: delivery.md section 4."""
        if not (partitions := sorted(p for p in client.fresh if p[0] not in self.halted)):
            self.took_up = True  # all halted: told by the halt, and no reason to refuse commands
            return
        stored, ranges = await offsets.load(self.database, partitions), await client.range_of(partitions)
        for topic in await offsets.halt_outside(self.database, places := offsets.places_of(stored, ranges), ranges):
            self._halt(client, topic)
        read = {p: place for p, place in places.items() if place and p[0] not in self.halted}
        await self._begin(client, read, stored, offsets.at_the_end(read, ranges))
        self.took_up = True

    async def _looked_back(self, client: Consumer, records: Sequence[Record]) -> list[Record]:
        """Without those that were read again: they tell their log's epoch and have no other effect."""
        again = [record for record in records if self._again.pop(record.place, None) == record.offset]
        if risen := offsets.risen(parse(again)[0], {partition: self.places[partition] for partition in client.ready}):
            await self._begin_anew(client, risen)
        self.positions |= {place: end for place, end in ends_of(again).items() if place not in risen}
        return [record for record in records if record not in again and record.place not in risen]

    async def _begin(
        self, client: Consumer, places: Mapping[Partition, Place], stored: Mapping[Partition, Place], lasts: Mapping[Partition, int]
    ) -> None:
        """Write down what differs from what is stored, and read on from there; of `lasts` the last record is looked at before."""
        if changed := {partition: place for partition, place in places.items() if stored.get(partition) != place}:
            async with self.database.transaction() as tx:
                await offsets.begin(tx, changed)
        self.places |= places
        self._again = {partition: offset for partition, offset in self._again.items() if partition not in places} | dict(lasts)
        self._go_to(client, {partition: place.next_offset for partition, place in places.items()} | dict(lasts))

    def _go_to(self, client: Consumer, positions: Mapping[Partition, int]) -> None:
        self.positions |= positions
        for partition, offset in positions.items():
            client.seek(*partition, offset)

    async def _begin_anew(self, client: Consumer, epochs: Mapping[Partition, int]) -> None:
        """Another log lies there than the one we read: from its beginning, whatever we had of it before."""
        log.warning("log-begun-anew", partitions=len(epochs))
        self._sought_for_gap -= set(epochs)
        ranges = await client.range_of(epochs)
        await self._begin(client, {p: Place(ranges[p][0], epoch) for p, epoch in epochs.items()}, {}, {})

    async def _apply(self, client: Consumer, records: Sequence[Record]) -> None:
        while records and not self.stopping.is_set():
            readable, unreadable = parse(records)
            if risen := offsets.risen(readable, {partition: self.places[partition] for partition in client.ready}):
                await self._begin_anew(client, risen)
                records = [record for record in records if record.place not in risen]
                continue
            outcome = await attempt(self._in_one_transaction(readable, unreadable, records))
            if isinstance(outcome, Transient):
                self._most = max(1, len(records) // 2) if time.monotonic() - self._moved_at > LONG else self._most  # it would never fit
                raise outcome
            if not isinstance(outcome, Batch):
                return await self._in_halves(client, records)
            before, applied = dict(self.positions), offsets.taken(records, readable, outcome.left)
            await self._settle(client, applied, outcome)
            self._most, self._turns, self._moved_at = min(2 * self._most, self.batch_size), self._turns + 1, time.monotonic()
            records = self._flowing(records[len(applied) :], before)

    async def _in_one_transaction(
        self, readable: Readable, unreadable: list[tuple[Record, str]], records: Sequence[Record], follower_fails: str | None = None
    ) -> Batch:
        async with self.database.transaction() as tx:
            batch = await inbox.apply(tx, [envelope for _, envelope in readable], self.handlers, follower_fails, inbox.SHARE)
            ends = ends_of(offsets.taken(records, readable, batch.left))
            await parking.quarantine(tx, [(record, why) for record, why in unreadable if record.offset < ends.get(record.place, 0)])
            await offsets.save(tx, ends, self.places)
        points.reach("after-batch-commit")
        return batch

    async def _in_halves(self, client: Consumer, records: Sequence[Record]) -> None:
        """Narrow down what fails, so that one bad event costs its batch few transactions more. Alone it is parked after three tries."""
        if len(records) == 1:
            return await self._alone(client, records[0])
        before = dict(self.positions)
        for half in (records[: len(records) // 2], records[len(records) // 2 :]):
            self._turns += 1
            await self._apply(client, self._flowing(half, before))

    def _flowing(self, records: Sequence[Record], before: Mapping[Partition, int]) -> list[Record]:
        """Without halted topics, and partitions that went back from `before` to look for a gap: they are read from there again."""
        back = {partition for partition, position in before.items() if self.positions.get(partition, position) < position}
        return [record for record in records if record.topic not in self.halted and record.place not in back]

    async def _alone(self, client: Consumer, record: Record) -> None:
        readable, unreadable = parse([record])
        failure: BaseException = KafkaLost("untried")
        for _ in range(TRIES):
            self._turns += 1
            outcome = await attempt(self._in_one_transaction(readable, unreadable, [record]))
            if isinstance(outcome, Batch):
                return await self._settle(client, [record], outcome)
            if isinstance(outcome, Transient) or (isinstance(outcome, TimedOut) and self._bears(record)):
                raise outcome
            failure = outcome
        return await self._park(client, record, readable[0][1], failure)

    def _bears(self, record: Record) -> bool:
        """Whether a record that was alone in its transaction and still ran past a guard is tried again as after a transient failure."""
        if self._late is None or self._late[0] != record:
            self._late = (record, time.monotonic())
        return time.monotonic() - self._late[1] < LATE_FOR

    async def _park(self, client: Consumer, record: Record, envelope: Envelope, error: BaseException) -> None:
        """Set aside what fails: the one that waited for this event, if without it this one takes effect; else this one."""
        reason = parking.reason_of(error)
        log.error("event-failed", topic=record.topic, stream_id=str(envelope.stream_id), seq=envelope.seq, reason=reason)
        async with self.database.transaction() as tx:
            if await parking.is_bug(tx, envelope):
                await parking.halt(tx.connection, record.topic, f"streams-failing {reason}")
                return self._halt(client, record.topic)
        outcome = await attempt(self._in_one_transaction([(record, envelope)], [], [record], follower_fails=reason))
        if isinstance(outcome, Batch):
            return await self._settle(client, [record], outcome)
        if isinstance(outcome, Transient):
            raise outcome
        async with self.database.transaction() as tx:
            await parking.park_failed(tx, envelope, error)
            await offsets.save(tx, ends_of([record]), self.places)
        self.positions |= ends_of([record])
        telemetry.count({"failed": 1})

    async def _settle(self, client: Consumer, records: Sequence[Record], batch: Batch) -> None:
        self.positions |= ends_of(records)
        telemetry.count(batch.counts, batch.applied, time.time())
        self.applied()
        if gaps := (offsets.showing(parse(records)[0], batch.gaps) if batch.gaps else set()) - self._sought_for_gap:
            self._go_to(client, {partition: beginning for partition, (beginning, _) in (await client.range_of(gaps)).items()})
            self._sought_for_gap |= gaps

    async def _look_at_halts(self, client: Consumer) -> None:
        if time.monotonic() - self._looked_at < HALTS_EVERY:
            return
        self._looked_at = time.monotonic()
        halted = await parking.halted(self.database) - {RELAY}
        for topic in halted - self.halted:
            self._halt(client, topic)
        self.halted = halted

    def _halt(self, client: Consumer, topic: str) -> None:
        log.error("topic-halted", topic=topic)
        self.halted |= {topic}
        client.forget(partition for partition in client.ready if partition[0] == topic)

    async def _after(self, client: Consumer) -> None:
        if time.monotonic() - self._reported_at > REPORT_EVERY:
            self._reported_at = time.monotonic()
            await client.report(self.positions)
            client.forget([p for p in client.ready if (client.highwater(*p) or self.positions[p]) < self.positions[p]])  # emptied
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
        """Where the log of all our topics ends now; None while no broker says so, or it was emptied unnoticed. Raises KafkaLost."""
        if (client := self.client) is None:
            return None
        stored = await offsets.load(self.database, asked := await client.partitions_of(client.topics))
        return offsets.log_ends(stored, await client.range_of(asked))

    def lags(self) -> dict[str, int] | None:
        """Lag by topic of the partitions this process has; None while it has no broker."""
        if (client := self.client) is None:
            return None
        return offsets.lags(client.topics, self.positions, {partition: client.highwater(*partition) or 0 for partition in client.ready})

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
