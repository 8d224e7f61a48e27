"""kill -9 of real processes under load: nothing lost, doubled or reordered, in the log's effects and in what handlers append."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from shared import operations
from shared.events.envelope import Envelope
from tests.eventually import eventually
from tests.harness import an_envelope
from tests.topic_log import read_log
from tests.toy_running import Ground, tallied
from tests.verdict import Verdict, judge

Record = Callable[[str, object], None]
STREAMS = 30
KILLS = 3


async def kept_loading(ground: Ground, until: asyncio.Event, streams: list[UUID]) -> Counter[UUID]:
    """Commit facts that make the handler append another, five a transaction, until told to stop; answers what was committed."""
    committed: Counter[UUID] = Counter()
    n = 0
    while not until.is_set():
        chosen = [streams[(n + step * 7) % len(streams)] for step in range(5)]
        await ground.write(*chosen, first=n, echo=True)
        committed.update(chosen)
        n += 5
        if n % 50 == 0:
            await eventually(lambda: has_room(ground, until), 60)
    return committed


async def has_room(ground: Ground, until: asyncio.Event) -> bool:
    """Whether to go on: the queue is short, or nobody is left to shorten it and the load is to stop."""
    return until.is_set() or await shorter_than(ground, 400)


async def shorter_than(ground: Ground, most: int) -> bool:
    return await ground.count("unsent") < most


async def more_effects_than(ground: Ground, count: int) -> bool:
    return await ground.count("effect") > count


async def judged(ground: Ground, committed: Counter[UUID], record_property: Record, trials: str) -> None:
    """Each committed fact took effect once, each effect's own fact too, in order; the projection equals its recomputation."""
    facts = 2 * committed.total()
    verdict = await ground.all_applied(facts, 40)
    record_property("verdict", f"{trials}: {verdict}")
    assert verdict == Verdict(facts, 0, 0, 0), trials
    assert await ground.count("outbox") == facts, trials
    assert await ground.tallies() == tallied(await ground.effects()), trials
    assert (await ground.count("parked"), await ground.count("quarantine"), await ground.count("halt")) == (0, 0, 0), trials


async def test_workers_killed_under_load(ground: Ground, tmp_path: Path, record_property: Record) -> None:
    """Two workers; one after the other dies by SIGKILL while commits go on, and is started again."""
    await ground.make_topics()
    stop, streams = asyncio.Event(), [uuid4() for _ in range(STREAMS)]
    async with asyncio.TaskGroup() as tasks, ground.process(tmp_path, "worker"):
        load = tasks.create_task(kept_loading(ground, stop, streams))
        for _ in range(KILLS):
            before = await ground.count("effect")
            async with ground.process(tmp_path, "worker") as victim:
                await eventually(lambda before=before: more_effects_than(ground, before + 300), 30)  # type: ignore[misc]
                victim.kill()
                assert await victim.wait() == -9
        stop.set()
        committed = await load
        await judged(ground, committed, record_property, f"{KILLS} kills, {committed.total()} facts")


async def test_the_only_worker_killed_and_started_again(ground: Ground, tmp_path: Path, record_property: Record) -> None:
    await ground.make_topics()
    stop, streams = asyncio.Event(), [uuid4() for _ in range(STREAMS)]
    async with asyncio.TaskGroup() as tasks:
        load = tasks.create_task(kept_loading(ground, stop, streams))
        async with ground.process(tmp_path, "worker") as victim:
            await eventually(lambda: more_effects_than(ground, 300), 30)
            victim.kill()
        stop.set()
        committed = await load
    async with ground.process(tmp_path, "worker"):
        await judged(ground, committed, record_property, f"1 kill, {committed.total()} facts")


async def test_a_relay_killed_between_acknowledgement_and_deletion(ground: Ground, tmp_path: Path, record_property: Record) -> None:
    """The log has them already: read back, none is sent twice."""
    await ground.make_topics()
    streams = [uuid4() for _ in range(20)]
    await ground.write(*streams, *streams)
    async with ground.process(tmp_path, "dying-relay") as dying:
        async with asyncio.timeout(60):
            assert await dying.wait() == -9
    assert await ground.count("unsent") == 40, "nothing was deleted"
    async with ground.working():
        verdict = await ground.all_applied(40)
        await eventually(lambda: shorter_than(ground, 1))
    on_log = judge(await ground.committed(), await read_log(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic))
    record_property("verdict", f"on the log {on_log}, in effect {verdict}")
    assert on_log == Verdict(40, 0, 0, 0)
    assert verdict == Verdict(40, 0, 0, 0)


async def test_a_worker_stops_cleanly_on_sigterm(ground: Ground, tmp_path: Path) -> None:
    await ground.make_topics()
    async with ground.process(tmp_path, "worker") as worker:
        await ground.write(uuid4())
        await ground.all_applied(1, 20)
        worker.terminate()
        async with asyncio.timeout(60):
            assert await worker.wait() == 0


async def arriving(ground: Ground, facts: list[Envelope]) -> None:
    for fact in facts:
        await ground.service.deliver_again(fact)


async def test_replay_racing_new_events(ground: Ground, record_property: Record) -> None:
    """A blocked stream is replayed while its next facts arrive, twenty times; each takes effect once, in order."""
    rounds, later = 20, 5
    for _ in range(rounds):
        stream, kind = uuid4(), ground.toy.noted
        body = kind(person_id=stream).model_dump_json().encode()
        facts = [an_envelope(kind.topic, stream, seq, kind.type, body) for seq in range(1, 3 + later)]
        async with ground.service.worker.transaction() as tx:
            await tx.connection.execute("INSERT INTO inbox VALUES ($1, $2, 0, true)", kind.topic, stream)
        await ground.service.deliver_again(*facts[:2])
        assert await ground.effects_of(stream) == []

        handlers = ground.toy.service.handlers
        await asyncio.gather(
            arriving(ground, facts[2:]), *(operations.replay(ground.service.worker, handlers, kind.topic, stream) for _ in range(2))
        )
        await operations.replay(ground.service.worker, handlers, kind.topic, stream)
        assert await ground.effects_of(stream) == list(range(1, 3 + later))
        assert await ground.count("parked") == 0
    assert await ground.count("inbox", "blocked OR waiting") == 0
    record_property("verdict", f"{rounds} races of {later} new facts")


async def test_an_idle_worker_killed_leaves_the_lock_to_the_next(ground: Ground, tmp_path: Path) -> None:
    """The relay's lock dies with its connection: the standby takes over within seconds."""
    async with ground.process(tmp_path, "worker") as first:
        await ground.make_topics()
        await ground.write(uuid4())
        await eventually(lambda: shorter_than(ground, 1), 20)
        async with ground.working() as standby:
            assert not standby.relay.active
            first.kill()
            await first.wait()
            await ground.write(uuid4())
            await ground.all_applied(2)
            assert standby.relay.active


async def test_a_process_refuses_to_run_as_owner(ground: Ground, tmp_path: Path) -> None:
    """Source: privacy section 3."""
    ground.service.urls["worker"] = ground.service.urls["api"] = ground.service.urls["owner"]
    async with ground.process(tmp_path, "all") as process, asyncio.timeout(60):
        assert await process.wait() == 1
    assert "WrongLogin" in said(tmp_path)


def said(folder: Path) -> str:
    """What the processes of a test wrote."""
    return "".join(file.read_text() for file in folder.iterdir())
