"""What the consumer does with the log: poison, gaps, failing streams, transient failures, positions that do not fit."""

from collections import Counter
from uuid import UUID, uuid4

import pytest

from shared import operations
from shared.delivery import offsets, parking
from shared.kafka import PARTITIONS, partition_of
from tests.eventually import eventually
from tests.harness import an_envelope
from tests.topic_log import Headers, cut_beginning, write_raw
from tests.toy_running import Ground, tallied
from tests.verdict import Verdict

HEADERS: Headers = [("ce_specversion", b"1.0"), ("ce_type", b"throughcare.toy.noted.v1")]


def partition(stream_id: UUID) -> int:
    return partition_of(str(stream_id).encode())


def attributes(ground: Ground, stream_id: UUID, seq: int, **changed: bytes | None) -> Headers:
    """A good record's headers with some changed."""
    kind = ground.toy.noted
    headers = dict(an_envelope(kind.topic, stream_id, seq, kind.type, b"").headers())
    return [*({**headers, **changed}).items()]


def body(stream_id: UUID) -> bytes:
    return b'{"person_id": "%s"}' % str(stream_id).encode()


async def test_poison_is_quarantined_and_what_follows_flows(ground: Ground) -> None:
    """Source: delivery design, section 4, failures are total."""
    stream = uuid4()
    await ground.make_topics()
    poison: dict[str, tuple[Headers, bytes | None]] = {
        "nothing at all": ([], None),
        "no headers": ([], body(stream)),
        "no json": (attributes(ground, stream, 1), b"\xff{"),
        "no object": (attributes(ground, stream, 1), b"[]"),
        "no value": (attributes(ground, stream, 1), None),
        "seq zero": (attributes(ground, stream, 1, ce_sequence=b"0"), body(stream)),
        "seq beyond bigint": (attributes(ground, stream, 1, ce_sequence=b"9" * 30), body(stream)),
        "epoch beyond int": (attributes(ground, stream, 1, ce_logepoch=b"9" * 30), body(stream)),
        "header without value": (attributes(ground, stream, 1, ce_type=None), body(stream)),
        "nul in a header": (attributes(ground, stream, 1, ce_type=b"a\x00b"), body(stream)),
        "nul in the body": (attributes(ground, stream, 1), b'{"person_id": "a\\u0000b"}'),
        "unreadable header": (attributes(ground, stream, 1, ce_type=b"\xff\xfe"), body(stream)),
        "time without zone": (attributes(ground, stream, 1, ce_time=b"2026-01-01T00:00:00"), body(stream)),
        "other version": (attributes(ground, stream, 1, ce_specversion=b"0.3"), body(stream)),
    }
    await write_raw(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic, partition(stream), *poison.values())
    await ground.write(stream, stream)
    async with ground.working():
        assert await ground.all_applied(2) == Verdict(2, 0, 0, 0)
    assert await ground.count("quarantine") == len(poison) == 14
    assert await ground.count("parked") == 0


async def test_a_failing_stream_is_parked_while_others_flow_and_replayed(ground: Ground) -> None:
    bad, good = uuid4(), [uuid4() for _ in range(8)]
    ground.toy.faults.failing.add(bad)
    await ground.write(bad, *good, bad, *good, bad)
    async with ground.working():
        await ground.all_applied(16)
        await eventually(lambda: is_true(ground, "parked", 3))
        states = await ground.service.fetch("SELECT state, reason FROM parked ORDER BY seq")
        assert [(r["state"], r["reason"]) for r in states] == [
            ("failed", "ValueError"),
            ("behind", "behind-failed"),
            ("behind", "behind-failed"),
        ]
        assert ground.toy.faults.calls.count((bad, 0)) >= 3, "three tries before it is parked"
        ground.toy.faults.failing.clear()
        assert await operations.replay(ground.service.worker, ground.toy.service.handlers, ground.toy.noted.topic, bad) == 3
        await ground.write(bad)
        assert await ground.all_applied(20) == Verdict(20, 0, 0, 0)
    assert await ground.effects_of(bad) == [1, 2, 3, 4]


async def is_true(ground: Ground, table: str, count: int, where: str = "true") -> bool:
    return await ground.count(table, where) == count


async def test_the_sixth_failing_stream_halts_the_topic_until_resume(ground: Ground) -> None:
    bad = [uuid4() for _ in range(6)]
    ground.toy.faults.failing.update(bad)
    await ground.write(*bad)
    async with ground.working() as worker:
        await eventually(lambda: is_true(ground, "halt", 1))
        assert (await ground.service.fetch("SELECT reason FROM halt"))[0]["reason"] == "streams-failing ValueError"
        assert await ground.count("parked", "state = 'failed'") == 5
        assert worker.not_ready(serves_api=False) == "topic-halted"
        good = [uuid4() for _ in range(6)]
        await ground.write(*good)
        ground.toy.faults.failing.clear()
        assert await ground.count("effect") == 0
        await operations.resume(ground.service.worker, ground.toy.noted.topic)
        await ground.all_applied(7)
        for stream in bad:
            await operations.replay(ground.service.worker, ground.toy.service.handlers, ground.toy.noted.topic, stream)
        assert await ground.all_applied(12) == Verdict(12, 0, 0, 0)
        assert worker.not_ready(serves_api=False) is None
    assert await ground.tallies() == tallied(await ground.effects())


