"""All kinds of faults in a random mix, two at a time, while a supervisor starts again whatever ends. Source: the fault table."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from random import Random
from time import monotonic

from deploy.postgres.logins import SERVICES
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.line import Line
from tests.fault.load import Load, pause
from tests.fault.rows import test_kafka_killed as kafka_killed
from tests.fault.rows import test_postgres_killed as postgres_killed
from tests.fault.rows.conftest import Size

AT_ONCE = 2
LASTS = (1.0, 4.0)


@dataclass
class Mix:
    """Whoever breaks something holds its lock: nobody is started twice. `healed`: seconds until the broken part was well again."""

    ground: Ground
    load: Load
    healed: list[float] = field(default_factory=list)
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def run(self, fault: "Fault") -> None:
        held, broken = KINDS[fault.kind]
        async with self.locks[held or fault.service]:
            self.healed.append(await broken(self.ground, fault))


@dataclass(frozen=True)
class Fault:
    """Of the schedule: begun after so many more `commands`; `lasts` seconds; `seed` for what it draws itself."""

    kind: str
    commands: int
    service: str
    lasts: float
    seed: int

    @property
    def chance(self) -> Random:
        return Random(self.seed)


async def kill_service(ground: Ground, fault: Fault) -> float:
    """The supervisor starts it again."""
    ground.services[fault.service].kill()
    return await ground.services[fault.service].until_answers(60)


async def freeze_service(ground: Ground, fault: Fault) -> float:
    frozen = ground.services[fault.service]
    frozen.freeze()
    await pause(fault.lasts)
    frozen.thaw()
    return await frozen.until_answers(60)


async def add_worker(ground: Ground, fault: Fault) -> float:
    """It joins, and leaves by SIGTERM or SIGKILL."""
    async with ground.worker(fault.service) as second:
        await pause(fault.lasts)
        if fault.chance.random() < 0.5:
            second.kill()
    return 0.0


async def kill_postgres(ground: Ground, fault: Fault) -> float:
    postgres_killed.kill(ground.parts.postgres)
    await pause(fault.lasts / 2)
    began = monotonic()
    await postgres_killed.restart(ground.parts.postgres)
    return monotonic() - began


async def kill_kafka(ground: Ground, fault: Fault) -> float:
    kafka = ground.parts.kafka
    kafka_killed.kill(kafka)
    await pause(fault.lasts)
    began = monotonic()
    kafka.launch()
    await eventually(lambda: kafka_killed.is_ready(kafka), 60)
    return monotonic() - began


async def trouble_line(ground: Ground, fault: Fault) -> float:
    """A line of the service to one of the two servers is cut, silent one way, slow or broken off within a frame."""
    chance = fault.chance
    lines = chance.choice((ground.lines.postgres, ground.lines.kafka))
    chance.choice(TROUBLES)(lines[fault.service], chance)
    await pause(fault.lasts)
    lines[fault.service].mend()
    return await ground.services[fault.service].until_answers(60)


Trouble = Callable[[Line, Random], None]
TROUBLES: tuple[Trouble, ...] = (
    lambda line, _: line.cut(),
    lambda line, _: line.one_way(there=True),
    lambda line, _: line.one_way(there=False),
    lambda line, chance: line.slow(0.5, 0.3, chance),
    lambda line, _: line.cut_mid_frame(),
)
# Kind -> what it holds meanwhile ("": the service), and the fault.
KINDS: dict[str, tuple[str, Callable[[Ground, Fault], Awaitable[float]]]] = {
    "kill-service": ("", kill_service),
    "freeze-service": ("", freeze_service),
    "add-worker": ("", add_worker),
    "kill-postgres": ("postgres", kill_postgres),
    "kill-kafka": ("kafka", kill_kafka),
    "trouble-line": ("", trouble_line),
}


async def test_mixed(ground: Ground, size: Size, chance: Random) -> None:
    faults = planned(size.of(24), chance)
    ground.planned([asdict(fault) for fault in faults])
    async with AsyncExitStack() as supervised:
        for running in ground.services.values():
            await supervised.enter_async_context(running.kept_alive())
        async with ground.under_load() as load:
            mix = Mix(ground, load)
            async with asyncio.TaskGroup() as tasks:
                for first in range(AT_ONCE):
                    tasks.create_task(in_turn(mix, faults[first::AT_ONCE]))
        await ground.all_answer()
    await ground.judged("all of these at random, two at a time", len(faults), mix.healed)


def planned(trials: int, chance: Random) -> list[Fault]:
    """Each kind as often as the others."""
    kinds = [list(KINDS)[n % len(KINDS)] for n in range(trials)]
    chance.shuffle(kinds)
    return [Fault(kind, chance.randint(5, 40), chance.choice(SERVICES), chance.uniform(*LASTS), chance.getrandbits(63)) for kind in kinds]


async def in_turn(mix: Mix, faults: Sequence[Fault]) -> None:
    for fault in faults:
        await mix.load.until_more(fault.commands, 90)
        await mix.run(fault)
