"""kill -9 of each service at random under load, two at a time. Source: the fault table of the ledger test."""

import asyncio
from random import Random

from tests.fault.ground import Ground
from tests.fault.load import Load
from tests.fault.rows.conftest import Size

ANSWERS_WITHIN = 15.0
SIDE_BY_SIDE = (("referral", "family"), ("programme", "monitoring"))
"""In each pair one is killed after the other."""

Kill = tuple[str, int]
"""Which service, and after how many more commands."""


async def test_services_killed(ground: Ground, size: Size, chance: Random) -> None:
    """Each is started again at once, as a supervisor does. Verdict first: a slow machine must not hide a lost fact."""
    trials = size.of(40)
    plans = [[(chance.choice(pair), chance.randint(3, 25)) for _ in range(trials // 2)] for pair in SIDE_BY_SIDE]
    ground.planned(plans)
    async with ground.under_load() as load, asyncio.TaskGroup() as tasks:
        killing = [tasks.create_task(kill_and_start(ground, load, plan)) for plan in plans]
    healed = [seconds for task in killing for seconds in task.result()]
    await ground.judged("kill -9 of a service", len(healed), healed)
    assert max(healed) <= ANSWERS_WITHIN


async def kill_and_start(ground: Ground, load: Load, plan: list[Kill]) -> list[float]:
    """How long each took to answer again."""
    healed = []
    for service, commands in plan:
        victim = ground.services[service]
        await load.until_more(commands, 60)
        victim.kill()
        victim.start()
        healed.append(await victim.until_answers(60))
    return healed
