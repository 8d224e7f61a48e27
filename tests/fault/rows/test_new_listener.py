"""A listener that joins after the topics' retention: it halts and says what it missed, the owners send again, it catches up.

Source: section 1 of the fault issue; delivery section 4.
"""

import re
from random import Random
from time import monotonic

from aiokafka import TopicPartition

from deploy.postgres.logins import SERVICES
from shared.database import connect
from tests.eventually import eventually
from tests.fault.evidence import LISTENERS
from tests.fault.ground import Ground
from tests.fault.reading import LogReader
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment, until_heard, until_sent
from tests.topic_log import cut_beginning

RATE = 30.0
BEFORE = 150
"""Commands whose events the listener will not find on the log."""
CAUGHT_UP_WITHIN = 90.0
NEW = "monitoring"
TOPICS = [topic for topic, listeners in LISTENERS.items() if NEW in listeners]
OWN = (
    "outbox",
    "unsent",
    "stream",
    "relay_position",
    "resending",
    "deadline",
    "idempotency",
    "audit",
    "migration",
    "instruction",
    "instruction_region",
)
"""What it says itself; all else it has from others."""
HEARD = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)"
HALTED = "SELECT topic, reason FROM halt"


async def test_new_listener(ground: Ground, size: Size, chance: Random) -> None:
    since, healed, trials = moment(), [], size.of(1)
    async with ground.under_load(RATE) as load:
        for _ in range(trials):
            await load.until_more(BEFORE, 60)
            running = ground.services[NEW]
            await running.stop()
            await until_sent(ground.urls, moment(), [service for service in SERVICES if service != NEW])
            begins = await retained_no_longer(ground)
            await make_new(ground)
            running.start()
            await halts_naming(ground, begins)
            began = monotonic()
            for service in sorted({topic.partition(".")[0] for topic in begins}):
                await ground.operate(service, "resend", "--all")
            for topic in begins:
                await ground.operate(NEW, "resume", topic)
            await until_heard(ground.urls, NEW, since, moment(), CAUGHT_UP_WITHIN)
            healed.append(monotonic() - began)
    await ground.judged("a new listener after retention", trials, healed)


async def retained_no_longer(ground: Ground) -> dict[str, dict[int, int]]:
    """Cut off all that the topics hold; answers where the log of each partition that held something begins now, by topic."""
    servers = ground.parts.kafka.bootstrap_servers
    async with LogReader(servers) as reader:
        ends: dict[TopicPartition, int] = await reader.end_offsets([p for p in reader.assignment() if p.topic in TOPICS])
    begins: dict[str, dict[int, int]] = {}
    for partition, end in ends.items():
        if end:
            await cut_beginning(servers, partition.topic, partition.partition, end)
            begins.setdefault(partition.topic, {})[partition.partition] = end
    return begins


async def make_new(ground: Ground) -> None:
    """As a database that has heard nothing yet."""
    database = await connect(ground.urls[NEW]["owner"])
    try:
        tables = [row["tablename"] for row in await database.fetch(HEARD, list(OWN))]
        await database.execute(f"TRUNCATE {', '.join(tables)}")
    finally:
        await database.close()


async def halts_naming(ground: Ground, begins: dict[str, dict[int, int]]) -> None:
    """Every topic of which something is missing is halted, and the reason names each partition with where its log begins."""

    async def all_halted() -> dict[str, str]:
        database = await connect(ground.urls[NEW]["owner"])
        try:
            reasons = {row["topic"]: row["reason"] for row in await database.fetch(HALTED)}
        finally:
            await database.close()
        return reasons if reasons.keys() >= begins.keys() else {}

    reasons = await eventually(all_halted, 60)
    for topic, partitions in begins.items():
        named = {int(number): int(begin) for number, begin in re.findall(r"partition=(\d+) log=\((\d+), \d+\)", reasons[topic])}
        assert named == partitions, f"{topic}: {reasons[topic]}"
