"""Topics moved from 12 partitions to 48 under a running service: every fact takes effect once, in order, also after a death on the way.

Source: delivery design, sections 3 and 4; ADR 24.
"""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.database import connected, now_utc
from shared.delivery import offsets, parking, repartition, resend
from shared.delivery.log import RELAY
from shared.delivery.offsets import Place
from shared.delivery.relay import LOCK
from shared.kafka import PARTITIONS, create_topics, partition_of, remake_topics
from shared.process import Worker, log_of, migrate_all
from tests.eventually import eventually
from tests.integration.delivery.load import Load
from tests.integration.delivery.own_kafka import delete_topic
from tests.integration.delivery.test_lost_logs import judged, told_again
from tests.topic_log import write_raw
from tests.toy_running import Ground
from tests.verdict import Verdict

NARROW = 12
Say = Callable[[str, object], None]


class Died(Exception):
    """As kill -9 would end it there."""


async def counts(ground: Ground) -> dict[str, int]:
    return await create_topics(ground.servers.kafka_bootstrap_servers, ground.topics, 1)


async def moved(ground: Ground) -> int:
    """`migrate --repartition` in this process; answers its exit code."""
    return await migrate_all(ground.toy.service, ground.settings(owner_database_url=ground.service.urls["owner"]), repartitions=True)


async def epochs(ground: Ground) -> dict[str, int]:
    rows = await ground.service.fetch("SELECT topic, max(log_epoch) AS epoch FROM relay_position GROUP BY topic")
    return {row["topic"]: row["epoch"] for row in rows}


async def until_heard(ground: Ground) -> None:
    """Everything the outbox has took effect."""
    await told_again(ground)
    await eventually(lambda: all_heard(ground), 40)


async def all_heard(ground: Ground) -> bool:
    return await ground.count("effect") >= await ground.count("outbox")


def streams_of(partition: int, count: int) -> list[UUID]:
    """Streams that lie in this one of 12 partitions."""
    found = (stream for stream in iter(uuid4, None) if partition_of(str(stream).encode(), NARROW) == partition)
    return [next(found) for _ in range(count)]


async def test_moved_under_load(ground: Ground, record_property: Say) -> None:
    """Two workers listen; 400 transactions on 40 streams go on from before it begins until after it ended."""
    await ground.make_topics(NARROW)
    load = Load(ground.service.api, ground.toy, 400, writers=4)
    before = [uuid4() for _ in range(60)]
    async with ground.working(), ground.working():
        await ground.write(*before, *before, echo=True)
        await ground.all_applied(240)
        assert await counts(ground) == dict.fromkeys(ground.topics, NARROW)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run())
            code = tasks.create_task(moved(ground))
        assert code.result() == 0
        assert await counts(ground) == dict.fromkeys(ground.topics, PARTITIONS)
        assert await epochs(ground) == dict.fromkeys(ground.topics, 1)
        await ground.write(*before, echo=True)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "12 partitions moved to 48 once, two topics, two workers")
        rows = await ground.service.fetch("SELECT topic, count(*) AS n FROM relay_position WHERE next_offset > 0 GROUP BY topic")
        assert all(row["n"] > NARROW for row in rows), "the streams are shared out over all partitions"


async def test_a_listener_stopped_meanwhile_takes_it_up(ground: Ground, record_property: Say) -> None:
    """Behind, at the end or before anything: in each of the 12 partitions it stands elsewhere, and none of it means anything by now."""
    await ground.make_topics(NARROW)
    streams = [stream for partition in range(NARROW) for stream in streams_of(partition, 4)]
    async with ground.working():
        await ground.write(*streams, *streams)
        await ground.all_applied(96)
    relaying = asyncio.Event()
    worker = Worker.of(ground.toy.service, ground.settings(), ground.service.worker, relaying)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.relay.run())
        for n in range(2, 2 + NARROW):
            await ground.write(*streams[(n - 2) * 4 :], first=n)
        await told_again(ground)
        assert await moved(ground) == 0
        await told_again(ground)
        relaying.set()
    async with ground.working():
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "one listener stopped meanwhile")


