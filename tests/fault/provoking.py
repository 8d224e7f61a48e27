"""Ways of bringing a seeded bug out: loads, and what is done to the seeded processes meanwhile. What the bugs are: seeded.py."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from deploy.embedded.ports import free_port
from shared.database import connect
from tests.eventually import eventually
from tests.fault.copying import write_again
from tests.fault.evidence import PUBLISHED, Finding
from tests.fault.ground import Ground
from tests.fault.load import Load
from tests.fault.reading import all_read, drained
from tests.fault.revoking import queue_of, revoke_while_sending
from tests.fault.running import Running
from tests.fault.seeded import TOLD
from tests.fault.steps import done, journey_opened, stage_completed, stage_started
from tests.fault.walks import Clinic

RATE = 100.0
COMMANDS = 150
STUCK = 2.0
TURNED_AWAY = 8
HEARD_OF = 12
HELD_BACK = 36
"""Streams: with a third of them two relays at once now and then put none of their facts out of order."""
FROZEN = 8.0
"""Seconds at most: longer than a session of 2 s and taking over, shorter than the 15 s after which a transaction is ended."""
UNMOVED = 1.5
"""Seconds: longer than relay and consumer rest after a failure."""
LISTENER = "monitoring"
"""Whose batches are the largest."""
TOPICS = [topic for topics in PUBLISHED.values() for topic in topics]
ASKED = "SELECT referral_id::text FROM referral WHERE person_id = $1::uuid AND stage = 2 AND origin = 'completion'"

Provoke = Callable[[Ground, str], Awaitable[None]]
"""Is given the bug, for the processes that it starts itself."""


def command(bug: str, service: str, role: str = "all") -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.fault.seeded", bug, service, role)


def seeded_environment(ground: Ground, service: str) -> dict[str, str]:
    return ground.environment(service) | {TOLD: str(ground.folder)}


def tell(ground: Ground, role: str, end: str) -> None:
    """The listener's process of this role `dies` or `freezes` over its next batch."""
    (ground.folder / f"{LISTENER}-{role}.{end}").touch()


async def enough(load: Load, commands: int) -> None:
    """So many more accepted commands, or until none is for a while: where a bug loses facts, who waits for them waits for ever."""
    goal, seen, seen_at = load.counted["ok"] + commands, -1, monotonic()

    async def reached() -> bool:
        nonlocal seen, seen_at
        if load.counted["ok"] != seen:
            seen, seen_at = load.counted["ok"], monotonic()
        return seen >= goal or monotonic() - seen_at > STUCK

    await eventually(reached, 60)


async def load_only(ground: Ground, bug: str) -> None:
    async with ground.under_load(RATE) as load:
        await enough(load, COMMANDS)


async def be_held_back(ground: Ground, bug: str) -> None:
    """The owner reaches no broker while it says several things on each of many streams; then its relay has them all at once."""
    async with ground.under_load(RATE) as load:
        first, second, line = load.about.clinic(1), load.about.clinic(2), ground.lines.kafka["programme"]
        async with asyncio.TaskGroup() as tasks:
            cases = [tasks.create_task(journey_opened(load, first)) for _ in range(HELD_BACK)]
        journeys = [case.result()[1] for case in cases]
        line.cut()
        for journey_id in journeys:
            await stage_started(load, first, journey_id)
            await stage_completed(load, first, journey_id, second)
        line.mend()


async def read_twice(ground: Ground, bug: str) -> None:
    """Everything is on the log twice."""
    async with ground.under_load(RATE) as load:
        await turn_away(ground, load)
    await drained(ground.urls, ground.injected, 30)
    servers = ground.parts.kafka.bootstrap_servers
    await write_again(servers, *TOPICS)
    await eventually(lambda: all_read(ground.urls, servers), 30)


async def turn_away(ground: Ground, load: Load) -> None:
    """A completion asked a clinic, which then was asked no more: the same completion heard again must not ask it again."""
    connection = await connect(ground.urls["referral"]["owner"])
    async with asyncio.TaskGroup() as tasks:
        cases = [tasks.create_task(_completed(load)) for _ in range(TURNED_AWAY)]
    for first, person_id in [case.result() for case in cases]:
        referral_id = await eventually(lambda person_id=person_id: connection.fetchval(ASKED, person_id), 30)  # type: ignore[misc]
        path = f"referral/referrals/{referral_id}/status"
        await done(load, first.command("cancel", "POST", path, {"to": "cancelled", "reason": "moved"}, ("referral_closed",)))
    await connection.close()


