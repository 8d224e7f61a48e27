"""A system on 12 partitions is moved to 48, service by service, while all four run, are told things, and one listener is behind.

Source: the partitions' section of the capacity issue; delivery sections 3 and 4; ADR 24.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random
from time import monotonic

from deploy.postgres.logins import SERVICES
from shared.kafka import PARTITIONS, create_topics
from tests.eventually import eventually
from tests.fault.evidence import LISTENERS, PUBLISHED
from tests.fault.ground import Ground, delete_topics
from tests.fault.rows.conftest import Size
from tests.fault.rows.test_kafka_emptied import REFILLED_WITHIN, is_whole, until_refilled
from tests.fault.rows.test_network import pids_of
from tests.fault.standing import moment, until_heard, until_sent

NARROW = 12
RATE = 30.0
BEHIND = "monitoring"
"""It hears everything."""
TOPICS = [topic for published in PUBLISHED.values() for topic in published]


async def test_repartitioned(ground: Ground, size: Size, chance: Random) -> None:
    """Each trial is one service's command. Measured: from its start until all it had told is on its topics again, and heard."""
    orders = [chance.sample(sorted(SERVICES), len(SERVICES)) for _ in range(size.of(1))]
    ground.planned(orders)
    healed: list[float] = []
    for order in orders:
        await narrowed(ground)
        pids, since = pids_of(ground), moment()
        async with ground.under_load(RATE) as load:
            await load.until_more(40, 60)
            async with left_behind(ground):
                await load.until_more(120, 60)
                for service in order:
                    healed.append(await moved(ground, service, since))
                    await load.until_more(20, 60)
            await until_heard(ground.urls, BEHIND, since, moment(), REFILLED_WITHIN)
        assert await counts(ground) == dict.fromkeys(TOPICS, PARTITIONS)
        assert load.counted["away"] + load.counted["unknown"] == 0, f"commands noticed: {load.counted}"
        assert pids_of(ground) == pids, "a process was started again"
    await ground.judged(f"{len(TOPICS)} topics moved from {NARROW} partitions to {PARTITIONS}", len(healed), healed)


async def moved(ground: Ground, service: str, since: datetime) -> float:
    """Seconds until whatever it has told is on its topics again, and was heard by all but the one that is behind."""
    began = monotonic()
    said = await ground.operate(service, "migrate", "--repartition", owner=True)
    assert f"anew with {PARTITIONS} partitions" in said, said
    at = moment()
    await until_sent(ground.urls, at, timeout=REFILLED_WITHIN)
    await eventually(lambda: is_whole(ground, at), REFILLED_WITHIN)
    for listener in set(SERVICES) - {BEHIND}:
        await until_heard(ground.urls, listener, since, at, REFILLED_WITHIN)
    return monotonic() - began


@asynccontextmanager
async def left_behind(ground: Ground) -> AsyncIterator[None]:
    """One service listens to nothing within: what it had read of each partition is less than what will lie there."""
    topics = [topic for topic, listeners in LISTENERS.items() if BEHIND in listeners]
    for topic in topics:
        await ground.operate(BEHIND, "halt", topic)
    yield
    for topic in topics:
        await ground.operate(BEHIND, "resume", topic)


async def counts(ground: Ground) -> dict[str, int]:
    return await create_topics(ground.parts.kafka.bootstrap_servers, TOPICS, 1)


async def narrowed(ground: Ground) -> None:
    """As a system stands that was begun when topics had 12: the relays find the log lost, and fill the topics as they are."""
    servers, since = ground.parts.kafka.bootstrap_servers, moment()
    for running in ground.services.values():
        running.kill()
    await delete_topics(servers)
    await create_topics(servers, TOPICS, 1, NARROW)
    ground.log_emptied()

    async def are_there() -> bool:
        return await counts(ground) == dict.fromkeys(TOPICS, NARROW)

    await eventually(are_there, 30)
    await ground.all_answer()
    async with ground.under_load(RATE) as load:
        await load.until_more(60, 60)  # persons are registered first, of which only referral tells
        await until_refilled(ground, since)
