"""A record whose header has a name that is no text: aiokafka cannot decode it, and it costs only itself."""

import struct
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from shared.delivery.relay import READ, outgoing
from shared.kafka import LogReader, Producer
from tests.toy_running import Ground
from tests.verdict import Verdict

NAME, CRC = b"ZZZZ", 17
EVENTS = 40


async def undecodable(servers: str, topic: str, partition: int, beside: int = 0) -> None:
    """No client writes such a name: it is put into the finished batch, whose checksum is made right again.

    As many good names as `beside` says stand before it and behind it in the same batch.
    """
    client = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=False)
    await client.start()
    batch = client.create_batch()
    for name in (*["good"] * beside, NAME.decode(), *["good"] * beside):
        batch.append(key=b"k", value=b"v", timestamp=None, headers=[(name, b"x")])
    batch.close()
    raw = bytearray(batch._build())
    place = raw.index(NAME)
    raw[place : place + len(NAME)] = b"\xff\xfe\xff\xfe"
    raw[CRC : CRC + 4] = struct.pack(">I", calc_crc32c(bytes(raw[CRC + 4 :])))
    batch._buffer = raw
    await (await client.send_batch(batch, topic, partition=partition))
    await client.stop()


async def test_a_header_name_that_is_no_text_costs_only_its_record(ground: Ground) -> None:
    """Before, among and behind good records, in two partitions. Source: delivery.md section 4, unparsable."""
    await ground.make_topics()
    servers, topic = ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic
    await undecodable(servers, topic, 0)
    await ground.write(*(uuid4() for _ in range(EVENTS)))
    async with ground.service.worker.connection() as connection:
        rows = await connection.fetch(READ, 0, EVENTS)
    producer = await Producer.start(servers)
    assert None not in await producer.send([outgoing(row) for row in rows])
    await producer.stop()
    for partition in (0, 1, 1):
        await undecodable(servers, topic, partition)
    await undecodable(servers, topic, 1, beside=3)
    reader = await LogReader.start(servers)
    spans = await reader.range_of([(topic, 0), (topic, 1)])
    read = [record.offset async for records in reader.read(spans) for record in records if record.partition == 0]
    await reader.stop()
    assert read == list(range(spans[topic, 0][1])), "the relay reads over it"
    async with ground.working():
        assert await ground.all_applied(EVENTS) == Verdict(EVENTS, 0, 0, 0)
        await ground.write(*(uuid4() for _ in range(EVENTS)))
        assert await ground.all_applied(2 * EVENTS) == Verdict(2 * EVENTS, 0, 0, 0)
    assert await ground.count("quarantine") == 11
