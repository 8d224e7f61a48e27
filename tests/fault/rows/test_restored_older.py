"""An owner's database is put back to an older state: it sends nothing and says why; once it has adopted the log, no fact is missing.

What an older state costs, and no log can bring back, are the kept answers since. Source: section 1 of the fault issue; delivery section 3.
"""

import asyncio
from pathlib import Path
from random import Random
from time import monotonic

from deploy.postgres import backup
from shared.database import connect
from tests.eventually import eventually
from tests.fault.evidence import Finding
from tests.fault.ground import Ground
from tests.fault.reading import LogReader, drained
from tests.fault.rows.conftest import Size

OWNER = "programme"
COMMANDS = 150
HALTED = "SELECT reason FROM halt WHERE topic = 'relay'"
FACTS = "SELECT count(*) FROM outbox"


async def test_restored_older(ground: Ground, size: Size, chance: Random, tmp_path: Path) -> None:
    healed, trials = [], size.of(1)
    for trial in range(trials):
        file = tmp_path / f"{trial}.backup"
        async with ground.under_load() as load:
            await load.until_more(COMMANDS, 60)
            await asyncio.to_thread(backup.backup, ground.parts.postgres_url, OWNER, file)
            await load.until_more(COMMANDS, 60)
        assert await drained(ground.urls, ground.injected, 60) == []
        healed.append(await put_back(ground, file))
    await ground.judged("a database restored from an older state", trials, healed, but=is_lost_answer)
    ground.is_clean = False  # what this owner knows of its journeys is older than what it has told of them


async def put_back(ground: Ground, file: Path) -> float:
    """Seconds from the halt until everything is as it was on the log, and the owner is ready again."""
    running, told = ground.services[OWNER], await value(ground, FACTS)
    await running.stop()
    await backup.restore(ground.parts.postgres_url, OWNER, file)
    assert int(str(await value(ground, FACTS))) < int(str(told)), "nothing was told since the backup"
    ends = await log_ends(ground)
    running.start()
    reason = await eventually(lambda: value(ground, HALTED), 60)
    assert str(reason).startswith("restored-from-older-state"), reason
    assert not await running.answers("/readyz"), "it is ready though its relay is halted"
    assert await log_ends(ground) == ends, "something was sent"
    began = monotonic()
    await ground.operate(OWNER, "adopt-log", owner=True)
    assert await value(ground, FACTS) == told
    await running.until_answers(60, "/readyz")
    return monotonic() - began


def is_lost_answer(finding: Finding) -> bool:
    return finding.assertion == "accepted-once" and finding.detail.endswith(": 0 kept answers")


async def log_ends(ground: Ground) -> object:
    async with LogReader(ground.parts.kafka.bootstrap_servers) as reader:
        return await reader.end_offsets(list(reader.assignment()))


async def value(ground: Ground, sql: str) -> object:
    database = await connect(ground.urls[OWNER]["owner"])
    try:
        return await database.fetchval(sql)
    finally:
        await database.close()
