"""The one door to aiokafka: a producer of explicit batches, a consumer whose positions are ours, topics. Knows no table and no event."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.partitioner import murmur2

from shared.fetching import fetched
from shared.records import PARTITIONS, KafkaLost, Outgoing, Partition, Range, Record
from shared.topics import ASKING_SECONDS, RETENTION_MS, create_topics, partitions_of, remake_topics, started, stopped
from shared.waiting import within

__all__ = [
    "PARTITIONS",
    "RETENTION_MS",
    "Consumer",
    "KafkaLost",
    "LogReader",
    "Outgoing",
    "Partition",
    "Producer",
    "Record",
    "create_topics",
    "partition_of",
    "remake_topics",
]

BATCH_BYTES = 128 * 1024


def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """The partition every Kafka client chooses for this key by default."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Producer:
    """acks=all, no idempotence (delivery.md section 3): duplicates are the inbox's to absorb."""

    def __init__(self, client: AIOKafkaProducer) -> None:
        self._client = client

    @classmethod
    async def start(cls, bootstrap_servers: str, answered_within_ms: int = 2_000) -> "Producer":
        """`answered_within_ms`: what the broker has not acknowledged by then counts as not acknowledged. Raises KafkaLost."""
        client = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=False,
            linger_ms=0,
            request_timeout_ms=answered_within_ms,
            max_batch_size=BATCH_BYTES,
        )
        await started(client)
        return cls(client)

    async def stop(self) -> None:
        await stopped(self._client)

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        """Send all and wait for every answer: the offset of each record, None where no acknowledgement came.

        The first batch that the client does not take is the last one tried: of a topic that is gone each partition would wait in turn.
        """
        futures: list[tuple[list[int], Any]] = []
        with suppress(KafkaError, OSError, TimeoutError, AssertionError):  # it asserts that the broker knows the partition
            for (topic, partition), places, batch in self._batched(records):
                futures.append((places, await self._client.send_batch(batch, topic, partition=partition)))
        answers = await asyncio.gather(*(future for _, future in futures), return_exceptions=True)
        return _offsets(len(records), [places for places, _ in futures], answers)

    def _batched(self, records: Sequence[Outgoing]) -> list[tuple[Partition, list[int], Any]]:
        """Each partition's batches in order, with the places of their records."""
        batches: dict[Partition, list[tuple[list[int], Any]]] = {}
        for place, record in enumerate(records):
            parts = batches.setdefault(record.place, [([], self._client.create_batch())])
            if not self._fits(parts[-1][1], record):
                parts.append(([], self._client.create_batch()))
                if not self._fits(parts[-1][1], record):
                    raise ValueError("a record larger than a batch: the outbox limits bodies to 8 KiB")
            parts[-1][0].append(place)
        return [(partition, *part) for partition, parts in batches.items() for part in parts]

    @staticmethod
    def _fits(batch: Any, record: Outgoing) -> bool:
        return batch.append(key=record.key, value=record.value, timestamp=None, headers=record.headers) is not None


def _offsets(count: int, places: list[list[int]], answers: Sequence[Any]) -> list[int | None]:
    offsets: list[int | None] = [None] * count
    for batch, answer in zip(places, answers, strict=True):
        if not isinstance(answer, BaseException):
            for step, place in enumerate(batch):
                offsets[place] = answer.offset + step
    return offsets


