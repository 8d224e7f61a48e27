"""All kinds of faults in a random mix, two at a time, while a supervisor starts again whatever ends. Source: the fault table."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
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
    chance: Random
    healed: list[float] = field(default_factory=list)
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def run(self, kind: str) -> None:
        service = self.chance.choice(SERVICES)
        lasts = self.chance.uniform(*LASTS)
        async with self.locks[KINDS[kind][0] or service]:
            self.healed.append(await KINDS[kind][1](self, service, lasts))


async def kill_service(mix: Mix, service: str, lasts: float) -> float:
    """The supervisor starts it again."""
    mix.ground.services[service].kill()
    return await mix.ground.services[service].until_answers(60)


async def freeze_service(mix: Mix, service: str, lasts: float) -> float:
    frozen = mix.ground.services[service]
    frozen.freeze()
    await pause(lasts)
    frozen.thaw()
    return await frozen.until_answers(60)


async def add_worker(mix: Mix, service: str, lasts: float) -> float:
    """It joins, and leaves by SIGTERM or SIGKILL."""
    async with mix.ground.worker(service) as second:
        await pause(lasts)
        if mix.chance.random() < 0.5:
            second.kill()
    return 0.0


async def kill_postgres(mix: Mix, service: str, lasts: float) -> float:
    postgres_killed.kill(mix.ground.parts.postgres)
    await pause(lasts / 2)
    began = monotonic()
    await postgres_killed.restart(mix.ground.parts.postgres)
    return monotonic() - began


async def kill_kafka(mix: Mix, service: str, lasts: float) -> float:
    kafka = mix.ground.parts.kafka
    kafka_killed.kill(kafka)
    await pause(lasts)
    began = monotonic()
    kafka.launch()
    await eventually(lambda: kafka_killed.is_ready(kafka), 60)
    return monotonic() - began


async def trouble_line(mix: Mix, service: str, lasts: float) -> float:
    """A line of the service to one of the two servers is cut, silent one way, slow or broken off within a frame."""
    lines = mix.chance.choice((mix.ground.lines.postgres, mix.ground.lines.kafka))
    mix.chance.choice(TROUBLES)(lines[service], mix.chance)
    await pause(lasts)
    lines[service].mend()
    return await mix.ground.services[service].until_answers(60)


Trouble = Callable[[Line, Random], None]
TROUBLES: tuple[Trouble, ...] = (
    lambda line, _: line.cut(),
    lambda line, _: line.one_way(there=True),
    lambda line, _: line.one_way(there=False),
    lambda line, chance: line.slow(0.5, 0.3, chance),
    lambda line, _: line.cut_mid_frame(),
)
# Kind -> what it holds meanwhile ("": the service), and the fault.
KINDS: dict[str, tuple[str, Callable[[Mix, str, float], Awaitable[float]]]] = {
    "kill-service": ("", kill_service),
    "freeze-service": ("", freeze_service),
    "add-worker": ("", add_worker),
    "kill-postgres": ("postgres", kill_postgres),
    "kill-kafka": ("kafka", kill_kafka),
    "trouble-line": ("", trouble_line),
}


async def test_mixed(ground: Ground, size: Size, chance: Random) -> None:
    trials = size.of(24)
    kinds = [list(KINDS)[n % len(KINDS)] for n in range(trials)]
    chance.shuffle(kinds)
    async with AsyncExitStack() as supervised:
        for running in ground.services.values():
            await supervised.enter_async_context(running.kept_alive())
        async with ground.under_load() as load:
            mix = Mix(ground, load, chance)
            async with asyncio.TaskGroup() as tasks:
                for first in range(AT_ONCE):
                    tasks.create_task(in_turn(mix, kinds[first::AT_ONCE]))
        await ground.all_answer()
    await ground.judged("all of these at random, two at a time", trials, mix.healed, within=90.0)


async def in_turn(mix: Mix, kinds: list[str]) -> None:
    for kind in kinds:
        await mix.load.until_more(mix.chance.randint(5, 40), 90)
        await mix.run(kind)
