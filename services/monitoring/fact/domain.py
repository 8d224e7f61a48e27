"""What was told of a stay, in two halves: its start and its end. Of each half the newest in the person's stream counts. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID


class Stay(NamedTuple):
    """What one or more events tell of a stay.

    `start_seq`: the place in the person's stream of what `started_on` says; `end_seq` of the last three. 0: nothing was told of that half.
    A place without a day takes back what was told before: the start, and with it the stay, or the end.
    """

    journey_id: UUID
    stage: int
    spell: int
    person_id: UUID
    organisation_id: UUID
    start_seq: int = 0
    started_on: date | None = None
    end_seq: int = 0
    completed_on: date | None = None
    left_on: date | None = None
    how: str | None = None

    @property
    def seq(self) -> int:
        """The place of the newest that is told here; its organisation counts."""
        return max(self.start_seq, self.end_seq)


NO_START: tuple[int, None] = (0, None)
"""Nothing was told of the start."""


def newest(told: Iterable[Stay]) -> list[Stay]:
    """One for each stay, whatever the order they come in."""
    found: dict[tuple[UUID, int, int], Stay] = {}
    for stay in told:
        key = stay[:3]
        found[key] = _together(found[key], stay) if key in found else stay
    return list(found.values())


def _together(one: Stay, other: Stay) -> Stay:
    newer, older = (one, other) if one.seq > other.seq else (other, one)
    start = older if older.start_seq > newer.start_seq else newer
    end = older if older.end_seq > newer.end_seq else newer
    return newer._replace(
        start_seq=start.start_seq,
        started_on=start.started_on,
        end_seq=end.end_seq,
        completed_on=end.completed_on,
        left_on=end.left_on,
        how=end.how,
    )
