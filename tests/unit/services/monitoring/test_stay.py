"""What was told of a stay, put together: of its start and of its end the newest counts, in any order and any groups."""

from datetime import date
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.fact.domain import Stay, newest

FIRST, SECOND = UUID(int=1), UUID(int=2)
DAY = date(2026, 1, 5)
WHOSE = (UUID(int=7), 2, 1, UUID(int=8))

started = st.builds(lambda at, on: ("start", at, on), st.sampled_from((FIRST, SECOND)), st.dates(DAY, date(2026, 2, 1)))
ended = st.builds(lambda at, on: ("end", at, on), st.sampled_from((FIRST, SECOND)), st.dates(DAY, date(2026, 2, 1)))
both = st.builds(lambda at, on: ("both", at, on), st.sampled_from((FIRST, SECOND)), st.none() | st.dates(DAY, date(2026, 2, 1)))
told = st.lists(started | ended | both, min_size=1, max_size=7)


def stays(facts: list[tuple[str, UUID, date | None]]) -> list[Stay]:
    found = []
    for seq, (kind, at, on) in enumerate(facts, 1):
        start = (0, None) if kind == "end" else (seq, on)
        end = (seq, None, on, "other") if kind == "end" else (seq if kind == "both" else 0, None, None, None)
        found.append(Stay(*WHOSE, at, *start, *end))
    return found


@given(told, st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_any_groups_give_the_same(facts: list[tuple[str, UUID, date | None]], dice: Random, size: int) -> None:
    rows = stays(facts)
    mixed = dice.sample(rows, len(rows))
    (whole,) = newest(rows)
    parts = [stay for place in range(0, len(mixed), size) for stay in newest(mixed[place : place + size])]
    assert newest(parts) == [whole]
    assert whole.organisation_id == facts[-1][1]


@given(told)
def test_each_half_is_as_told_last(facts: list[tuple[str, UUID, date | None]]) -> None:
    (whole,) = newest(stays(facts))
    starts = [on for kind, _, on in facts if kind != "end"]
    ends = [on if kind == "end" else None for kind, _, on in facts if kind != "start"]
    assert whole.started_on == (starts[-1] if starts else None)
    assert whole.left_on == (ends[-1] if ends else None)
    assert (whole.start_seq > 0, whole.end_seq > 0) == (bool(starts), bool(ends))


def test_two_stays_are_kept_apart() -> None:
    one, two = Stay(*WHOSE, FIRST, start_seq=1, started_on=DAY), Stay(UUID(int=7), 2, 2, UUID(int=8), FIRST, start_seq=2, started_on=DAY)
    assert newest([one, two]) == [one, two]
