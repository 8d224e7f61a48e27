"""Calls that never return, and clients that do not let themselves be cancelled: nobody waits for them for ever."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from shared import kafka, topics
from shared.delivery import consumer
from shared.delivery.consumer import Stuck
from shared.kafka import Consumer, KafkaLost, Producer
from shared.process import tended
from tests.eventually import eventually
from tests.toy_running import Ground


class Deaf:
    """Swallows every cancellation but the last, as aiokafka's fetcher does when it closes while the broker is away."""

    def __init__(self) -> None:
        self.end = asyncio.Event()

    async def stop(self) -> None:
        while not self.end.is_set():
            try:
                await self.end.wait()
            except asyncio.CancelledError:
                continue

    start = stop

    async def listen(self) -> None:
        await self.end.wait()


async def test_a_client_that_does_not_close_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "STOPPING_SECONDS", 0.05)
    deaf = Deaf()
    async with asyncio.timeout(2):
        await Producer(deaf).stop()
    deaf.end.set()


class LetsOut:
    """Lets out the cancellation of a task of its own, as aiokafka's fetcher does when it closes after a lost fetch."""

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def test_a_cancellation_out_of_a_closing_client_ends_no_loop() -> None:
    """A listener ended so without a word, and its service heard nothing until somebody restarted it."""
    await Producer(LetsOut()).stop()


async def test_a_cancellation_nobody_asked_for_ends_the_process() -> None:
    with pytest.raises(Stuck):
        await tended(LetsOut().stop())


async def test_a_cancellation_somebody_asked_for_goes_on() -> None:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(tended(Deaf().listen()))
        tasks.create_task(cancel(task))
    assert task.cancelled()


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def test_a_client_that_does_not_start_is_a_lost_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "STARTING_SECONDS", 0.05)
    monkeypatch.setattr(topics, "STOPPING_SECONDS", 0.05)
    deaf = Deaf()
    monkeypatch.setattr(kafka, "AIOKafkaProducer", lambda **_: deaf)
    async with asyncio.timeout(2):
        with pytest.raises(KafkaLost):
            await Producer.start("nowhere:1")
    deaf.end.set()


async def test_a_listener_that_hangs_is_told(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever hangs: the process ends and is started again. Source: delivery design, section 4, liveness."""
    monkeypatch.setattr(consumer, "STUCK_AFTER", 0.3)
    monkeypatch.setattr(consumer, "WATCHED_EVERY", 0.1)
    hang = asyncio.Event()

    async def hanging(*_: object) -> None:
        await hang.wait()

    with pytest.raises(BaseExceptionGroup) as ended:
        async with asyncio.timeout(20), ground.working() as worker:
            monkeypatch.setattr(worker.listening, "_look_at_halts", hanging)
            await hang.wait()
    assert ended.value.subgroup(Stuck) is not None


class Held:
    """An aiokafka client in the middle of a rejoin: it still seeks what it has already revoked, and asserts when asked for its end."""

    def seek(self, *_: object) -> None:
        return None

    def highwater(self, _: object) -> int:
        raise AssertionError("Partition is not assigned")


async def test_a_partition_revoked_while_it_is_looked_up_is_not_taken() -> None:
    """Else its lag would be asked for ever after, which ended the process."""
    client = Consumer("nowhere:1", "group", ["toy"], _client=Held())
    partition = TopicPartition("toy", 3)
    await client.on_partitions_assigned([partition])
    await client.on_partitions_revoked([partition])
    client.seek("toy", 3, 7)
    assert client.ready == frozenset()
    await client.on_partitions_assigned([partition])
    client.seek("toy", 3, 7)
    assert client.ready == {("toy", 3)}
    assert client.highwater("toy", 3) is None


async def test_a_worker_long_without_database_goes_on(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time without counts for nothing: it ended the process as soon as the database was back."""
    async with ground.working() as worker:
        await ground.write(uuid4())
        await ground.all_applied(1)

        async def lost(*_: object) -> list[kafka.Record]:
            worker.listening._moved_at -= 600
            raise KafkaLost("away")

        assert worker.listening.client is not None
        monkeypatch.setattr(worker.listening.client, "poll", lost)
        await eventually(lambda: is_ready_again(worker.listening, lost), 10)
        await ground.write(uuid4())
        await ground.all_applied(2)


async def is_ready_again(listening: consumer.Listening, lost: object) -> bool:
    return listening.client is not None and listening.client.poll is not lost and bool(listening.client.ready)
