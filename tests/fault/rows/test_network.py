"""The network between each service and its two servers fails in every way a line can: the service heals by itself.

Source: the fault table of the ledger test.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from time import monotonic

from deploy.postgres.logins import SERVICES
from tests.fault.ground import Ground
from tests.fault.line import Line
from tests.fault.load import pause
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment, until_heard, until_sent

LASTS = (2.0, 5.0)
HEALS_WITHIN = 30.0
RATE = 30.0
Trouble = Callable[[Line, Random], None]

TROUBLES: dict[str, Trouble] = {
    "cut": lambda line, chance: line.cut(),
    "silent-there": lambda line, chance: line.one_way(there=True),
    "silent-back": lambda line, chance: line.one_way(there=False),
    "slow": lambda line, chance: line.slow(0.5, 0.3, chance),
    "mid-frame": lambda line, chance: line.cut_mid_frame(),
}


@dataclass(frozen=True)
class Trial:
    """One line of one service in one kind of trouble. `is_lost`: what was under way is lost, else it comes late."""

    service: str
    server: str
    line: Line
    trouble: str
    is_lost: bool

    def __str__(self) -> str:
        return f"{self.service}-{self.server} {self.trouble} {'lost' if self.is_lost else 'late'}"

    def begin(self, chance: Random) -> None:
        TROUBLES[self.trouble](self.line, chance)

    def end(self) -> None:
        if self.is_lost:
            self.line.cut()
        self.line.mend()


async def test_network(ground: Ground, size: Size, chance: Random) -> None:
    """Four lines at once, each in another kind of trouble: every service has every kind, four trials a kind and server."""
    rounds = [trials for _ in range(size.of(1)) for trials in planned(ground, chance)]
    pids, recovered, since = pids_of(ground), [], moment()
    async with ground.under_load(RATE) as load:
        await load.until_more(100, 60)
        for trials in rounds:
            recovered.append(await troubled(ground, trials, since, chance))
    assert pids_of(ground) == pids, "a process was started again"
    await ground.judged("network: cut, one way, slow, mid-frame", sum(len(trials) for trials in rounds), recovered)
    assert max(recovered) <= HEALS_WITHIN


def planned(ground: Ground, chance: Random) -> list[list[Trial]]:
    servers = {"postgres": ground.lines.postgres, "kafka": ground.lines.kafka}
    kinds = [(server, trouble) for server in servers for trouble in TROUBLES]
    chance.shuffle(kinds)
    return [
        [
            Trial(service, server, servers[server][service], trouble, is_lost=chance.random() < 0.5)
            for service, (server, trouble) in zip(SERVICES, kinds[first:] + kinds[:first], strict=False)
        ]
        for first in range(len(kinds))
    ]


def pids_of(ground: Ground) -> list[int]:
    return [running.pid for running in ground.services.values() if running.is_alive]


async def troubled(ground: Ground, trials: list[Trial], since: datetime, chance: Random) -> float:
    """Seconds from the end of the trouble until the last of these services had sent and heard everything."""
    for trial in trials:
        trial.begin(Random(chance.getrandbits(64)))
    await pause(chance.uniform(*LASTS))
    for trial in trials:
        trial.end()
    began, at = monotonic(), moment()
    async with asyncio.TaskGroup() as tasks:
        for service in SERVICES:
            tasks.create_task(healed(ground, service, since, at, trials))
    return monotonic() - began


async def healed(ground: Ground, service: str, since: datetime, at: datetime, trials: list[Trial]) -> None:
    step = "ready"
    try:
        await ground.services[service].until_answers(HEALS_WITHIN, "/readyz")
        step = "sending"
        await until_sent(ground.urls, at, [service], HEALS_WITHIN)
        step = "hearing"
        await until_heard(ground.urls, service, since, at, HEALS_WITHIN)
    except AssertionError as error:
        raise AssertionError(f"{service} is not {step} {HEALS_WITHIN} s after {', '.join(map(str, trials))}") from error
