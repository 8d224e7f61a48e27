"""Topics made, counted and made anew; how any client of aiokafka starts and stops. `kafka.py` hands it out; no record is read here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from shared.records import PARTITIONS, KafkaLost, Partition
from shared.waiting import within

RETENTION_MS = 30 * 24 * 3600 * 1000
ASKING_SECONDS = 2.0
STARTING_SECONDS = 5.0
STOPPING_SECONDS = 2.0
CLOSING_SECONDS = 1.0
"""Both together with the database's two under the supervisor's six, also with a broker that does not answer."""
MADE_WITHIN = 30.0


async def create_topics(bootstrap_servers: str, names: Iterable[str], replication: int, partitions: int = PARTITIONS) -> dict[str, int]:
    """Create the topics that are missing. Returns how many partitions each of the others has. Raises KafkaLost.

    A broker may show a new one a moment later.
    """
    wanted = list(names)
    configs = {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(RETENTION_MS),
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    async with _administering(bootstrap_servers) as admin:
        counts = await _counted(admin, wanted)
        if missing := [name for name in wanted if name not in counts]:
            answer = await admin.create_topics([NewTopic(name, partitions, replication, topic_configs=configs) for name in missing])
            _accepted(answer.to_object()["topic_errors"], TopicAlreadyExistsError)
    return counts


async def remake_topics(bootstrap_servers: str, names: Collection[str], replication: int) -> None:
    """Delete these topics with all they hold and make them anew, with as many partitions as topics have now.

    Raises KafkaLost, also where that takes too long: then some may be missing, which `create_topics` makes.
    """
    async with _administering(bootstrap_servers) as admin:
        _accepted((await admin.delete_topics(list(names))).to_object()["topic_error_codes"], UnknownTopicOrPartitionError)
    until = monotonic() + MADE_WITHIN
    while await create_topics(bootstrap_servers, names, replication) != dict.fromkeys(names, PARTITIONS):  # until it is shown
        if monotonic() > until:
            raise KafkaLost("not-made-anew")


async def partitions_of(client: Any, topics: Iterable[str]) -> list[Partition]:
    """Every partition of these topics, as a broker knows them now: what the client holds itself may be seconds old.

    Raises KafkaLost, also where a topic is missing.
    """
    wanted, cluster = list(topics), ClusterMetadata()
    try:
        await within(ASKING_SECONDS, client._client._metadata_update(cluster, wanted))
    except (KafkaError, OSError, TimeoutError) as error:
        raise KafkaLost(type(error).__name__) from error
    counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in wanted}
    if not all(counts.values()):
        raise KafkaLost("topic-missing")
    return [(topic, number) for topic, count in counts.items() for number in range(count)]


async def _counted(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, int]:
    """Of those that are there."""
    found = {described["topic"]: described for described in await admin.describe_topics() if described["topic"] in names}
    for name, described in found.items():
        if described["error_code"]:  # deleted meanwhile
            raise for_code(described["error_code"])(name)
    return {name: len(described["partitions"]) for name, described in found.items()}


def _accepted(answers: Iterable[Any], harmless: type[KafkaError]) -> None:
    """aiokafka returns a refusal and does not raise it. Raises KafkaError."""
    for answer in answers:
        error = for_code(answer["error_code"])
        if error not in (NoError, harmless):
            raise error(answer["topic"])


@asynccontextmanager
async def _administering(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Raises KafkaLost."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await started(admin)
    try:
        yield admin
    except (KafkaError, OSError, AttributeError) as error:  # without a controller yet aiokafka asks None for its address
        raise KafkaLost(type(error).__name__) from error
    finally:
        await stopped(admin)


async def started(client: Any) -> None:
    """Raises KafkaLost. What does not start, or is cancelled while it does, leaves no connection open."""
    try:
        await within(STARTING_SECONDS, client.start())
    except (KafkaError, OSError) as error:
        await stopped(client)
        raise KafkaLost(type(error).__name__) from error
    except asyncio.CancelledError:
        await stopped(client)
        raise


async def stopped(client: Any) -> None:
    """Stops it. A stop that was cut short leaves its sender and its connections open: they are closed then."""
    close: Callable[[], Coroutine[Any, Any, Any]] = getattr(client, "stop", None) or client.close
    if await _ended(close(), STOPPING_SECONDS):
        return
    parts = [part for name in ("_sender", "client", "_client") if (part := getattr(client, name, None)) is not None]
    await asyncio.gather(*(_ended(part.close(), CLOSING_SECONDS) for part in parts))


async def _ended(closing: Coroutine[Any, Any, Any], seconds: float) -> bool:
    """Whether it closed in time, without an error."""
    try:
        await within(seconds, closing)
    except (KafkaError, OSError):
        return False
    return True
