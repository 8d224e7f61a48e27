"""Kafka lost, emptied or replaced: noticed without a restart, filled again from the outbox; each fact takes effect once, in order."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.embedded.kafka.broker import KafkaBroker
from shared.delivery import relay
from shared.delivery.relay import READ, outgoing
from shared.kafka import PARTITIONS, Outgoing, Producer
from tests.eventually import eventually
from tests.integration.delivery.load import Load
from tests.integration.delivery.own_kafka import delete_topic, lone, own_kafka, wipe
from tests.topic_log import read_log
from tests.toy_running import Ground
from tests.verdict import Stream, Verdict, judge

__all__ = ["lone", "own_kafka"]
Say = Callable[[str, object], None]


async def told_again(ground: Ground, timeout: float = 40) -> None:
    """The queue is empty, and nothing is left to be sent again."""

    async def is_done() -> bool:
        return await ground.count("unsent") == 0 and await ground.count("resending") == 0

    await eventually(is_done, timeout)


async def epoch_is(ground: Ground, epoch: int) -> bool:
    return await ground.count("relay_position", f"topic = '{ground.toy.noted.topic}' AND log_epoch = {epoch}") > 0


async def on_the_log(ground: Ground) -> Verdict:
    """Lost and reordered must be 0; whoever sends again doubles."""
    return judge(await ground.committed(), await read_log(ground.servers.kafka_bootstrap_servers, *ground.topics))


async def is_whole(ground: Ground) -> bool:
    """A topic that is being deleted acknowledges for a moment what it drops then: the next look tells."""
    return (await on_the_log(ground)).lost == 0


async def judged(ground: Ground, committed: Counter[Stream], say: Say, what: str) -> None:
    effects = await ground.all_applied(committed.total(), 40)
    await eventually(lambda: is_whole(ground), 30)
    log = await on_the_log(ground)
    say("verdict", f"{what}: on the log {log}, in effect {effects}")
    assert (log.lost, log.reordered) == (0, 0), f"{what}: {log}"
    assert effects == Verdict(committed.total(), 0, 0, 0), f"{what}: {effects}"
    assert await ground.count("parked") == 0


@pytest.mark.parametrize("new_cluster", [False, True], ids=["same-cluster", "new-cluster"])
@pytest.mark.parametrize("commits", [0, 400], ids=["idle", "under-load"])
async def test_a_wiped_kafka_is_filled_again(
    lone: Ground, own_kafka: KafkaBroker, new_cluster: bool, commits: int, record_property: Say
) -> None:
    before = [uuid4() for _ in range(40)]
    load = Load(lone.service.api, lone.toy, commits, writers=4)
    async with lone.working():
        await lone.write(*before, *before)
        await lone.all_applied(80)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run())
            wipe(own_kafka, new_cluster)
        await eventually(lambda: epoch_is(lone, 1), 40)
        await told_again(lone)
        await lone.write(*before)
        await told_again(lone)
        await judged(lone, await lone.committed(), record_property, "wiped once")


async def test_a_topic_deleted_and_made_again_is_filled_again(lone: Ground, record_property: Say) -> None:
    """Both at once: nobody's client need have seen an error."""
    streams, topic = [uuid4() for _ in range(30)], lone.toy.noted.topic
    async with lone.working():
        await lone.write(*streams, *streams, echo=True)
        await lone.all_applied(120)
        for epoch in (1, 2):
            await delete_topic(lone.servers.kafka_bootstrap_servers, topic)
            await lone.make_topics()
            await eventually(lambda epoch=epoch: epoch_is(lone, epoch), 20)  # type: ignore[misc]
            await lone.write(*streams, echo=True)
            await lone.all_applied(120 + 60 * epoch, 40)
            await told_again(lone)
        assert await lone.count("relay_position", f"topic = '{topic}.restricted' AND log_epoch <> 0") == 0, "the other topic was whole"
        await judged(lone, await lone.committed(), record_property, "deleted twice")


async def test_a_log_emptied_and_as_long_as_before_is_told_by_its_last_event(lone: Ground, record_property: Say) -> None:
    """An emptied log got new rows whose acknowledgements nobody heard: no end offset shows it."""
    streams, servers = [uuid4() for _ in range(20)], lone.servers.kafka_bootstrap_servers
    async with lone.working():
        await lone.write(*streams)
        await lone.all_applied(20)
        await told_again(lone)
    await delete_topic(servers, lone.toy.noted.topic)
    await lone.make_topics()
    await lone.write(*streams, *streams, *streams)
    async with lone.service.worker.connection() as connection:
        rows = await connection.fetch(READ, 0, 1000)
    producer = await Producer.start(servers)
    assert None not in await producer.send([outgoing(row) for row in rows])
    await producer.stop()
    async with lone.working():
        await eventually(lambda: epoch_is(lone, 1))
        await told_again(lone)
        await judged(lone, await lone.committed(), record_property, "replaced once")


