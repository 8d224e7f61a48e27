"""Follows all topics and shows each fact on a line, for people at a terminal. Reads only; belongs to no service's group."""

import logging
import secrets

from rich.console import Console
from rich.text import Text

from shared.events import Event, family, monitoring, programme, referral
from shared.events.envelope import Envelope, Malformed, read
from shared.events.event import REGISTRY, topics
from shared.kafka import Consumer, KafkaLost, Record

WRITTEN_IN = (referral, programme, family, monitoring)  # reading these fills the registry
TOPICS = topics()
COLOURS = {"referral": "cyan", "programme": "green", "family": "magenta", "monitoring": "yellow"}
BATCH = 200


async def follow(bootstrap_servers: str, from_beginning: bool, console: Console) -> None:
    """Until cancelled; connects again when the broker was away. Facts said before a reconnection are not repeated."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is told below, once
    positions: dict[tuple[str, int], int] = {}
    while True:
        consumer = Consumer(bootstrap_servers, f"events-{secrets.token_hex(4)}", TOPICS)
        try:
            await consumer.start()
            while True:
                first = not positions
                await _seek_fresh(consumer, positions, from_beginning)
                if first and positions:
                    console.print("[dim]following; Ctrl-C ends it[/dim]")
                for record in await consumer.poll(BATCH):
                    positions[record.topic, record.partition] = record.offset + 1
                    console.print(line_of(record), soft_wrap=True)
        except KafkaLost:
            console.print("[dim]the broker is away[/dim]")
        finally:
            await consumer.stop()


async def _seek_fresh(consumer: Consumer, positions: dict[tuple[str, int], int], from_beginning: bool) -> None:
    if not consumer.fresh:
        return
    for (topic, partition), (beginning, end) in (await consumer.range_of(sorted(consumer.fresh))).items():
        wanted = positions.setdefault((topic, partition), beginning if from_beginning else end)
        consumer.seek(topic, partition, wanted if beginning <= wanted <= end else beginning)


def line_of(record: Record) -> Text:
    """When, topic, fact, stream and number, then what the fact carries."""
    try:
        envelope = read(record.topic, record.headers, record.value)
    except Malformed as malformed:
        return Text(f"{record.topic}/{record.partition}@{record.offset} is no event: {malformed.reason}", style="red")
    return Text.assemble(
        (f"{envelope.recorded_at.astimezone():%H:%M:%S.%f}"[:12] + " ", "dim"),
        (f"{envelope.topic:<21}", COLOURS.get(envelope.service, "white")),
        (f"{_name(envelope):<20} ", "bold"),
        f"{str(envelope.stream_id)[:8]}#{envelope.seq:<4} ",
        (envelope.body.decode(), "dim"),
    )


def _name(envelope: Envelope) -> str:
    known: type[Event] | None = REGISTRY.get(envelope.type)
    return known.__name__ if known is not None else envelope.type
