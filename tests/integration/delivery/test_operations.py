"""The operator's commands on the machine: each says what it does and does it."""

import asyncio
from uuid import uuid4

import pytest

from shared import operations
from shared.delivery import parking
from tests.toy_running import Ground


async def test_halt_status_resume_and_replay(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    topic, stream = ground.toy.noted.topic, uuid4()
    fact = ground.service.envelope(ground.toy.noted(person_id=stream))
    async with ground.service.worker.transaction() as tx:
        await parking.park_failed(tx, fact, ValueError("told to"))

    async def said(*arguments: str) -> str:
        settings = ground.settings(worker_database_url=ground.service.urls["worker"])
        code = await asyncio.to_thread(operations.main, topic, ground.toy.service.handlers, settings, list(arguments))
        assert code == 0
        return capsys.readouterr().out

    assert f"stopping {topic}" in await said("halt", topic)
    assert await ground.count("halt") == 1
    assert f"parked {topic} {stream} from seq 1: 1 events, ValueError" in await said("status")
    assert "resumed" in await said("resume", topic)
    assert "was not halted" in await said("resume", topic)
    assert await ground.count("halt") == 0
    assert "ran 1; the stream is open" in await said("replay", topic, str(stream))
    assert await ground.effects_of(stream) == [1]


async def test_a_replay_that_fails_again_leaves_the_stream_as_it_was(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    stream = uuid4()
    ground.toy.faults.failing.add(stream)
    async with ground.service.worker.transaction() as tx:
        await parking.park_failed(tx, ground.service.envelope(ground.toy.noted(person_id=stream)), ValueError("told to"))
    ran = await operations.replay(ground.service.worker, ground.toy.service.handlers, ground.toy.noted.topic, stream)
    assert ran == 0
    assert "ran 0; the next fails again: ValueError" in capsys.readouterr().out
    assert (await ground.count("parked", "state = 'failed'"), await ground.count("inbox", "blocked"), await ground.count("effect")) == (
        1,
        1,
        0,
    )
