"""What became of a load: lost, doubled, reordered, each with the number of trials. Knows no database and no broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Stream = tuple[str, UUID]


@dataclass(frozen=True)
class Verdict:
    """`reordered` looks at the last occurrence of each: whoever repeats after a failure must repeat all that lay behind it."""

    trials: int
    lost: int
    doubled: int
    reordered: int

    @property
    def clean(self) -> bool:
        return (self.lost, self.doubled, self.reordered) == (0, 0, 0)


def judge(expected: Mapping[Stream, int], seen: Sequence[tuple[Stream, int]]) -> Verdict:
    """Hold what was seen, in order, against the number of facts committed on each stream."""
    last = {record: place for place, record in enumerate(seen)}
    wanted = {(stream, seq) for stream, count in expected.items() for seq in range(1, count + 1)}
    highest: dict[Stream, int] = {}
    reordered = 0
    for stream, seq in sorted(last, key=lambda record: last[record]):
        reordered += seq < highest.get(stream, 0)
        highest[stream] = max(seq, highest.get(stream, 0))
    strangers = len(last.keys() - wanted)
    return Verdict(len(wanted), len(wanted - last.keys()), len(seen) - len(last) + strangers, reordered)
