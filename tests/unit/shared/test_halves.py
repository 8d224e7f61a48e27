"""A batch that fails is taken in halves: what a half changed is seen by the next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.delivery.consumer import Listening
from shared.kafka import Consumer, Record
from shared.records import Partition

BACK, ON = ("t", 0), ("t", 1)


@dataclass
class GoesBack(Listening):
    """The first half finds a gap in one partition, whose position goes back to look for what is missing."""

    seen: list[list[tuple[Partition, int]]] = field(default_factory=list)

    async def _apply(self, client: Consumer, records: Sequence[Record]) -> None:
        self.seen.append([(record.place, record.offset) for record in records])
        if len(self.seen) == 1:
            self.positions |= {BACK: 0, ON: 6}


async def test_a_partition_that_went_back_is_not_read_on() -> None:
    """What is read on would move its position over the gap; it comes again from there."""
    records = [Record(*place, offset, 0, (), b"") for offset in (5, 6) for place in (BACK, ON)]
    listening = GoesBack("toy", None, Consumer, {}, 4, asyncio.Event(), positions={BACK: 5, ON: 5})  # type: ignore[arg-type]
    await listening._in_halves(Consumer("", "", []), records)
    assert listening.seen == [[(BACK, 5), (ON, 5)], [(ON, 6)]]
