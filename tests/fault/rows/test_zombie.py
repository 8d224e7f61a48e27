"""A worker frozen for longer than its session while a second one takes over, then thawed: its late writes change nothing.

Half of the time it is the one that relays, which keeps its lock until PostgreSQL ends its silent session.
Source: the fault table of the ledger test.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from time import monotonic

from deploy.postgres.logins import SERVICES
from tests.fault.ground import SESSION, Ground
from tests.fault.load import pause
from tests.fault.rows.conftest import Size
from tests.fault.rows.test_listener_stopped import only_serving
from tests.fault.running import Running
from tests.fault.standing import moment, until_heard, until_sent

ABREAST = 3
FROZEN = 2 * int(SESSION["KAFKA_SESSION_TIMEOUT_MS"]) / 1000
TAKEN_OVER = 45.0
"""At most: PostgreSQL ends a frozen transaction and a silent holder of the relay's lock after 15 s each."""


async def test_zombie(ground: Ground, size: Size, chance: Random) -> None:
    healed: list[float] = []
    rounds = [chance.sample(SERVICES, ABREAST) for _ in range(size.of(6) // ABREAST)]
    ground.planned(rounds)
    async with ground.under_load() as load:
        for chosen in rounds:
            await load.until_more(20)
            async with asyncio.TaskGroup() as tasks:
                trials = [tasks.create_task(freeze_and_thaw(ground, service, n % 2 == 0)) for n, service in enumerate(chosen)]
            healed += [trial.result() for trial in trials]
    await ground.judged("SIGSTOP of a worker beyond its session", len(healed), healed)


async def freeze_and_thaw(ground: Ground, service: str, relaying: bool) -> float:
    """Seconds until the other worker had carried on with everything."""
    async with two_workers(ground, service) as workers:
        zombie = workers[0] if relaying else workers[1]
        zombie.freeze()
        began, since = monotonic(), moment()
        await pause(FROZEN)
        at = moment()
        await until_sent(ground.urls, at, [service], TAKEN_OVER)
        await until_heard(ground.urls, service, since, at, TAKEN_OVER)
        taken = monotonic() - began
        zombie.thaw()
        await zombie.until_answers(15, "/readyz")
    return taken


@asynccontextmanager
async def two_workers(ground: Ground, service: str) -> AsyncIterator[tuple[Running, Running]]:
    """The one that relays and another; commands are served by a process of their own, which nobody freezes."""
    async with only_serving(ground.services[service]), ground.worker(service, "first") as first:
        await first.until_answers(60, "/readyz")
        await until_sent(ground.urls, moment(), [service])
        async with ground.worker(service, "second") as second:
            await second.until_answers(60, "/readyz")
            yield first, second