@dataclass
class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """A group member that starts nowhere by itself: partitions are `fresh` until we sought them, their records dropped till then."""

    bootstrap_servers: str
    group: str
    topics: Sequence[str]
    session_ms: int = 10_000
    heartbeat_ms: int = 1_000
    fresh: set[Partition] = field(default_factory=set)
    _client: AIOKafkaConsumer = None
    _ready: dict[Partition, int] = field(default_factory=dict)
    """Partition -> the offset of the record that comes next."""

    async def start(self) -> None:
        """Raises KafkaLost."""
        self._client = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=self.session_ms,
            heartbeat_interval_ms=self.heartbeat_ms,
            max_poll_interval_ms=60_000,
            metadata_max_age_ms=3_000,
            request_timeout_ms=max(5_000, self.session_ms + 1_000),
            fetch_max_wait_ms=500,
            max_partition_fetch_bytes=BATCH_BYTES,  # of a log that is far ahead no more of each partition is held in memory
        )
        await started(self._client)
        self._client.subscribe(topics=list(self.topics), listener=self)

    async def stop(self) -> None:
        await stopped(self._client)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        for tp in revoked:
            self._ready.pop((tp.topic, tp.partition), None)
            self.fresh.discard((tp.topic, tp.partition))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.fresh |= {(tp.topic, tp.partition) for tp in assigned}

    async def poll(self, max_records: int, timeout_ms: int = 200) -> list[Record]:
        """Records of the partitions we sought, each partition's in order. Raises KafkaLost: make a new consumer."""
        if self._client._fetcher._fetch_task.done():  # it ends by any surprise, and getmany answers nothing from then on, for ever
            raise KafkaLost("fetching-ended")
        try:
            return await fetched(self._client, self._ready, timeout_ms, max_records)
        except (KafkaError, OSError) as error:
            raise KafkaLost(type(error).__name__) from error

    async def partitions_of(self, topics: Iterable[str]) -> list[Partition]:
        """Every partition these topics have now. Raises KafkaLost."""
        return await partitions_of(self._client, topics)

    async def range_of(self, partitions: Iterable[Partition]) -> dict[Partition, Range]:
        """The log's beginning and end of each partition. Raises KafkaLost."""
        return await _ranges(self._client, partitions)

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from `offset`; a partition that was taken away meanwhile is left alone."""
        if (topic, partition) not in self.fresh | self._ready.keys():
            return  # revoked while a rejoin is under way: the client would still seek, and we would count it as ours for ever
        try:
            self._client.seek(TopicPartition(topic, partition), offset)
        except IllegalStateError:
            self._ready.pop((topic, partition), None)
            return
        self.fresh.discard((topic, partition))
        self._ready[topic, partition] = offset

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop records of these until they are sought again."""
        self.fresh |= {partition for partition in partitions if self._ready.pop(partition, None) is not None}

    def highwater(self, topic: str, partition: int) -> int | None:
        """The log's end as last heard from the broker, None before the first fetch."""
        try:
            end: int | None = self._client.highwater(TopicPartition(topic, partition))
        except (IllegalStateError, AssertionError):  # aiokafka asserts that it is assigned
            return None
        return end

    @property
    def ready(self) -> frozenset[Partition]:
        return frozenset(self._ready)

    async def report(self, positions: Mapping[Partition, int]) -> None:
        """Tell Kafka's own tools where we are; failing is no error, since our positions are in our database."""
        offsets = {TopicPartition(*p): offset for p, offset in positions.items() if p in self._ready}
        try:
            if offsets:
                await within(ASKING_SECONDS, self._client.commit(offsets))
        except (KafkaError, OSError, TimeoutError):
            return


class LogReader:
    """Reads the log outside any group, exactly what it is told to."""

    def __init__(self, client: AIOKafkaConsumer) -> None:
        self._client = client

    @classmethod
    async def start(cls, bootstrap_servers: str) -> "LogReader":
        """Raises KafkaLost."""
        client = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers, enable_auto_commit=False, metadata_max_age_ms=3_000, request_timeout_ms=5_000
        )
        await started(client)
        return cls(client)

    async def stop(self) -> None:
        await stopped(self._client)

    async def partitions_of(self, topics: Iterable[str]) -> list[Partition]:
        """Every partition these topics have now. Raises KafkaLost."""
        return await partitions_of(self._client, topics)

    async def range_of(self, partitions: Iterable[Partition]) -> dict[Partition, Range]:
        """The log's beginning and end of each partition. Raises KafkaLost."""
        return await _ranges(self._client, partitions)

    async def read(self, spans: Mapping[Partition, Range]) -> AsyncIterator[list[Record]]:
        """The records of each span, each partition's in order. Raises KafkaLost, also when they are not there any more."""
        reached = {partition: begin for partition, (begin, end) in spans.items() if begin < end}
        try:
            self._client.assign([TopicPartition(*partition) for partition in reached])
            for partition, begin in reached.items():
                self._client.seek(TopicPartition(*partition), begin)
            while any(offset < spans[partition][1] for partition, offset in reached.items()):
                records = await fetched(self._client, reached, int(ASKING_SECONDS * 1000), 1_000)
                if not records:
                    raise KafkaLost("silent")
                yield [record for record in records if record.offset < spans[record.place][1]]
        except (KafkaError, OSError) as error:
            raise KafkaLost(type(error).__name__) from error
        finally:
            self._client.pause(*self._client.assignment())  # else it went on fetching what nobody asked for


async def _ranges(client: AIOKafkaConsumer, partitions: Iterable[Partition]) -> dict[Partition, Range]:
    wanted = [TopicPartition(*partition) for partition in partitions]
    try:
        # a client that is being stopped would not answer before its own, longer time-out
        beginnings = await within(ASKING_SECONDS, client.beginning_offsets(wanted))
        ends = await within(ASKING_SECONDS, client.end_offsets(wanted))
    except (KafkaError, OSError, ValueError, TimeoutError) as error:
        raise KafkaLost(type(error).__name__) from error
    return {(tp.topic, tp.partition): (beginnings[tp], ends[tp]) for tp in wanted}
