"""Kafka down for a minute under load: commands do not notice, and no process keeps in memory what cannot be sent.

Source: the fault table of the ledger test.
"""

import asyncio
from random import Random

from deploy.embedded.kafka.broker import KafkaBroker
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.load import pause
from tests.fault.rows.conftest import Size
from tests.fault.rows.test_kafka_killed import is_ready, kill
from tests.fault.standing import moment, until_sent

WARM_UP = 400
"""Commands; by then each process has its pools, caches and compiled statements."""
AWAY = 60.0
FLAT = 0.10


async def test_kafka_down(ground: Ground, size: Size, chance: Random) -> None:
    healed, grown, trials = [], [], size.of(2)
    async with ground.under_load() as load:
        await load.until_more(WARM_UP, 60)
        for trial in range(trials):
            before = resident(ground)
            await down(ground.parts.kafka, politely=trial % 2 == 1)
            await pause(AWAY)
            grown += [(name, after / before[name] - 1) for name, after in resident(ground).items()]
            ground.parts.kafka.launch()
            await eventually(lambda: is_ready(ground.parts.kafka), 60)
            healed.append(await until_sent(ground.urls, moment(), timeout=60))
    await ground.judged("Kafka down for 60 s", trials, healed)
    assert load.counted["away"] + load.counted["unknown"] == 0, f"commands noticed: {load.counted}"
    assert all(abs(share) <= FLAT for _, share in grown), f"memory over {AWAY:.0f} s: {grown}"


def resident(ground: Ground) -> dict[str, int]:
    return {name: running.rss() for name, running in ground.services.items()}


async def down(kafka: KafkaBroker, politely: bool) -> None:
    """Killed, or stopped with SIGTERM: a client notices the two differently."""
    if politely:
        await asyncio.to_thread(kafka.stop)
    else:
        kill(kafka)
