"""Taking turns: contestants run interleaved, so that what the machine does meanwhile hits all of them alike. Source: stack section 3."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Each = TypeVar("Each")


class Lost(Exception):
    """A contestant did not do all of its work: whatever it measured is worth nothing."""


@dataclass(frozen=True)
class Readings:
    """What one contestant measured, a number a round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def minimum(self) -> float:
        return min(self.values)

    @property
    def maximum(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class Contestant:
    """`run` prepares, measures one round and answers its number; what it prepares is not in the number."""

    name: str
    run: Callable[[], Awaitable[float]]


def in_turns(all_of: Sequence[Each], rounds: int) -> Iterator[Each]:
    """Each once a round, another one first in each round."""
    for number in range(rounds):
        first = number % len(all_of)
        yield from (*all_of[first:], *all_of[:first])


async def interleaved(contestants: Sequence[Contestant], rounds: int) -> dict[str, Readings]:
    """`rounds` rounds in which each runs once, another one first in each round."""
    seen: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for contestant in in_turns(contestants, rounds):
        seen[contestant.name].append(await contestant.run())
    return {name: Readings(tuple(values)) for name, values in seen.items()}


def lost_unless(done: int, wanted: int, whose: str) -> None:
    """Raises Lost when less, or more, was done than was to be done."""
    if done != wanted:
        raise Lost(f"{whose}: {done} of {wanted}")
