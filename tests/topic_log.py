"""The log as it lies on the broker: read it whole, write raw records to it, cut its beginning off. For tests only."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.topics import partitions_of
from tests.verdict import Stream

Headers = Sequence[tuple[str, bytes | None]]


async def read_log(servers: str, *topics: str) -> list[tuple[Stream, int]]:
    """Stream and sequence number of every record, each partition's in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(*partition) for partition in await partitions_of(consumer, topics)]
        consumer.assign(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        for partition, beginning in beginnings.items():
            consumer.seek(partition, beginning)  # seek_to_beginning is overtaken by the reset to the end that assign began
        left = {p: end for p, end in (await consumer.end_offsets(partitions)).items() if beginnings[p] < end}
        seen: list[tuple[Stream, int]] = []
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                seen += [_place(record.topic, dict(record.headers)) for record in records]
                if records[-1].offset + 1 >= left.get(partition, 0):
                    left.pop(partition, None)
        return seen
    finally:
        await consumer.stop()


def _place(topic: str, headers: Mapping[str, bytes]) -> tuple[Stream, int]:
    return (topic, UUID(headers["ce_subject"].decode())), int(headers["ce_sequence"])


async def write_raw(servers: str, topic: str, partition: int, *records: tuple[Headers, bytes | None]) -> list[int]:
    """Put records on the log that no relay would write; answers their offsets."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        return [
            (await producer.send_and_wait(topic, value, key=b"raw", partition=partition, headers=headers)).offset
            for headers, value in records
        ]
    finally:
        await producer.stop()


async def cut_beginning(servers: str, topic: str, partition: int, before: int) -> None:
    """Delete the records below an offset, as retention does."""
    async with _admin(servers) as admin:
        await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before)})


@asynccontextmanager
async def _admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
