"""Old rows once more: for a stream, since a moment, all; for a listener that joined after the topics' retention. Effects stay one each."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared import operations
from shared.database import connect
from shared.delivery import relay, resend
from shared.kafka import PARTITIONS, partition_of
from shared.process import Worker
from tests.eventually import eventually
from tests.topic_log import cut_beginning, read_log
from tests.toy_running import Ground
from tests.verdict import Verdict, judge

Say = Callable[[str, object], None]


async def logged(ground: Ground) -> Counter[UUID]:
    """How often each stream is on the log."""
    return Counter(stream_id for (_, stream_id), _ in await read_log(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic))


async def resent(ground: Ground) -> None:
    async def is_done() -> bool:
        return await ground.count("resending") == 0 and await ground.count("unsent") == 0

    await eventually(is_done, 30)


async def test_resend_of_a_stream_since_a_moment_and_of_all(ground: Ground, record_property: Say) -> None:
    """Source: delivery.md section 4. Live rows go on beside it."""
    streams = [uuid4() for _ in range(10)]
    async with ground.working():
        await ground.write(*streams, *streams)
        await ground.all_applied(20)
        async with ground.service.worker.transaction() as tx:
            assert await resend.request(tx, stream_id=streams[0]) >= 2
            assert await resend.request(tx, stream_id=uuid4()) == 0
        await resent(ground)
        assert await logged(ground) == {stream: 4 if stream == streams[0] else 2 for stream in streams}
        await as_owner(ground, "UPDATE outbox SET recorded_at = recorded_at - interval '40 days' WHERE id <= 10")
        async with ground.service.worker.transaction() as tx:
            since = await tx.connection.fetchval("SELECT clock_timestamp() - interval '1 hour'")
            assert await resend.request(tx, since=since, topic=ground.toy.noted.topic) == 10
        await resent(ground)
        assert (await logged(ground)).total() == 22 + 10
        async with ground.service.worker.transaction() as tx:
            assert await resend.request(tx) == 20
        await ground.write(*streams)
        await resent(ground)
        verdict = await ground.all_applied(30)
    record_property("verdict", f"3 resends: {verdict}")
    assert verdict == Verdict(30, 0, 0, 0)
    assert (await logged(ground)).total() == 32 + 20 + 10
    assert await ground.count("parked") == 0


async def test_a_resend_goes_on_beside_live_rows_in_slices(ground: Ground, monkeypatch: pytest.MonkeyPatch, record_property: Say) -> None:
    monkeypatch.setattr(relay, "BATCH", 20)
    streams = [uuid4() for _ in range(50)]
    async with ground.working():
        await ground.write(*streams, *streams, *streams)
        await ground.all_applied(150)
        async with ground.service.worker.transaction() as tx:
            await resend.request(tx)
        for n in range(5):
            await ground.write(*streams, first=n)
        await resent(ground)
        verdict = await ground.all_applied(400)
    record_property("verdict", f"1 resend of 150 beside 250: {verdict}")
    assert verdict == Verdict(400, 0, 0, 0)
    on_log = judge(await ground.committed(), await read_log(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic))
    assert (on_log.lost, on_log.doubled >= 150) == (0, True)


async def test_rows_on_the_queue_are_left_to_it(ground: Ground) -> None:
    """Else a stream's later row might overtake an earlier one that committed late."""
    streams = [uuid4() for _ in range(3)]
    await ground.write(*streams, *streams)
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute("DELETE FROM unsent WHERE id IN (SELECT min(id) FROM unsent)")
        await resend.request(tx)
        cursor = await resend.next_cursor(tx.connection)
        assert cursor
        assert [row["seq"] for row in await resend.rows_of(tx.connection, cursor, 100)] == [1]


async def test_a_listener_that_joins_after_the_retention(ground: Ground, record_property: Say) -> None:
    """It halts and says so; `resend --all` of the owner, `resume` of the listener, and it has everything, once and in order."""
    streams, topic = [uuid4() for _ in range(20)], ground.toy.noted.topic
    async with ground.working():
        await ground.write(*streams, *streams, *streams)
        await ground.all_applied(60)
        await resent(ground)
    for stream_id, place in {partition_of(str(s).encode()): s for s in streams}.items():
        ends = Counter(partition_of(str(s).encode()) for s in streams for _ in range(3))
        await cut_beginning(ground.servers.kafka_bootstrap_servers, topic, stream_id, ends[partition_of(str(place).encode())] - 1)
    await forgotten(ground)
    async with ground.working() as worker:
        await eventually(lambda: halted(ground, topic))
        await eventually(lambda: stands_for(worker, "topic-halted"))
        async with ground.service.worker.transaction() as tx:
            await resend.request(tx)
        await operations.resume(ground.service.worker, topic)
        verdict = await ground.all_applied(60, 30)
        await ground.write(*streams)
        verdict = await ground.all_applied(80, 30)
        await eventually(lambda: stands_for(worker, None))
    record_property("verdict", f"1 late listener, {PARTITIONS} partitions: {verdict}")
    assert verdict == Verdict(80, 0, 0, 0)
    assert await ground.count("parked") == 0
    assert await ground.count("inbox", "waiting OR blocked") == 0


async def forgotten(ground: Ground) -> None:
    """The toy's listener as if it had never been."""
    async with ground.service.worker.transaction() as tx:
        for table in ("inbox", "inbox_offset", "parked"):
            await tx.connection.execute(f"DELETE FROM {table}")
    await as_owner(ground, "TRUNCATE effect", "TRUNCATE tally")


async def as_owner(ground: Ground, *statements: str) -> None:
    connection = await connect(ground.service.urls["owner"])
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def halted(ground: Ground, name: str) -> bool:
    return await ground.count("halt", f"topic = '{name}'") == 1


async def test_since_finds_its_row_by_halving(ground: Ground) -> None:
    await ground.write(*[uuid4() for _ in range(100)])
    await as_owner(
        ground, *(f"UPDATE outbox SET recorded_at = recorded_at - interval '{200 - n} hours' WHERE id = {n}" for n in range(1, 101))
    )
    (row,) = await ground.service.fetch("SELECT recorded_at FROM outbox WHERE id = 61")
    async with ground.service.worker.transaction() as tx:
        assert await resend.request(tx, since=row["recorded_at"]) == 40
        assert await resend.request(tx, since=row["recorded_at"] - timedelta(days=99)) == 100


async def stands_for(worker: Worker, reason: str | None) -> bool:
    return worker.not_ready(serves_api=False) == reason and worker.not_ready(serves_api=True) is None
