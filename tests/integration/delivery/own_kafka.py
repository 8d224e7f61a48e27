"""A broker that a test may wipe, beside the PostgreSQL all tests share. No test."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.embedded import child
from deploy.embedded.kafka import broker
from deploy.embedded.kafka.broker import KafkaBroker
from tests.eventually import eventually
from tests.harness import Servers
from tests.toy_running import Ground, a_ground


@pytest.fixture(scope="session")
def own_kafka() -> Iterator[KafkaBroker]:
    folder = Path(tempfile.mkdtemp(prefix="throughcare-own-kafka-"))
    own = broker.start(folder)
    yield own
    own.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def lone(servers: Servers, own_kafka: KafkaBroker) -> AsyncIterator[Ground]:
    """The toy service on a broker that may be wiped."""
    async with a_ground(Servers(servers.postgres_url, own_kafka.bootstrap_servers)) as running:
        yield running


def wipe(own: KafkaBroker, new_cluster: bool) -> None:
    """Kill the broker, delete all it has and start it again, in place, as the same or as another cluster."""
    assert own.process
    child.kill_group(own.process)
    own.process.wait()
    cluster_id = "" if new_cluster else own.cluster_id
    own.remove()
    own.make_data(cluster_id)
    own.launch()
    own.wait_ready()


async def delete_topic(servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()

    async def is_gone() -> bool:
        return topic not in await admin.list_topics()

    try:
        await admin.delete_topics([topic])
        await eventually(is_gone)
    finally:
        await admin.close()
