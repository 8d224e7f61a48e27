"""What a path is made of, and how the sides take turns with it. Knows no path."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

from tests.bench.against.compared import Compared, Spent, compare
from tests.bench.against.side import Side
from tests.bench.rounds import in_turns


@dataclass(frozen=True)
class Work:
    """What one side does for a path: `prepare` once a round, which is not counted, then so many `pieces`.

    Pieces are short, since a shared core is now faster and now slower, for seconds: both sides are to meet both.
    """

    prepare: Callable[[], Awaitable[None]]
    piece: Callable[[], Awaitable[Spent]]
    pieces: int


Opened = Callable[[Side], AbstractAsyncContextManager[Work]]


async def compared(opened: Opened, old: Side, new: Side, rounds: int) -> list[Compared]:
    """So many rounds, after one that is not counted; in each the sides' pieces in turn, now the one first and now the other."""
    async with AsyncExitStack() as stack:
        works = [await stack.enter_async_context(opened(side)) for side in (old, new)]
        found = [await _round(works if number % 2 else works[::-1]) for number in range(rounds + 1)]
    counted = [each if number % 2 else each[::-1] for number, each in enumerate(found) if number]
    return compare([each[0] for each in counted], [each[1] for each in counted])


async def _round(works: list[Work]) -> list[Spent]:
    """What each spent, in the order in which they are given; the first begins."""
    for work in works:
        await work.prepare()
    spent: list[list[Spent]] = [[] for _ in works]
    for number in in_turns(range(len(works)), works[0].pieces):
        spent[number].append(await works[number].piece())
    return [_together(pieces) for pieces in spent]


def _together(pieces: Iterable[Spent]) -> Spent:
    first, *others = pieces
    return sum(others, start=first)
