"""Kafka comes back empty, as the same cluster or another, at once or later: it is refilled while every service runs on.

Source: the fault table of the ledger test; delivery section 3.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from random import Random
from time import monotonic

from deploy.embedded.kafka import broker
from deploy.embedded.kafka.broker import KafkaBroker
from deploy.postgres.logins import SERVICES
from shared.database import connect
from shared.records import KafkaLost
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.reading import read_log
from tests.fault.rows.conftest import Size
from tests.fault.rows.test_kafka_killed import is_ready, kill
from tests.fault.rows.test_network import pids_of
from tests.fault.standing import moment, until_heard, until_sent

RATE = 30.0
REFILLED_WITHIN = 60.0
MEANWHILE = 20
"""Commands accepted between the loss and the look at what is on the log again."""
WRITTEN = "SELECT event_id FROM outbox WHERE recorded_at <= $1"


async def test_kafka_emptied(ground: Ground, size: Size, chance: Random) -> None:
    """Four trials: quickly and slowly, each as the same and as another cluster."""
    pids, healed, since, trials = pids_of(ground), [], moment(), size.of(4)
    async with ground.under_load(RATE) as load:
        for trial in range(trials):
            await load.until_more(chance.randint(30, 90), 60)
            await (quickly if trial % 2 else slowly)(ground, keeps_id=trial % 4 < 2)
            ground.log_emptied()
            began = monotonic()
            await load.until_more(MEANWHILE, 60)
            await until_refilled(ground, since)
            healed.append(monotonic() - began)
    assert load.counted["away"] + load.counted["unknown"] == 0, f"commands noticed: {load.counted}"
    assert pids_of(ground) == pids, "a process was started again"
    await ground.judged("Kafka emptied", trials, healed)


async def slowly(ground: Ground, keeps_id: bool) -> None:
    """Killed, its data gone, started again: away for seconds."""
    kafka = ground.parts.kafka
    cluster_id = kafka.cluster_id if keeps_id else ""
    kill(kafka)
    await asyncio.to_thread(kafka.remove)
    kafka.make_data(cluster_id)
    kafka.launch()
    await eventually(lambda: is_ready(kafka), 60)


async def quickly(ground: Ground, keeps_id: bool) -> None:
    """An empty broker stands ready and the lines lead to it the moment the other is killed: no client need have seen an error."""
    old = ground.parts.kafka
    folder = ground.folder / f"kafka-{monotonic():.0f}"
    empty: KafkaBroker = await asyncio.to_thread(broker.prepare, folder, old.log, ground.lines.listeners)
    if keeps_id:
        empty.remove()
        empty.make_data(old.cluster_id)
    empty.launch()
    await eventually(lambda: is_ready(empty), 60)
    kill(old)
    ground.lines.lead_to(ground.parts.postgres.port, empty.listeners)
    ground.parts = replace(ground.parts, kafka=empty)
    await asyncio.to_thread(old.remove)


async def until_refilled(ground: Ground, since: datetime) -> None:
    """Whatever any outbox holds by now is on the log again, and everything told since the row began has taken effect."""
    at = moment()
    await until_sent(ground.urls, at, timeout=REFILLED_WITHIN)
    await eventually(lambda: is_whole(ground, at), REFILLED_WITHIN)
    for service in SERVICES:
        await until_heard(ground.urls, service, since, at, REFILLED_WITHIN)


async def is_whole(ground: Ground, at: datetime) -> bool:
    """Not while a topic is missing that its service has not made again yet."""
    assert ground.mark is not None
    try:
        on_log = {record.event_id for record in await read_log(ground.parts.kafka.bootstrap_servers, ground.mark)}
    except KafkaLost:
        return False
    for service in SERVICES:
        database = await connect(ground.urls[service]["owner"])
        try:
            written = {row["event_id"] for row in await database.fetch(WRITTEN, at)}
        finally:
            await database.close()
        if not written <= on_log:
            return False
    return True
