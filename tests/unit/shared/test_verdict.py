"""The checker is checked: what it must see as lost, doubled and reordered."""

from uuid import UUID

import pytest

from tests.verdict import Verdict, judge

ONE, OTHER = ("t", UUID(int=1)), ("t", UUID(int=2))


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ([(ONE, 1), (OTHER, 1), (ONE, 2)], Verdict(3, 0, 0, 0)),
        ([(ONE, 1), (ONE, 2)], Verdict(3, 1, 0, 0)),
        ([(ONE, 1), (OTHER, 1), (ONE, 2), (ONE, 2)], Verdict(3, 0, 1, 0)),
        ([(ONE, 2), (OTHER, 1), (ONE, 1)], Verdict(3, 0, 0, 1)),
        ([(ONE, 2), (OTHER, 1), (ONE, 1), (ONE, 2)], Verdict(3, 0, 1, 0)),
        ([(ONE, 1), (OTHER, 1), (ONE, 2), (ONE, 3)], Verdict(3, 0, 1, 0)),
        ([], Verdict(3, 3, 0, 0)),
    ],
)
def test_each_kind_of_damage_is_seen(seen: list[tuple[tuple[str, UUID], int]], verdict: Verdict) -> None:
    assert judge({ONE: 2, OTHER: 1}, seen) == verdict
    assert verdict.clean is (verdict == Verdict(3, 0, 0, 0))