async def test_an_operator_halts_and_resumes(ground: Ground) -> None:
    topic = ground.toy.noted.topic
    async with ground.working() as worker:
        await operations.halt(ground.service.worker, topic)
        await eventually(lambda: is_halted(worker.listening.halted, topic))
        await ground.write(*[uuid4() for _ in range(5)])
        await eventually(lambda: is_true(ground, "unsent", 0))
        assert await ground.count("effect") == 0
        await operations.resume(ground.service.worker, topic)
        assert await ground.all_applied(5) == Verdict(5, 0, 0, 0)


async def is_halted(halted: frozenset[str], topic: str) -> bool:
    return topic in halted


async def test_a_transient_failure_repeats_the_whole_batch(ground: Ground) -> None:
    stream = uuid4()
    await ground.write(*[stream] * 10)
    ground.toy.faults.transient += [(stream, 6)] * 4
    async with ground.working():
        assert await ground.all_applied(10) == Verdict(10, 0, 0, 0)
    calls = Counter(n for _, n in ground.toy.faults.calls)
    assert calls[6] == 5, "tried until it went: a transient failure is no bad event, however often"
    assert calls[0] == 5, "the whole batch each time"
    assert await ground.count("parked") == 0
    assert await ground.tallies() == {stream: 10}


async def stored(ground: Ground, stream: UUID, offset: int) -> None:
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute("INSERT INTO inbox_offset VALUES ($1, $2, $3)", ground.toy.noted.topic, partition(stream), offset)


@pytest.mark.parametrize("known", [2, None], ids=["below", "unknown"])
async def test_a_position_before_the_logs_beginning_halts_the_topic(ground: Ground, known: int | None) -> None:
    stream, servers, topic = uuid4(), ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic
    await ground.make_topics()
    records = [(attributes(ground, stream, seq), body(stream)) for seq in range(1, 7)]
    await write_raw(servers, topic, partition(stream), *records)
    await cut_beginning(servers, topic, partition(stream), 4)
    if known is not None:
        await stored(ground, stream, known)
    async with ground.working():
        await eventually(lambda: is_true(ground, "halt", 1, "topic <> 'relay'"))
    (row,) = await ground.service.fetch("SELECT topic, reason FROM halt WHERE topic <> 'relay'")
    assert row["topic"] == topic
    assert row["reason"] == f"position-outside-log partition={partition(stream)} log=(4, 6)"
    assert await ground.count("effect") == 0


async def test_a_position_beyond_the_logs_end_begins_anew(ground: Ground) -> None:
    """The log was emptied and made again."""
    stream = uuid4()
    await ground.write(stream, stream)
    await stored(ground, stream, 99)
    async with ground.working():
        assert await ground.all_applied(2) == Verdict(2, 0, 0, 0)
    assert await ground.count("halt") == 0


async def test_a_gap_on_the_log_seeks_back_once_and_is_healed_by_what_is_missing(ground: Ground) -> None:
    """Our position says that the first two were read; they never took effect here."""
    stream, servers, topic = uuid4(), ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic
    await ground.make_topics()
    await write_raw(servers, topic, partition(stream), *((attributes(ground, stream, seq), body(stream)) for seq in range(1, 5)))
    await stored(ground, stream, 2)
    async with ground.working():
        await eventually(lambda: is_true(ground, "effect", 4))
    assert await ground.effects_of(stream) == [1, 2, 3, 4]
    assert await ground.count("parked") == 0


async def test_our_position_is_written_in_the_batchs_transaction(ground: Ground) -> None:
    await ground.write(*[uuid4() for _ in range(30)])
    async with ground.working() as worker:
        await ground.all_applied(30)
        ends = await worker.listening.ends()
        assert ends is not None
        assert len(ends) == 2 * PARTITIONS
        assert await offsets.heard_of(worker.listening.database, ends) == {topic for topic, _ in ends}
    rows = await ground.service.fetch("SELECT sum(next_offset) AS read FROM inbox_offset")
    assert rows[0]["read"] == 30


async def test_reasons_name_no_value(ground: Ground) -> None:
    """Source: delivery design, section 7: sqlstate and constraint, never DETAIL."""
    stream = uuid4()
    async with ground.service.worker.connection() as connection:
        with pytest.raises(Exception) as failed:
            await connection.execute("INSERT INTO inbox VALUES ('t', $1, 1), ('t', $1, 2)", stream)
    reason = parking.reason_of(failed.value)
    assert reason == "UniqueViolationError 23505 inbox_pkey"
