"""The operator's commands on the machine: each says what it does and does it."""

import asyncio
import re
from uuid import uuid4

import pytest

from shared import grammar, operations
from shared.delivery import parking
from shared.process import log_of
from tests.harness import an_envelope
from tests.toy_running import Ground


async def test_halt_status_resume_and_replay(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    toy, topic, stream = ground.toy.service, ground.toy.noted.topic, uuid4()
    fact = ground.service.envelope(ground.toy.noted(person_id=stream))
    async with ground.service.worker.transaction() as tx:
        await parking.park_failed(tx, fact, ValueError("told to"))

    async def said(*arguments: str) -> str:
        settings = ground.settings(worker_database_url=ground.service.urls["worker"])
        code = await asyncio.to_thread(operations.main, topic, toy.handlers, settings, log_of(toy, settings), list(arguments))
        assert code == 0
        return capsys.readouterr().out

    assert f"stopping {topic}" in await said("halt", topic)
    assert await ground.count("halt") == 1
    assert f"halted {topic} since" in await said("status")
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
    assert "ran 0; the next, seq 1, fails again: ValueError" in capsys.readouterr().out
    assert (await ground.count("parked", "state = 'failed'"), await ground.count("inbox", "blocked"), await ground.count("effect")) == (
        1,
        1,
        0,
    )


async def test_status_names_why_a_stream_is_parked(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever its code's place in the alphabet: it is the failed event's, not that of those behind it."""
    kind, stream = ground.toy.noted, uuid4()
    await ground.service.deliver_again(
        an_envelope(kind.topic, stream, 1, "throughcare.toy.never_known.v1", b"{}"), ground.service.envelope(kind(person_id=stream), 2)
    )
    await operations.status(ground.service.worker, "toy")
    assert f"parked {kind.topic} {stream} from seq 1: 2 events, unknown-type" in capsys.readouterr().out


async def test_resend_says_how_many_rows_it_asks_for(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    one, topic = uuid4(), ground.toy.noted.topic
    await ground.write(one, uuid4(), one)
    asked_for = {("--all",): 3, ("--since", "2020-01-01"): 3, ("--since", "2199-01-01"): 0, ("--stream", topic, str(one)): 2}
    for arguments, rows in asked_for.items():
        asked = grammar.commands(topic, [topic]).parse_args(["resend", *arguments])
        assert await operations.send_again(ground.service.worker, asked.since, asked.stream) == 0
        said = re.search(r"at most (\d+) rows", capsys.readouterr().out)
        assert said, arguments
        assert rows <= int(said[1]) <= 2 * rows
    assert await ground.count("resending") == 3


@pytest.mark.parametrize(
    "typed",
    [
        ["halt", "no-such-topic"],
        ["resume", "no-such-topic"],
        ["replay", "no-such-topic", str(uuid4())],
        ["replay", "toy", "no-id"],
        ["resend"],
        ["resend", "--all", "--since", "2026-01-01"],
        ["resend", "--since", "yesterday"],
        ["resend", "--stream", "toy", "no-id"],
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(typed: list[str]) -> None:
    """A topic that nobody here listens to was once said to be stopped."""
    with pytest.raises(SystemExit) as ended:
        grammar.commands("toy", ["toy"]).parse_args(typed)
    assert ended.value.code == 2


def test_the_relay_is_resumed_as_a_topic_is() -> None:
    assert grammar.commands("toy", ["toy"]).parse_args(["resume", "relay"]).topic == "relay"


async def test_a_database_that_is_away_is_said_and_not_thrown(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    toy, settings = ground.toy.service, ground.settings(worker_database_url="postgresql://nobody@127.0.0.1:1/none")
    assert await asyncio.to_thread(operations.main, toy.name, toy.handlers, settings, log_of(toy, settings), ["status"]) == 1
    assert "the database is away" in capsys.readouterr().out


async def test_a_log_is_adopted_only_while_the_relay_is_halted(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """A running relay holds the lock that adopting takes: it would wait for ever, without a word."""
    toy, urls = ground.toy.service, ground.service.urls
    async with ground.working() as worker:
        await ground.write(uuid4())
        await ground.all_applied(1)
        assert worker.relay.active
        for owner_url, why in ((urls["owner"], "the relay is not halted"), ("", "OWNER_DATABASE_URL is not set")):
            settings = ground.settings(worker_database_url=urls["worker"], owner_database_url=owner_url)
            work = asyncio.to_thread(operations.main, toy.name, toy.handlers, settings, log_of(toy, settings), ["adopt-log"])
            assert await asyncio.wait_for(work, 20) == 1
            assert why in capsys.readouterr().out
