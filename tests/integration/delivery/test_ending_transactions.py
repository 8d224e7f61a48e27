"""Two edges of a transaction: who is cancelled stays cancelled, and what was saved first is written first."""

import asyncio

from shared.database import Database
from shared.delivery import outbox
from tests.eventually import eventually
from tests.toy_running import Ground


async def test_who_is_cancelled_over_a_lost_connection_is_not_told_that_the_database_was_away(ground: Ground) -> None:
    """Every loop goes on after Transient: a worker that is to end would never end."""
    database, opened, never = await Database.open(ground.service.urls["worker"], 1, "test"), asyncio.Event(), asyncio.Event()
    pids: list[int] = []

    async def work() -> None:
        async with database.transaction() as tx:
            pids.append(await tx.connection.fetchval("SELECT pg_backend_pid()"))
            opened.set()
            await never.wait()

    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work())
        await opened.wait()
        async with ground.service.worker.connection() as other:
            await other.execute("SELECT pg_terminate_backend($1)", pids[0])

            async def is_gone() -> bool:
                return not await other.fetchval("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pids[0])

            await eventually(is_gone)
        working.cancel()
    assert working.cancelled()
    await database.close()


async def test_of_two_saves_the_later_holds(ground: Ground) -> None:
    """In a command the first waits for the last statement: it may not then undo the second."""
    name = ground.toy.noted.topic
    saved = ("INSERT INTO halt (topic, reason) VALUES ($1, $2) ON CONFLICT (topic) DO UPDATE SET reason = EXCLUDED.reason",)
    async with ground.service.worker.transaction() as tx:
        tx.defers = True
        for reason in ("first", "second", "third"):
            await tx.save(saved, name, reason)
        await outbox.write(tx)
    assert await ground.count("halt", "reason = 'third'") == 1