async def test_an_acknowledgement_below_our_position_deletes_nothing(
    lone: Ground, monkeypatch: pytest.MonkeyPatch, record_property: Say
) -> None:
    """A wipe so quick that the producer heard of nothing; the look at the log every five seconds is switched off."""
    monkeypatch.setattr(relay, "LOOK_EVERY", 3600)
    streams = [uuid4() for _ in range(20)]
    async with lone.working() as worker:
        await lone.write(*streams, *streams)
        await lone.all_applied(40)
        await told_again(lone)
        await delete_topic(lone.servers.kafka_bootstrap_servers, lone.toy.noted.topic)
        await lone.make_topics()
        assert not await epoch_is(lone, 1)
        await lone.write(*streams)
        await eventually(lambda: epoch_is(lone, 1), 20)
        await told_again(lone)
        await judged(lone, await lone.committed(), record_property, "one quick wipe")
        assert worker.relay.active


async def test_a_refill_killed_half_way_goes_on_where_it_was(
    lone: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Say
) -> None:
    streams = [uuid4() for _ in range(100)]
    async with lone.working():
        for n in range(0, 45, 5):
            await lone.write(*streams * 5, first=n)
        await lone.all_applied(4500, 40)
        await told_again(lone)
    await delete_topic(lone.servers.kafka_bootstrap_servers, lone.toy.noted.topic)
    await lone.write(*streams)
    monkeypatch.setenv("DIE_AT", "after-ack:3")
    async with lone.process(tmp_path, "worker") as dying, asyncio.timeout(60):
        assert await dying.wait() == -9
    assert await lone.count("unsent") == 100, "nothing new before the refill is done"
    (cursor,) = await lone.service.fetch("SELECT after_id, upto_id FROM resending WHERE before_new")
    assert 0 < cursor["after_id"] < cursor["upto_id"]
    monkeypatch.delenv("DIE_AT")
    async with lone.working():
        await told_again(lone)
        await judged(lone, await lone.committed(), record_property, "refill killed once")


async def test_what_the_log_has_already_is_not_sent_again(lone: Ground, tmp_path: Path, record_property: Say) -> None:
    """Killed between acknowledgement and deletion: our own events on the log count as sent."""
    streams = [uuid4() for _ in range(20)]
    await lone.make_topics()
    await lone.write(*streams, *streams)
    async with lone.process(tmp_path, "dying-relay") as dying, asyncio.timeout(60):
        assert await dying.wait() == -9
    assert await lone.count("unsent") == 40
    async with lone.working():
        await told_again(lone)
        assert await on_the_log(lone) == Verdict(40, 0, 0, 0), "none was sent twice"
        await judged(lone, await lone.committed(), record_property, "killed once")


async def test_behind_what_the_log_skipped_all_is_sent_again(lone: Ground, record_property: Say) -> None:
    """The second of each stream never arrived, the third did: it must come again, behind the second."""
    streams = [uuid4() for _ in range(10)]
    await lone.make_topics()
    await lone.write(*streams, *streams, *streams)
    async with lone.service.worker.connection() as connection:
        rows = [row for row in await connection.fetch(READ, 0, 1000) if row["seq"] != 2]
    producer = await Producer.start(lone.servers.kafka_bootstrap_servers)
    await producer.send([outgoing(row) for row in rows])
    await producer.stop()
    async with lone.working():
        await told_again(lone)
        assert await on_the_log(lone) == Verdict(30, 0, 10, 0)
        await judged(lone, await lone.committed(), record_property, "10 streams skipped")


async def test_a_topic_that_is_gone_is_waited_for_once_and_not_for_each_partition(lone: Ground) -> None:
    """Each partition waited two seconds in turn: a busy relay saw a wipe after a minute and a half only."""
    gone = f"{lone.toy.noted.topic}.gone"
    producer = await Producer.start(lone.servers.kafka_bootstrap_servers)
    records = [Outgoing(gone, partition, b"key", b"value", []) for partition in range(PARTITIONS)]
    async with asyncio.timeout(20):
        assert await producer.send(records) == [None] * PARTITIONS
    await producer.stop()


async def test_a_stop_that_is_cut_short_leaves_no_connection_open(lone: Ground) -> None:
    """A batch for a topic that is gone keeps a producer from ending in time."""
    servers, topic = lone.servers.kafka_bootstrap_servers, lone.toy.noted.topic
    await lone.make_topics()
    producer = await Producer.start(servers, answered_within_ms=60_000)
    await producer.send([Outgoing(topic, 0, b"key", b"value", [])])
    await delete_topic(servers, topic)
    client = producer._client
    batch = client.create_batch()
    batch.append(key=b"key", value=b"value", timestamp=None)
    waiting = await client.send_batch(batch, topic, partition=0)
    await producer.stop()
    waiting.cancel()
    assert not [conn for conn in client.client._conns.values() if conn.connected()]
    assert client._sender.sender_task.done()
