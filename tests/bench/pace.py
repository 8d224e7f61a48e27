"""An open loop: work begun at a steady rate whatever becomes of it, and how long each piece took until somebody else saw it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from time import perf_counter
from uuid import UUID, uuid4

from tests.bench.rounds import Lost

WRITERS = 16
LOOK_EVERY_S = 0.002
PATIENCE_S = 120.0

Commit = Callable[[UUID], Awaitable[None]]
"""Makes something happen under this id; returns when it was acknowledged."""
Look = Callable[[Collection[UUID]], Awaitable[Collection[UUID]]]
"""Which of these ids can be seen by now."""


async def rest(seconds: float) -> None:
    """Let time pass on a schedule."""
    try:
        await asyncio.wait_for(asyncio.Event().wait(), max(seconds, 0.0))
    except TimeoutError:
        return


@dataclass
class Paced:
    """`rate` commits a second for `seconds`; `look` watches from beside. All times in seconds."""

    rate: float
    seconds: float
    commit: Commit
    look: Look
    ids: list[UUID] | None = None
    acknowledged: dict[UUID, float] = field(default_factory=dict)
    seen: dict[UUID, float] = field(default_factory=dict)
    looks: list[float] = field(default_factory=list)

    async def run(self) -> list[float]:
        """How long after its acknowledgement each was seen, sorted. Raises Lost when one is not seen within 120 s."""
        async with asyncio.TaskGroup() as tasks:
            start = perf_counter() + 0.1
            writing = [tasks.create_task(self._write(number, start)) for number in range(WRITERS)]
            while not (all(task.done() for task in writing) and len(self.seen) == len(self.acknowledged)):
                await self._watch()
        return sorted(max(self.seen[each] - at, 0.0) for each, at in self.acknowledged.items())

    async def _write(self, first: int, start: float) -> None:
        for number in range(first, int(self.rate * self.seconds), WRITERS):
            await rest(start + number / self.rate - perf_counter())
            await self.commit(one := self.ids[number] if self.ids else uuid4())
            self.acknowledged[one] = perf_counter()

    async def _watch(self) -> None:
        began = perf_counter()
        pending = self.acknowledged.keys() - self.seen.keys()
        if pending:
            if began - min(self.acknowledged[one] for one in pending) > PATIENCE_S:
                raise Lost(f"{len(pending)} not seen after {PATIENCE_S} s")
            found = await self.look(pending)
            self.seen |= dict.fromkeys(found, perf_counter())
        await rest(LOOK_EVERY_S)
        self.looks.append(perf_counter() - began)


def quantile(ordered: list[float], share: float) -> float:
    """The value below which this share of the sorted values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