@pytest.mark.parametrize("left", [-1, 0, 1], ids=["shorter", "as-long", "longer"])
async def test_a_position_of_the_old_log_skips_nothing(ground: Ground, left: int, record_property: Say) -> None:
    """The new partition is shorter than, as long as and longer than what was read of the old, and nothing is told afterwards."""
    stays = next(s for s in streams_of(5, 50) if partition_of(str(s).encode(), PARTITIONS) == 5)
    await ground.make_topics(NARROW)
    async with ground.working():
        await ground.write(stays, stays, stays)
        await ground.all_applied(3)
    relaying = asyncio.Event()
    worker = Worker.of(ground.toy.service, ground.settings(), ground.service.worker, relaying)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.relay.run())
        await ground.write(stays, stays, stays, first=3)
        await told_again(ground)
        assert await moved(ground) == 0
        await told_again(ground)
        relaying.set()
    async with ground.service.worker.transaction() as tx:
        await offsets.begin(tx, {(ground.toy.noted.topic, 5): Place(6 - left)})
    async with ground.working():
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, f"one position {left} before the end")
    assert await ground.count("inbox_offset", f"topic = '{ground.toy.noted.topic}' AND partition = 5 AND log_epoch <> 1") == 0


async def test_the_last_record_is_only_looked_at(ground: Ground) -> None:
    """A worker that starts where the log ends reads its last records again: none has another effect, whether it is an event or not."""
    servers, topic, stream = ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic, uuid4()
    await ground.make_topics()
    await write_raw(servers, topic, (partition_of(str(stream).encode()) + 1) % PARTITIONS, ([], b"no event"))
    for told in (1, 2, 3):
        async with ground.working() as worker:
            await ground.write(stream)
            await ground.all_applied(told)
            await eventually(lambda worker=worker: nothing_left(worker))  # type: ignore[misc]
    assert await ground.count("quarantine") == 1
    assert await ground.count("effect") == 3


async def nothing_left(worker: Worker) -> bool:
    lags = worker.lags()
    return bool(worker.listening.took_up and lags) and not worker.listening._again and not any((lags or {}).values())


async def test_twice_changes_nothing_more(ground: Ground, capsys: pytest.CaptureFixture[str], record_property: Say) -> None:
    await ground.make_topics(NARROW)
    streams = [uuid4() for _ in range(20)]
    async with ground.working():
        await ground.write(*streams, echo=True)
        await ground.all_applied(40)
        assert [await moved(ground), await moved(ground)] == [0, 0]
        assert await epochs(ground) == dict.fromkeys(ground.topics, 1)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "moved once, asked twice")
    assert f"nothing to move: each topic has {PARTITIONS} partitions" in capsys.readouterr().out


async def test_two_at_once_move_it_once(ground: Ground, record_property: Say) -> None:
    await ground.make_topics(NARROW)
    streams = [uuid4() for _ in range(20)]
    async with ground.working():
        await ground.write(*streams, echo=True)
        await ground.all_applied(40)
        assert list(await asyncio.gather(moved(ground), moved(ground))) == [0, 0]
        assert await epochs(ground) == dict.fromkeys(ground.topics, 1)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "two at once")


@pytest.mark.parametrize("again", [True, False], ids=["run-again", "left-to-the-relay"])
@pytest.mark.parametrize("dies", ["halted", "before-the-deletion", "between-deletion-and-making"])
async def test_killed_on_the_way(ground: Ground, dies: str, again: bool, record_property: Say) -> None:
    """Whoever comes next ends it: the command again, or the relay by itself, which makes what is missing and fills it."""
    servers = ground.servers.kafka_bootstrap_servers
    await ground.make_topics(NARROW)
    streams = [uuid4() for _ in range(30)]

    async def remake(topics: Collection[str]) -> None:
        if dies == "between-deletion-and-making":
            for topic in topics:
                await delete_topic(servers, topic)
        raise Died

    async with ground.working():
        await ground.write(*streams, *streams, echo=True)
        await ground.all_applied(120)
        if dies == "halted":
            async with ground.service.worker.transaction() as tx:
                await parking.halt(tx.connection, RELAY, repartition.REASON)
        else:
            known = log_of(ground.toy.service, ground.settings())
            with pytest.raises(Died):
                await repartition.repartition(ground.service.urls["owner"], known, now_utc(), remake)
        await ground.write(*streams, echo=True)
        if again:
            assert await moved(ground) == 0
            assert await counts(ground) == dict.fromkeys(ground.topics, PARTITIONS)
        elif dies == "halted":
            async with ground.service.worker.transaction() as tx:
                await parking.resume(tx.connection, RELAY)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, f"killed once: {dies}")
    assert await ground.count("halt") == 0


