"""One listener does not listen for the whole run and is started at its end: it catches up. Source: the fault table of the ledger test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from tests.fault.ground import Ground
from tests.fault.load import Load
from tests.fault.rows.conftest import Size
from tests.fault.running import Running
from tests.fault.standing import moment, until_heard

COMMANDS = 400
LISTENERS = ("monitoring", "family")
"""Their commands are served meanwhile by a process in role `api`, which neither listens nor relays."""


async def test_listener_stopped(ground: Ground, size: Size, chance: Random) -> None:
    healed, trials = [], size.of(2)
    async with ground.under_load() as load:
        for trial in range(trials):
            healed.append(await stopped_and_started(ground, load, LISTENERS[trial % len(LISTENERS)]))
    await ground.judged("a listener stopped for the whole run", trials, healed)


async def stopped_and_started(ground: Ground, load: Load, service: str) -> float:
    """Seconds from the start until it had heard everything."""
    since, running = moment(), ground.services[service]
    async with only_serving(running):
        await load.until_more(COMMANDS, 60)
        at = moment()
    return await until_heard(ground.urls, service, since, at, 60)


@asynccontextmanager
async def only_serving(running: Running) -> AsyncIterator[None]:
    """Within: in role `api`, which neither listens nor relays. On leaving it does everything again, and is ready."""
    await start_as(running, "api")
    try:
        yield
    finally:
        await start_as(running, "all")


async def start_as(running: Running, role: str) -> None:
    await running.stop()
    running.role = role
    running.start()
    await running.until_answers(60, "/readyz")
