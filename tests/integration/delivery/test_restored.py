"""A database restored from an older state: nothing is sent, all can see it, `adopt` leads out; listeners miss nothing."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from shared.database import connect
from shared.delivery.adoption import Adopted, Clash, adopt
from shared.delivery.relay import READ, outgoing
from shared.kafka import Producer, partition_of
from shared.process import log_of
from tests.eventually import eventually
from tests.topic_log import cut_beginning, read_log
from tests.toy_running import Ground
from tests.verdict import Verdict, judge

Say = Callable[[str, object], None]
KEPT = ("outbox", "stream", "unsent", "relay_position")


async def as_owner(ground: Ground, *statements: str) -> None:
    connection = await connect(ground.service.urls["owner"])
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def back_up(ground: Ground) -> None:
    await as_owner(ground, *(f"CREATE TABLE kept_{table} AS TABLE {table}" for table in KEPT))


async def restore(ground: Ground) -> None:
    """What this service wrote is as old as its back-up, its counter of ids too; its listener stands for another service and keeps all."""
    await as_owner(
        ground,
        *(f"TRUNCATE {table}" for table in KEPT),
        *(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}" for table in KEPT),
        "SELECT setval('outbox_id_seq', (SELECT max(id) FROM outbox))",
    )


async def is_halted(ground: Ground) -> bool:
    return await ground.count("halt", "topic = 'relay'") == 1


async def all_sent(ground: Ground) -> bool:
    return await ground.count("unsent") == 0


async def test_a_restored_database_halts_its_relay_and_adopts_the_log(ground: Ground, record_property: Say) -> None:
    """Ten streams: all in the back-up, five go on after it and are lost here, three more begin after it; new facts clash with theirs."""
    old, later = [uuid4() for _ in range(10)], [uuid4() for _ in range(3)]
    async with ground.working():
        await ground.write(*old, *old)
        await ground.all_applied(20)
        await eventually(lambda: all_sent(ground))
        await back_up(ground)
        await ground.write(*old[:5], *later, *old[:5], *later, first=100)
        await ground.all_applied(36)
        await eventually(lambda: all_sent(ground))
    before = len(await read_log(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic))
    await restore(ground)
    await ground.write(*old, *later, *old, first=200)
    async with ground.working() as worker:
        await eventually(lambda: is_halted(ground))
        assert (await ground.service.call("GET", "/readyz")).status_code == 503
        await eventually(lambda: stands(worker.relay.active))
        assert await ground.count("unsent") == 23
        assert len(await read_log(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic)) == before == 36, "nothing was sent"
        adopted = await adopt(ground.service.urls["owner"], log_of(ground.toy.service, ground.settings()))
        assert (adopted.events, adopted.renumbered) == (16, 13), "the clashing streams alone are numbered anew"
        assert {(stream, first, last) for _, stream, first, last in adopted.streams} == {
            *((stream, 3, 4) for stream in old[:5]),
            *((stream, 1, 2) for stream in later),
        }
        verdict = await ground.all_applied(36 + 23, 30)
        assert (await ground.service.call("GET", "/readyz")).status_code == 200
        await ground.write(*old, *later)
        verdict = await ground.all_applied(36 + 23 + 13, 30)
    record_property("verdict", f"1 restoring: {verdict}")
    assert verdict == Verdict(72, 0, 0, 0)
    ids = await ground.service.fetch("SELECT topic, stream_id, seq FROM outbox ORDER BY id")
    in_order = judge(await ground.committed(), [((row["topic"], row["stream_id"]), row["seq"]) for row in ids])
    assert in_order == Verdict(72, 0, 0, 0), "a refill by id would send every stream in order"


async def stands(active: bool) -> bool:
    return not active


async def told_twice_and_restored_after_the_first(ground: Ground, stream: UUID, since: int = 1) -> None:
    async with ground.working():
        await ground.write(stream)
        await ground.all_applied(1)
        await eventually(lambda: all_sent(ground))
        await back_up(ground)
        await ground.write(*[stream] * since)
        await ground.all_applied(1 + since)
        await eventually(lambda: all_sent(ground))
    await restore(ground)


async def test_resume_without_adopting_halts_again(ground: Ground) -> None:
    stream = uuid4()
    await told_twice_and_restored_after_the_first(ground, stream)
    async with ground.working():
        for _ in range(2):
            await eventually(lambda: is_halted(ground))
            await as_owner(ground, "DELETE FROM halt")
        await eventually(lambda: is_halted(ground))


async def test_two_databases_that_wrote_one_stream_are_told_and_left_alone(ground: Ground) -> None:
    """The place of a stranger is taken by a fact that was sent: no numbering mends that."""
    stream = uuid4()
    await told_twice_and_restored_after_the_first(ground, stream)
    await ground.write(stream)
    await as_owner(ground, "DELETE FROM unsent")
    with pytest.raises(Clash):
        await adopt(ground.service.urls["owner"], log_of(ground.toy.service, ground.settings()))
    assert await ground.count("outbox") == 2


async def test_what_the_back_up_had_not_marked_is_no_stranger(ground: Ground) -> None:
    """Backed up between acknowledgement and deletion: those rows are sent, keep their numbers, and nothing halts."""
    streams = [uuid4() for _ in range(5)]
    await ground.write(*streams, *streams)
    await back_up(ground)
    async with ground.working():
        await ground.all_applied(10)
        await eventually(lambda: all_sent(ground))
    await restore(ground)
    async with ground.working():
        await eventually(lambda: all_sent(ground))
        await ground.write(*streams)
        assert await ground.all_applied(15) == Verdict(15, 0, 0, 0)
    assert await ground.count("halt") == 0
    adopted = await asyncio.wait_for(adopt(ground.service.urls["owner"], log_of(ground.toy.service, ground.settings())), 10)
    assert adopted == Adopted(0, 0, [], [])


async def test_what_retention_has_passed_over_is_told(ground: Ground) -> None:
    """Two facts since the back-up, of which the log holds the second only; a new one was given the number of the first."""
    stream, topic = uuid4(), ground.toy.noted.topic
    await told_twice_and_restored_after_the_first(ground, stream, since=2)
    await cut_beginning(ground.servers.kafka_bootstrap_servers, topic, partition_of(str(stream).encode()), 2)
    await ground.write(stream)
    adopted = await adopt(ground.service.urls["owner"], log_of(ground.toy.service, ground.settings()))
    assert adopted == Adopted(1, 1, [(topic, stream, 3, 3)], [(topic, stream, 1)])
    assert [row["seq"] for row in await ground.service.fetch("SELECT seq FROM outbox ORDER BY seq")] == [1, 3, 4]
    async with ground.working():
        await eventually(lambda: all_sent(ground))
        await eventually(lambda: has_effects(ground, stream, [1, 2, 3, 4]))


async def has_effects(ground: Ground, stream: UUID, seqs: list[int]) -> bool:
    return await ground.effects_of(stream) == seqs


async def test_the_logs_epoch_is_taken_up_from_our_own_events_too(ground: Ground) -> None:
    """Restored to a state that knows the events, but not that the log was filled with them again: listeners know the later epoch."""
    stream, topic = uuid4(), ground.toy.noted.topic
    await ground.write(stream)
    async with ground.service.worker.connection() as connection:
        rows = await connection.fetch(READ, 0, 10)
    await ground.make_topics()
    producer = await Producer.start(ground.servers.kafka_bootstrap_servers)
    assert None not in await producer.send([outgoing(row, 3) for row in rows])
    await producer.stop()
    await adopt(ground.service.urls["owner"], log_of(ground.toy.service, ground.settings()))
    assert await ground.count("relay_position", f"topic = '{topic}' AND log_epoch = 3") > 0
