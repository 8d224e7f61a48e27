"""kill -9 of PostgreSQL and a restart: 503 with Retry-After meanwhile, writes again within 10 s.

Source: the fault table of the ledger test.
"""

import asyncio
from random import Random
from time import time

from deploy.embedded import child
from deploy.embedded.postgres import PostgresServer
from deploy.postgres.logins import SERVICES
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.load import Load
from tests.fault.rows.conftest import Size

WRITES_WITHIN = 10.0
REFUSALS = 5


async def test_postgres_killed(ground: Ground, size: Size, chance: Random) -> None:
    healed, kills = [], [chance.randint(20, 80) for _ in range(size.of(6))]
    ground.planned(kills)
    async with ground.under_load() as load:
        for commands in kills:
            await load.until_more(commands)
            kill(ground.parts.postgres)
            refused = load.counted["away"]
            await eventually(lambda refused=refused: more_refused(load, refused + REFUSALS), 30)  # type: ignore[misc]
            await restart(ground.parts.postgres)
            healed.append(await until_all_write(load, time()))
    await ground.judged("kill -9 of PostgreSQL", len(kills), healed)
    assert max(healed) <= WRITES_WITHIN


def kill(server: PostgresServer) -> None:
    """The postmaster; its children notice and end by themselves."""
    assert server.process is not None
    child.kill_group(server.process)
    server.process.wait()


async def restart(server: PostgresServer) -> None:
    """Started again and again until it stays: it refuses while a child of the killed one still lives."""

    async def is_up() -> bool:
        assert server.process is not None
        if server.process.poll() is not None:
            server.launch()
        return await asyncio.to_thread(server.is_ready)

    await eventually(is_up, 30)


async def more_refused(load: Load, count: int) -> bool:
    return load.counted["away"] >= count


async def until_all_write(load: Load, up_at: float) -> float:
    """Seconds from the moment the server was up to the first accepted command of the last service."""

    def first(service: str) -> float | None:
        answered = (e.answered_at for e in load.ledger.entries if e.outcome == "ok" and e.command.service == service)
        return min((at for at in answered if at is not None and at >= up_at), default=None)

    async def all_wrote() -> list[float]:
        firsts = [first(service) for service in SERVICES if service != "monitoring"]
        return [at - up_at for at in firsts if at is not None] if None not in firsts else []

    return max(await eventually(all_wrote, 30))
