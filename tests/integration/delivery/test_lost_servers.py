"""What broker and database do when they are away, refuse or change under us, and that it is told as what may pass."""

import asyncio
from uuid import uuid4

import pytest

from shared import database
from shared.database import Database, Transient, connect
from shared.delivery.relay import Relay, Sender
from shared.kafka import KafkaLost, create_topics
from tests.eventually import eventually
from tests.toy_running import Ground


async def test_a_migration_beside_running_services_is_transient(ground: Ground) -> None:
    """A kept statement whose table changed is prepared anew by the next try; no event is parked and no caller gets a 500 for it."""
    pool = await Database.open(ground.service.urls["worker"], 1, "test")
    async with pool.transaction() as tx:
        await tx.connection.fetch("SELECT * FROM halt")
    owner = await connect(ground.service.urls["owner"])
    await owner.execute("ALTER TABLE halt ADD COLUMN added text")
    await owner.close()
    with pytest.raises(Transient):
        async with pool.transaction() as tx:
            await tx.connection.fetch("SELECT * FROM halt")
    async with pool.transaction() as tx:
        assert await tx.connection.fetch("SELECT * FROM halt") == []
    await pool.close()


async def test_a_standby_that_refuses_writes_is_transient(ground: Ground) -> None:
    with pytest.raises(Transient):
        async with ground.service.worker.transaction() as tx:
            await tx.connection.execute("SET TRANSACTION READ ONLY")
            await tx.connection.execute("INSERT INTO halt (topic, reason) VALUES ('toy', 'no')")


async def test_a_database_that_says_nothing_is_away(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """No guard of the server's helps when its answers do not arrive."""
    monkeypatch.setattr(database, "SILENT_SECONDS", 0.2)
    pool = await Database.open(ground.service.urls["worker"], 1, "test")
    async with asyncio.timeout(2):
        with pytest.raises(Transient):
            async with pool.connection() as connection:
                await connection.execute("SELECT pg_sleep(3)")
    await pool.close()


async def test_topics_that_the_broker_refuses_are_told(ground: Ground) -> None:
    """Else `migrate` ended well with a topic missing."""
    with pytest.raises(KafkaLost, match="InvalidReplicationFactor"):
        await create_topics(ground.servers.kafka_bootstrap_servers, [f"refused-{uuid4()}"], 30_000)


async def test_commits_do_not_hurry_a_relay_without_broker(ground: Ground) -> None:
    asked: list[int] = []
    stopping = asyncio.Event()

    async def away() -> Sender:
        asked.append(1)
        raise KafkaLost("away")

    relay = Relay(ground.service.worker, away, stopping)

    async def three_and_woken() -> bool:
        relay.wake()
        return len(asked) >= 3

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        began = asyncio.get_running_loop().time()
        await eventually(three_and_woken)
        assert asyncio.get_running_loop().time() - began > 0.9, "half a second between two askings, however many commits"
        stopping.set()
