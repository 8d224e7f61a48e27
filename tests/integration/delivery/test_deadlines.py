"""What happens when nothing happens: each deadline acts once, whoever sweeps, and only while nobody met it."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from shared.clock import SLICE, meet_deadline, run_due, set_deadline
from shared.database import Tx
from tests.harness import NOW
from tests.toy_running import Ground

DUE = 150


async def due(ground: Ground, *subject_ids: UUID, later: timedelta = timedelta()) -> None:
    async with ground.service.worker.transaction() as tx:
        for subject_id in subject_ids:
            await set_deadline(tx, "note-due", subject_id, NOW + later)


async def test_a_deadline_swept_by_two_workers_acts_once(ground: Ground) -> None:
    await due(ground, *[uuid4() for _ in range(DUE)])
    deadlines = ground.toy.service.deadlines
    acted = await asyncio.gather(*(run_due(ground.service.worker, deadlines, NOW) for _ in range(4)))
    assert sum(acted) == DUE, f"{acted} of {DUE}"
    assert await ground.count("effect") == DUE, f"{DUE} deadlines, four sweeps at once"
    assert await ground.count("deadline") == 0


async def test_nothing_acts_before_it_is_due_or_after_it_was_met(ground: Ground) -> None:
    early, met = uuid4(), uuid4()
    await due(ground, early, later=timedelta(seconds=1))
    await due(ground, met)
    async with ground.service.worker.transaction() as tx:
        await meet_deadline(tx, "note-due", subject_id=met)
    assert await ground.service.run_deadlines(NOW) == 0
    assert await ground.service.run_deadlines(NOW + timedelta(seconds=1)) == 1


async def test_a_deadline_met_while_it_acts_is_rolled_back(ground: Ground) -> None:
    subject_id = uuid4()
    await due(ground, subject_id)

    async def acts_while_it_is_met(tx: Tx, subject: UUID) -> None:
        await ground.toy.service.deadlines["note-due"](tx, subject)
        async with ground.service.worker.transaction() as other:
            await meet_deadline(other, "note-due", subject_id=subject)

    assert await run_due(ground.service.worker, {"note-due": acts_while_it_is_met}, NOW) == 0
    assert await ground.count("effect") == 0


async def test_one_that_fails_stays_and_stops_no_other(ground: Ground) -> None:
    bad, good = uuid4(), uuid4()
    await due(ground, bad)
    await due(ground, good)

    async def fails_on_one(tx: Tx, subject: UUID) -> None:
        await ground.toy.service.deadlines["note-due"](tx, subject)
        if subject == bad:
            raise ValueError("told to fail")

    assert await run_due(ground.service.worker, {"note-due": fails_on_one}, NOW) == 1
    assert [row["subject_id"] for row in await ground.service.fetch("SELECT subject_id FROM deadline")] == [bad]
    assert await ground.count("effect") == 1


async def test_many_that_fail_hold_up_none_behind_them(ground: Ground) -> None:
    bad = {uuid4() for _ in range(SLICE + 5)}
    await due(ground, *bad)
    await due(ground, uuid4(), later=timedelta(seconds=1))

    async def fails_on_most(tx: Tx, subject: UUID) -> None:
        if subject in bad:
            raise ValueError("told to fail")

    assert await run_due(ground.service.worker, {"note-due": fails_on_most}, NOW + timedelta(seconds=1)) == 1
