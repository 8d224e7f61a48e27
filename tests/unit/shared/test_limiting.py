"""How often a caller may do something."""

import pytest

from shared import limiting
from shared.limiting import Limit


def test_a_window_lets_so_many_through_and_begins_anew() -> None:
    clock = [0.0]
    limit = Limit(2, 60.0, lambda: clock[0])
    assert [limit.allows("one") for _ in range(3)] == [True, True, False]
    assert limit.allows("other")
    clock[0] = 60.0
    assert [limit.allows("one") for _ in range(3)] == [True, True, False]


def test_no_more_callers_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "CALLERS", 2)
    limit = Limit(1, 60.0, lambda: 0.0)
    assert all(limit.allows(key) for key in ("one", "two", "three"))
    assert (limit.allows("three"), limit.allows("one")) == (False, True)
