"""One relay at a time, in order, what is acknowledged and nothing else off the queue. The load test stands in test_writers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from shared.database import connect
from shared.delivery import relay
from shared.delivery.relay import Relay
from shared.kafka import Outgoing, Producer
from tests.eventually import eventually
from tests.integration.delivery.load import Listed, Load, once
from tests.toy_running import Ground
from tests.verdict import Verdict, judge

CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_locks
WHERE locktype = 'advisory' AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = $2)
"""


@dataclass
class FailsFirst:
    """Sends everything but its third record the first time, and says so; later all is well."""

    producer: Producer
    sends: list[int] = field(default_factory=list)

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        self.sends.append(len(records))
        if len(self.sends) > 1:
            return await self.producer.send(records)
        answers = await self.producer.send([r for n, r in enumerate(records) if n != 2])
        return [*answers[:2], None, *answers[2:]]

    async def stop(self) -> None:
        """Kept for the relay's next producer."""


async def test_a_failed_batch_followed_by_a_good_one(ground: Ground) -> None:
    """Real records on the real log, the second of the stream after the third; the listener still applies each once, in order."""
    person_id = uuid4()
    await ground.write(*[person_id] * 6)
    producer = await Producer.start(ground.servers.kafka_bootstrap_servers)
    failing = FailsFirst(producer)
    async with ground.working(once(failing)):
        verdict = await ground.all_applied(6)
    await producer.stop()
    assert failing.sends[:2] == [6, 4], "two were acknowledged before the failed one, four are sent again"
    assert await ground.effects_of(person_id) == [1, 2, 3, 4, 5, 6]
    assert verdict == Verdict(6, 0, 0, 0)
    assert await ground.tallies() == {person_id: 6}
    assert await ground.count("parked") == 0


async def test_two_relays_at_once(ground: Ground) -> None:
    log, stopping = Listed(), asyncio.Event()
    relays = [Relay(ground.service.worker, once(log), stopping) for _ in range(2)]
    load = Load(ground.service.api, ground.toy, 300, writers=6)
    was_active: set[tuple[bool, ...]] = set()

    async def is_empty() -> bool:
        was_active.add(tuple(r.active for r in relays))
        return await ground.count("unsent") == 0

    async with asyncio.TaskGroup() as tasks:
        for each in relays:
            tasks.create_task(each.run())
        await load.run()
        await eventually(is_empty)
        stopping.set()
    assert (True, True) not in was_active
    assert judge(load.committed, log.seen) == Verdict(load.committed.total(), 0, 0, 0)


async def test_who_loses_the_lock_can_mark_nothing(ground: Ground) -> None:
    """The deletion runs on the connection that holds the lock: when it is cut, another relay takes over and sends again."""
    await ground.write(*[uuid4() for _ in range(5)])
    log, stopping = Listed(), asyncio.Event()

    class CutAfterSending(Listed):
        async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
            await log.send(records)
            admin = await connect(ground.servers.postgres_url)
            database = ground.service.urls["worker"].rpartition("/")[2]
            assert await admin.fetchval(CUT, relay.LOCK, database) == 1
            await admin.close()
            stopping.set()
            return list(range(len(records)))

    await Relay(ground.service.worker, once(CutAfterSending()), stopping).run()
    assert await ground.count("unsent") == 5
    stopping.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Relay(ground.service.worker, once(log), stopping).run())
        await eventually(lambda: queue_is_empty(ground))
        stopping.set()
    assert judge(await ground.committed(), log.seen) == Verdict(5, 0, 5, 0), "all sent twice, nothing lost"


async def queue_is_empty(ground: Ground) -> bool:
    return await ground.count("unsent") == 0


async def test_the_position_on_the_log_is_written_with_the_deletion(ground: Ground) -> None:
    await ground.write(*[uuid4() for _ in range(20)])
    async with ground.working():
        await ground.all_applied(20)
        await eventually(lambda: queue_is_empty(ground))
    rows = await ground.service.fetch("SELECT sum(next_offset) AS sent FROM relay_position WHERE topic = $1", ground.toy.noted.topic)
    assert rows[0]["sent"] == 20
