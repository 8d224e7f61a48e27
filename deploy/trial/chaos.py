"""Kills each service once while the records are replayed and measures until it answers again. Starting it again is the supervisor's."""

import asyncio
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import orjson

BEARABLE = 15.0
"""Seconds until a killed service answers again. Source: the fault table of the ledger test."""
PATIENCE = 60.0
LOOK_EVERY = 0.05


@dataclass
class Killing:
    """One service, killed once `after` commands were answered; `away` is None while, or when, it did not answer again."""

    service: str
    after: int
    answered: int = 0
    pid: int | None = None
    away: float | None = None
    due: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bearable(self) -> bool:
        return self.away is not None and self.away <= BEARABLE


@dataclass
class Chaos:
    """`file` is stack.json, which the supervisor writes anew for every process it starts again."""

    file: Path
    client: httpx2.AsyncClient
    killings: list[Killing]
    answered: int = 0

    @classmethod
    def over(cls, file: Path, client: httpx2.AsyncClient, services: Iterable[str], commands: int) -> "Chaos":
        """Kills spread evenly over so many commands."""
        names = list(services)
        return cls(file, client, [Killing(name, commands * place // (len(names) + 1)) for place, name in enumerate(names, start=1)])

    def progressed(self, count: int) -> None:
        """So many more commands were answered."""
        self.answered += count
        for killing in self.killings:
            if self.answered >= killing.after:
                killing.due.set()

    def end(self) -> None:
        """The replay is over, maybe early: who was not yet due is spared."""
        for killing in self.killings:
            killing.due.set()

    @property
    def wrong(self) -> list[str]:
        """Who was not killed, or did not answer again in time."""
        return [f"{killing.service}: not back within {BEARABLE:.0f} s of its kill" for killing in self.killings if not killing.bearable]

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """What demo.json says of the kills; nothing without any."""
        kills = [{"service": k.service, "after_commands": k.answered, "pid": k.pid, "seconds_away": k.away} for k in self.killings]
        return {"killed": kills} if kills else {}

    async def run(self) -> None:
        """Until every killed service answered again, or for a minute each."""
        async with asyncio.TaskGroup() as tasks:
            for killing in self.killings:
                tasks.create_task(self._kill(killing))

    async def _kill(self, killing: Killing) -> None:
        await killing.due.wait()
        if self.answered < killing.after:
            return
        killing.answered, killing.pid, began = self.answered, int(self._told(killing.service)["pid"]), monotonic()
        os.kill(killing.pid, signal.SIGKILL)
        while killing.away is None and monotonic() - began < PATIENCE:
            if await self._answers_again(killing):
                killing.away = monotonic() - began
            else:
                await _moment()

    async def _answers_again(self, killing: Killing) -> bool:
        told = self._told(killing.service)
        with suppress(httpx2.TransportError):
            return told["pid"] != killing.pid and (await self.client.get(f"{told['url']}/readyz")).is_success
        return False

    def _told(self, service: str) -> dict[str, Any]:
        told: dict[str, Any] = orjson.loads(self.file.read_bytes())["services"][service]
        return told


async def _moment() -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), LOOK_EVERY)
