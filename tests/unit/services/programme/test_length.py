"""Length classes at their boundaries."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.programme.length.domain import is_within_months, length_class, months_later

START = date(2026, 1, 15)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (date(2026, 1, 15), "under_one_month"),
        (date(2026, 2, 14), "under_one_month"),
        (date(2026, 2, 15), "short_term"),
        (date(2026, 3, 15), "short_term"),
        (date(2026, 3, 16), "between_short_and_medium"),
        (date(2026, 4, 14), "between_short_and_medium"),
        (date(2026, 4, 15), "medium_term"),
        (date(2026, 7, 15), "medium_term"),
        (date(2026, 7, 16), "long_term"),
        (date(2027, 1, 15), "long_term"),
        (date(2027, 1, 16), "over_one_year"),
    ],
)
def test_each_class_includes_its_ends(until: date, expected: str) -> None:
    """Source: mission row 002-16."""
    assert length_class(START, until) == expected


def test_a_month_that_is_too_short_ends_on_its_last_day() -> None:
    assert months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_later(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert months_later(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_six_to_twelve_months_include_both_ends() -> None:
    """Source: mission row 002-18."""
    within = {
        until: is_within_months(START, until, 6, 12)
        for until in (date(2026, 7, 14), date(2026, 7, 15), date(2027, 1, 15), date(2027, 1, 16))
    }
    assert list(within.values()) == [False, True, True, False]


CLASSES = ("under_one_month", "short_term", "between_short_and_medium", "medium_term", "long_term", "over_one_year")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 800), st.integers(0, 30))
def test_a_longer_stay_is_never_of_a_shorter_class(start: date, days: int, more: int) -> None:
    first = length_class(start, date.fromordinal(start.toordinal() + days))
    second = length_class(start, date.fromordinal(start.toordinal() + days + more))
    assert CLASSES.index(first) <= CLASSES.index(second)
