"""Roll-ups are compared with the facts and put right from them beside live traffic. Source: delivery section 4."""

import asyncio
import random
from functools import partial
from uuid import UUID

import pytest

from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.operation import service as operation
from services.monitoring.rollup import service as rollups
from services.monitoring.settings import Settings
from shared.errors import Conflict
from shared.events.envelope import Envelope
from tests.builders_monitoring import Story
from tests.eventually import eventually
from tests.harness import ServiceUnderTest
from tests.integration.services.monitoring.test_facts import CLINIC, OTHER, cut_short, through_all_stages

DAMAGE = (
    "UPDATE unit_count SET units = units + 3 WHERE figure = 'handover'",
    "DELETE FROM unit_count WHERE figure = 'stage'",
    "UPDATE unit_count SET period = period + 1 WHERE figure = 'referral'",
    "UPDATE unit_count SET amount = NULL, units = 9 WHERE figure = 'journey'",
    "TRUNCATE unit_count",
)


def told(service: ServiceUnderTest, persons: int) -> list[Envelope]:
    """What these persons' stories tell, in an order of its own for each topic and person."""
    stories = [(through_all_stages if n % 2 else cut_short)(Story((CLINIC, OTHER)[n % 2])) for n in range(persons)]
    return [service.envelope(fact) for story in stories for fact in story]


async def damage(service: ServiceUnderTest, statement: str) -> None:
    from shared.database import connect

    owner = await connect(service.urls["owner"])
    await owner.execute(statement)
    await owner.close()


async def kept(service: ServiceUnderTest) -> list[tuple[object, ...]]:
    async with service.worker.connection() as connection:
        rows = await connection.fetch("SELECT * FROM unit_count WHERE units <> 0")
    return sorted((tuple(row) for row in rows), key=str)


async def differing(service: ServiceUnderTest) -> int:
    async with service.worker.transaction() as tx:
        return len(await rollups.differences(tx.connection, units_of(FIGURES)))


@pytest.mark.parametrize("statement", DAMAGE)
async def test_whatever_is_wrong_is_found_and_put_right(
    monitoring: ServiceUnderTest, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    await monitoring.deliver_again(*told(monitoring, 6))
    right, settings = await kept(monitoring), Settings(worker_database_url=monitoring.urls["worker"])
    assert len(right) > 20
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--verify"]) == 0
    await damage(monitoring, statement)
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--verify"]) == 1
    assert "recomputed" in capsys.readouterr().out
    assert await kept(monitoring) != right, "verifying changes nothing"
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--swap"]) == 0
    assert "counts differed from the facts and are right now" in capsys.readouterr().out
    assert await kept(monitoring) == right
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--verify"]) == 0


HELD = "a-figure-of-no-fact"
HELD_BACK = f"INSERT INTO unit_count VALUES ('{HELD}', '', '', '', '{UUID(int=0)}', NULL, '2026-01-01', '', '', NULL, NULL, 5)"
"""The first in the order of locks: who waits for it holds no other count."""


async def test_what_is_committed_between_comparing_and_adding_is_counted_once(monitoring: ServiceUnderTest) -> None:
    """The forced schedule: a rebuild has compared and waits for the first count it puts right, while batches of other units commit."""
    envelopes = told(monitoring, 8)
    half = len(envelopes) // 2
    await monitoring.deliver_again(*envelopes[:half])
    for statement in (DAMAGE[0], DAMAGE[1], HELD_BACK):
        await damage(monitoring, statement)

    async def rebuild() -> None:
        async with monitoring.worker.transaction() as tx:
            await rollups.rebuild(tx.connection, units_of(FIGURES))

    async with asyncio.TaskGroup() as tasks, monitoring.worker.transaction() as holder:
        await holder.connection.execute("SELECT FROM unit_count WHERE figure = $1 FOR UPDATE", HELD)
        tasks.create_task(rebuild())
        await eventually(partial(somebody_waits, monitoring), 5)
        await monitoring.deliver_again(*envelopes[half:])
    assert await differing(monitoring) == 0


async def somebody_waits(service: ServiceUnderTest) -> bool:
    sql = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await service.fetch(sql))


async def test_rebuilding_again_and_again_beside_live_traffic(monitoring: ServiceUnderTest) -> None:
    """Twelve rebuilds, each after new damage, while batches commit in a random order: at the end not one count differs."""
    dice = random.Random(18)
    envelopes = told(monitoring, 24)
    batches = [envelopes[place : place + 7] for place in range(0, len(envelopes), 7)]
    dice.shuffle(batches)
    rebuilds = 0

    async def live() -> None:
        for batch in batches:
            await eventually(partial(was_delivered, monitoring, batch), 20)

    async def rebuilding() -> None:
        nonlocal rebuilds
        for _ in range(12):
            await damage(monitoring, dice.choice(DAMAGE[:4]))
            async with monitoring.worker.transaction() as tx:
                await rollups.rebuild(tx.connection, units_of(FIGURES))
            rebuilds += 1

    await asyncio.gather(live(), rebuilding())
    assert rebuilds == 12
    assert await differing(monitoring) == 0


async def was_delivered(service: ServiceUnderTest, batch: list[Envelope]) -> bool:
    """Tried again as the consumer would, when rebuild or damage was in the way."""
    outcome = (await asyncio.gather(service.deliver_again(*batch), return_exceptions=True))[0]
    return not isinstance(outcome, BaseException)


async def test_two_rebuilds_at_once_are_one_too_many(monitoring: ServiceUnderTest) -> None:
    await monitoring.deliver_again(*told(monitoring, 2))
    async with monitoring.worker.transaction() as first:
        await rollups.rebuild(first.connection, units_of(FIGURES))
        async with monitoring.worker.transaction() as second:
            with pytest.raises(Conflict):
                await rollups.rebuild(second.connection, units_of(FIGURES))


async def test_a_rebuild_sends_nothing_and_is_asked_for_in_one_of_two_ways(monitoring: ServiceUnderTest) -> None:
    await monitoring.deliver_again(*told(monitoring, 4))
    before = await monitoring.fetch("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM deadline), (SELECT count(*) FROM release)")
    await damage(monitoring, "TRUNCATE unit_count")
    settings = Settings(worker_database_url=monitoring.urls["worker"])
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--swap"]) == 0
    after = await monitoring.fetch("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM deadline), (SELECT count(*) FROM release)")
    assert list(before[0]) == list(after[0])
    with pytest.raises(SystemExit):
        await asyncio.to_thread(operation.rebuild, FIGURES, settings, [])
