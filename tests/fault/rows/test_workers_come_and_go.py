"""A second worker of each service joins and leaves all the time; afterwards nothing lags. Source: the fault table of the ledger test."""

import asyncio
from random import Random
from time import monotonic

from deploy.postgres.logins import SERVICES
from tests.fault.ground import Ground
from tests.fault.load import pause
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment, until_heard, until_sent

SECONDS = 60
STEP = 2.0
CAUGHT_UP_WITHIN = 30.0


async def test_workers_come_and_go(ground: Ground, size: Size, chance: Random) -> None:
    chances = {service: chance.getrandbits(63) for service in SERVICES}
    ground.planned([chances])
    since, until = moment(), monotonic() + size.of(SECONDS)
    async with ground.under_load():
        async with asyncio.TaskGroup() as tasks:
            comings = [tasks.create_task(come_and_go(ground, service, until, Random(seed))) for service, seed in chances.items()]
        at, began = moment(), monotonic()
        await until_sent(ground.urls, at, timeout=CAUGHT_UP_WITHIN)
        for service in SERVICES:
            await until_heard(ground.urls, service, since, at, CAUGHT_UP_WITHIN)
        caught_up = monotonic() - began
    await ground.judged("second workers come and go", sum(2 * coming.result() for coming in comings), [caught_up])
    assert caught_up <= CAUGHT_UP_WITHIN


async def come_and_go(ground: Ground, service: str, until: float, chance: Random) -> int:
    """Every 2 s it joins or leaves, by SIGTERM or by SIGKILL; answers how often it joined."""
    times = 0
    while monotonic() < until:
        async with ground.worker(service) as second:
            joined = monotonic() + STEP
            await second.until_answers(60, "/readyz")
            times += 1
            await pause(max(0.0, joined - monotonic()))
            if chance.random() < 0.5:
                second.kill()
        await pause(STEP)
    return times
