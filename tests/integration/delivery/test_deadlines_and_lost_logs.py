"""Deadlines over a log that was emptied: neither judged before the refill was heard, nor held up for ever."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.clock import Clock, set_deadline
from shared.delivery import offsets
from shared.delivery.consumer import Listening
from shared.delivery.offsets import Place
from shared.kafka import PARTITIONS
from shared.records import Partition, Range
from tests.toy_running import Ground


@dataclass
class Ends:
    """As much of a consumer as says where the log ends: at `end` everywhere."""

    topics: list[str]
    end: int
    partitions: int = PARTITIONS

    async def partitions_of(self, topics: Iterable[str]) -> list[Partition]:
        return [(topic, number) for topic in topics for number in range(self.partitions)]

    async def range_of(self, partitions: Iterable[Partition]) -> dict[Partition, Range]:
        return dict.fromkeys(partitions, (0, self.end))


async def a_clock(ground: Ground, end: int) -> tuple[Clock, Ends]:
    """One deadline is due."""
    stopping, client = asyncio.Event(), Ends(ground.topics, end)
    database = ground.service.worker
    never: Any = None
    listening = Listening("toy", database, never, ground.toy.service.handlers, 50, stopping)
    listening.client = client  # type: ignore[assignment]
    async with database.transaction() as tx:
        await set_deadline(tx, "note-due", uuid4(), database.now() - timedelta(seconds=1))
    return Clock(database, ground.toy.service.deadlines, listening, stopping), client


async def heard(ground: Ground, next_offset: int) -> None:
    async with ground.service.worker.transaction() as tx:
        await offsets.begin(tx, {(topic, p): Place(next_offset) for topic in ground.topics for p in range(PARTITIONS)})


async def swept(clock: Clock, ground: Ground) -> int:
    for _ in range(4):
        await clock._sweep()
    return await ground.count("effect")


async def test_a_mark_of_a_log_that_was_emptied_is_given_up(ground: Ground) -> None:
    clock, client = await a_clock(ground, 120)
    await heard(ground, 100)
    assert await swept(clock, ground) == 0, "it lags"
    client.end = 20
    await heard(ground, 20)
    assert await swept(clock, ground) == 1, "all was heard that the refilled log has"


async def test_a_mark_of_a_log_that_has_other_partitions_by_now_is_given_up(ground: Ground) -> None:
    """It named 12 of each topic, all of them behind; 48 are there, which were heard."""
    clock, client = await a_clock(ground, 120)
    client.partitions = 12
    await heard(ground, 100)
    assert await swept(clock, ground) == 0, "it lags"
    client.partitions, client.end = PARTITIONS, 100
    assert await swept(clock, ground) == 1


async def test_nothing_is_late_while_a_refilled_log_is_unheard(ground: Ground) -> None:
    """The listener still stands where the log it read ended, beyond the end of the one that is there now."""
    clock, _ = await a_clock(ground, 20)
    await heard(ground, 100)
    assert await swept(clock, ground) == 0, "not heard, though 100 is more than 20"
    await heard(ground, 20)
    assert await swept(clock, ground) == 1
