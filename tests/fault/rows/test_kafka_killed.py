"""kill -9 of Kafka and a restart: commands do not notice, and the backlog drains. Source: the fault table of the ledger test."""

from random import Random

from deploy.embedded import child
from deploy.embedded.kafka.broker import KafkaBroker
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment, until_sent

MEANWHILE = 30
"""Commands accepted while the broker is dead."""


async def test_kafka_killed(ground: Ground, size: Size, chance: Random) -> None:
    kafka, healed, kills = ground.parts.kafka, [], [chance.randint(10, 60) for _ in range(size.of(10))]
    ground.planned(kills)
    async with ground.under_load() as load:
        for commands in kills:
            await load.until_more(commands)
            kill(kafka)
            await load.until_more(MEANWHILE)
            kafka.launch()
            await eventually(lambda: is_ready(kafka), 60)
            healed.append(await until_sent(ground.urls, moment()))
    await ground.judged("kill -9 of Kafka", len(kills), healed)
    assert load.counted["away"] + load.counted["unknown"] == 0, f"commands noticed: {load.counted}"


def kill(kafka: KafkaBroker) -> None:
    assert kafka.process is not None
    child.kill_group(kafka.process)
    kafka.process.wait()


async def is_ready(kafka: KafkaBroker) -> bool:
    return kafka.is_ready()