async def test_as_a_command_killed_and_run_again(ground: Ground, tmp_path: Path, record_property: Say) -> None:
    """The process itself, SIGKILL at five moments one after another, while a worker runs and writers commit."""
    await ground.make_topics(NARROW)
    load = Load(ground.service.api, ground.toy, 200, writers=2)
    async with ground.working():
        await ground.write(*load.streams, *load.streams)
        await ground.all_applied(80)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run())
            for seconds in (1.2, 1.6, 2.0, 3.0, 5.0):
                async with ground.process(tmp_path, "migrate", "--repartition") as dying:
                    await asyncio.wait([tasks.create_task(dying.wait())], timeout=seconds)
                    if dying.returncode is None:
                        dying.kill()
            async with ground.process(tmp_path, "migrate", "--repartition") as last, asyncio.timeout(90):
                assert await last.wait() == 0
        assert await counts(ground) == dict.fromkeys(ground.topics, PARTITIONS)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "a command killed five times")
    assert await ground.count("halt") == 0


async def test_what_is_waiting_behind_a_lock_that_nobody_gives_up_is_undone(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repartition, "PATIENCE", "SET lock_timeout = '200ms'")
    await ground.make_topics(NARROW)
    async with ground.service.worker.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        assert await moved(ground) == 1
    assert await ground.count("halt") == 0
    assert await counts(ground) == dict.fromkeys(ground.topics, NARROW)


async def test_nothing_is_deleted_that_is_nowhere_else(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """The log knows more than the database, which was restored: the only copy of that lies on the topic."""
    await ground.make_topics(NARROW)
    stream = uuid4()
    async with ground.working():
        await ground.write(stream, stream)
        await ground.all_applied(2)
        await told_again(ground)
    async with connected(ground.service.urls["owner"]) as connection:
        await connection.execute("DELETE FROM outbox WHERE seq = 2")
        await connection.execute("DELETE FROM relay_position")
    assert await moved(ground) == 1
    assert await counts(ground) == dict.fromkeys(ground.topics, NARROW)
    assert "adopt-log" in capsys.readouterr().out
    assert await ground.count("halt", "topic = 'relay' AND reason LIKE 'restored%'") == 1
    assert await moved(ground) == 1, "as long as it is halted"


async def test_a_resend_under_way_is_waited_for(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    await ground.make_topics(NARROW)
    stream = uuid4()
    async with ground.working():
        await ground.write(stream, stream)
        await ground.all_applied(2)
        await told_again(ground)
    async with ground.service.worker.transaction() as tx:
        assert await resend.request(tx) == 2
    assert await moved(ground) == 1
    assert "resend" in capsys.readouterr().out
    assert await counts(ground) == dict.fromkeys(ground.topics, NARROW)


async def test_without_being_told_to_nothing_moves(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    """A version that makes 48 runs on 12 as it did, and `migrate` says what moves them."""
    await ground.make_topics(NARROW)
    streams = [uuid4() for _ in range(30)]
    assert await migrate_all(ground.toy.service, ground.settings(owner_database_url=ground.service.urls["owner"])) == 0
    assert "migrate --repartition" in capsys.readouterr().out
    async with ground.working():
        await ground.write(*streams, echo=True)
        assert await ground.all_applied(60) == Verdict(60, 0, 0, 0)
    assert await counts(ground) == dict.fromkeys(ground.topics, NARROW)


async def test_a_topic_made_anew_by_hand_is_served_as_it_is(ground: Ground, record_property: Say) -> None:
    """Nobody halted the relay, and it knew of 12 partitions: it finds the log lost and shares the streams out anew."""
    await ground.make_topics(NARROW)
    streams = [uuid4() for _ in range(40)]
    async with ground.working():
        await ground.write(*streams, *streams)
        await ground.all_applied(80)
        await remake_topics(ground.servers.kafka_bootstrap_servers, ground.topics, 1)
        await ground.write(*streams)
        await ground.all_applied(120, 40)
        await until_heard(ground)
        await judged(ground, await ground.committed(), record_property, "made anew by hand once")
