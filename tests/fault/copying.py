"""Writes a topic's records to it again, as they came: the same keys, headers and values in the same partitions and order."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.topics import partitions_of
from tests.fault.reading import READ_WITHIN


async def write_again(servers: str, *topics: str) -> int:
    """Answers how many records there were."""
    found = await _read(servers, topics)
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        sent = [await producer.send(r.topic, r.value, key=r.key, partition=r.partition, headers=list(r.headers)) for r in found]
        for one in sent:
            await one
    finally:
        await producer.stop()
    return len(found)


async def _read(servers: str, topics: tuple[str, ...]) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(*partition) for partition in await partitions_of(consumer, topics)]
        consumer.assign(partitions)
        beginnings, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, beginnings[partition])  # seek_to_beginning is overtaken by the reset to the end that assign began
        left = {partition for partition in partitions if beginnings[partition] < ends[partition]}
        records: list[Any] = []
        async with asyncio.timeout(READ_WITHIN):
            while left:
                for partition, some in (await consumer.getmany(timeout_ms=200)).items():
                    records += [record for record in some if record.offset < ends[partition]]
                    if some[-1].offset + 1 >= ends[partition]:
                        left.discard(partition)
        return records
    finally:
        await consumer.stop()
