"""Handing events to a side's worker and waiting until all have taken effect. What the events say: facts.py."""

from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.envelope import Envelope
from tests.bench.against.calls import Call, answers
from tests.bench.against.facts import publish
from tests.bench.against.side import Running, Side, frozen
from tests.bench.pace import rest
from tests.bench.rounds import Lost

LOOK_EVERY_S = 0.1
PATIENCE = 3_000
"""Looks without any progress before a worker counts as stuck."""
Partition = tuple[str, int]
POSITIONS = "SELECT topic, partition, next_offset FROM inbox_offset"


async def listened(side: Side, service: str, worker: Running, facts: Sequence[Envelope]) -> dict[str, float]:
    """Put all on the topics while the worker stands still, then let it take them up.

    Answers what was spent from the moment it went on. Raises Lost when something was set aside.
    """
    with frozen(worker.pid):
        await publish(side.kafka, facts)
        ends = await _ends(side, service)
        meter = side.meter(worker=worker.pid)
    await _reached(side, service, ends)
    spent = meter.spent()
    await nothing_set_aside(side, service, worker)
    return spent


async def taken_up(side: Side, service: str) -> None:
    """Returns when the service's positions stand at the ends of the topics it hears. Raises Lost when they stop moving before."""
    await _reached(side, service, await _ends(side, service))


async def _ends(side: Side, service: str) -> dict[Partition, int]:
    """Of the topics it hears, each partition's."""
    client = AIOKafkaConsumer(bootstrap_servers=side.kafka)
    await client.start()
    try:
        partitions = [TopicPartition(row["topic"], row["partition"]) for row in await side.fetch(service, POSITIONS)]
        return {(each.topic, each.partition): end for each, end in (await client.end_offsets(partitions)).items()}
    finally:
        await client.stop()


async def _reached(side: Side, service: str, ends: Mapping[Partition, int]) -> None:
    left, looks = -1, 0
    while left != 0:
        now = {(row["topic"], row["partition"]): row["next_offset"] for row in await side.fetch(service, POSITIONS)}
        before, left = left, sum(max(0, end - now[place]) for place, end in ends.items())
        looks = looks + 1 if before == left else 0
        if looks > PATIENCE:
            raise Lost(f"{side.name}: {service} does not take up the last {left} events")
        await rest(LOOK_EVERY_S)


async def nothing_set_aside(side: Side, service: str, process: Running) -> None:
    """Raises Lost when an event waits, failed or could not be read: the side did other work than was asked."""
    (health,) = await answers(process.port, side.token(service, "operator"), [Call("GET", "/delivery")])
    aside = {each["topic"]: each for each in health["heard"] if each["blocked"] or each["waiting"] or each["parked"] or each["halted"]}
    if aside or health["quarantined"]:
        raise Lost(f"{side.name}: {service} set aside {aside}, {health['quarantined']} unreadable")