async def _completed(load: Load) -> tuple[Clinic, str]:
    """The clinic of stage 1, and the person who has completed it."""
    first, second = load.about.clinic(1), load.about.clinic(2)
    person_id, journey_id = await journey_opened(load, first)
    await stage_started(load, first, journey_id)
    await stage_completed(load, first, journey_id, second)
    return first, person_id


async def die_over_the_last_batch(ground: Ground, bug: str) -> None:
    """The listener hears nothing of the end of the load; then it is given it at once and dies over it, with nothing behind."""
    line, running = ground.lines.kafka[LISTENER], ground.services[LISTENER]
    async with ground.under_load(RATE) as load, running.kept_alive() as deaths:
        await enough(load, COMMANDS // 2)
        line.cut()
        await enough(load, COMMANDS // 2)
        load.stop()
        tell(ground, "all", "dies")
        line.mend()
        await eventually(lambda: _has_died(deaths.codes), 30)
    assert deaths.codes == [-signal.SIGKILL]


async def begin_late(ground: Ground, bug: str) -> None:
    """A listener that never listened before begins when all has been said."""
    await load_only(ground, bug)
    running = ground.services[LISTENER]
    await running.stop()
    running.argv = command(bug, LISTENER)
    running.start()
    await running.until_answers(30, "/readyz")


async def be_frozen(ground: Ground, bug: str) -> None:
    """A second worker is frozen in the middle of a batch, the first takes over and goes on to the end; then that batch is committed."""
    async with ground.under_load(RATE) as load, _a_worker(ground, bug) as zombie:
        first, second = load.about.clinic(1), load.about.clinic(2)
        async with asyncio.TaskGroup() as tasks:
            cases = [tasks.create_task(journey_opened(load, first)) for _ in range(HEARD_OF)]
        journeys = [case.result()[1] for case in cases]
        await drained(ground.urls, ground.injected, 30)  # what is begun now is of streams met before, whose rows the bug does not lock
        tell(ground, "worker", "freezes")
        async with asyncio.TaskGroup() as tasks:
            for journey_id in journeys:
                tasks.create_task(stage_started(load, first, journey_id))
        await eventually(lambda: _is_frozen(zombie), 30)
        frozen_at = monotonic()
        async with asyncio.TaskGroup() as tasks:
            for journey_id in journeys:
                tasks.create_task(stage_completed(load, first, journey_id, second))
        await drained(ground.urls, ground.injected, frozen_at + FROZEN - monotonic())  # never with the right product: it holds the locks
        zombie.thaw()
        await zombie.until_ended()


async def revoke(ground: Ground, bug: str) -> None:
    """Contacts revoke what they permitted while they are being told."""
    async with ground.under_load(2 * RATE) as load, queue_of(ground.urls["family"]["owner"]) as queue:
        await revoke_while_sending(load, queue, 2, 20)


PROVOKED: dict[str, Provoke] = {
    "id-cursor-relay": load_only,
    "skip-locked-relays": be_held_back,
    "no-inbox": read_twice,
    "offset-before-commit": die_over_the_last_batch,
    "auto-commit": die_over_the_last_batch,
    "latest-reset": begin_late,
    "missing-stream-lock": be_frozen,
    "send-before-the-check": revoke,
    "deletes-behind-a-failure": be_held_back,
}


BY_THEMSELVES = (be_held_back, read_twice, be_frozen, revoke)
"""Those that send all commands themselves: the load has no persons of its own beside."""


async def come_to_rest(ground: Ground) -> list[Finding]:
    """Wait until all took effect or nothing moves any more; answers what is left."""
    before: list[Finding] = []
    while (left := await drained(ground.urls, ground.injected, UNMOVED)) != before:
        before = left
    return left


async def _has_died(codes: list[int]) -> bool:
    return bool(codes)


async def _is_frozen(running: Running) -> bool:
    return _state_of(running.pid) == "T"


def _state_of(pid: int) -> str:
    """As the kernel calls it; T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@asynccontextmanager
async def _a_worker(ground: Ground, bug: str) -> AsyncIterator[Running]:
    """A process of the listener in role `worker`, seeded."""
    log, argv = ground.evidence / "log" / f"{LISTENER}-zombie.log", command(bug, LISTENER, "worker")
    running = Running(LISTENER, free_port(), seeded_environment(ground, LISTENER), log, argv=argv)
    running.start()
    try:
        await running.until_answers(30, "/readyz")
        yield running
    finally:
        running.kill()
