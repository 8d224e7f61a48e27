"""Keyset pages: cursors, where a page begins, and the last page, which says that it is the last."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import Refused
from shared.paging import Paging, after_code, after_day, after_id, before_id, before_moment, cursor_of, page_of, values_of

sound = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(st.lists(sound, min_size=1, max_size=4))
def test_a_cursor_gives_its_values_back(values: list[str]) -> None:
    assert values_of(cursor_of(*values), len(values)) == tuple(values)


@given(st.text(), st.integers(1, 3))
def test_any_text_is_a_cursor_or_refused(cursor: str, count: int) -> None:
    try:
        assert all(value.encode() is not None for value in values_of(cursor, count))
    except Refused as refused:
        assert refused.code == "bad-cursor"


@pytest.mark.parametrize(
    "content", ['["a", "b"]', "[1]", "[null]", '{"a": 1}', '"a"', '["a\\u0000"]', '["\\ud800"]', "[" * 100_000, "NaN", ""]
)
def test_a_forged_cursor_is_refused(content: str) -> None:
    with pytest.raises(Refused, match="bad-cursor"):
        values_of(base64.urlsafe_b64encode(content.encode()).decode(), 1)


def test_a_cursor_is_json_that_needs_no_quoting() -> None:
    assert json.loads(base64.urlsafe_b64decode(cursor_of("2026-03-02", "ä"))) == ["2026-03-02", "ä"]


@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_show_everything_once_and_the_last_says_so(count: int, limit: int) -> None:
    everything = [UUID(int=number) for number in range(1, count + 1)]
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        left = [one for one in everything if one > after_id(cursor)]
        page = page_of(left[: limit + 1], limit, lambda one: (one,))
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
        assert len(page.items) == limit
    assert seen == everything


def test_a_place_is_read_back_as_it_was() -> None:
    one, day, at = uuid4(), date(2026, 3, 2), datetime(2026, 3, 2, 8, 0, 0, 1, tzinfo=UTC)
    assert after_id(cursor_of(one)) == before_id(cursor_of(one)) == one
    assert after_day(cursor_of(day, one)) == (day, one)
    assert before_moment(cursor_of(at, one)) == (at, one)
    assert after_code(cursor_of("a-pathway")) == "a-pathway"


def test_without_a_cursor_a_list_begins_before_or_after_everything() -> None:
    one, day, at = uuid4(), date(1900, 1, 1), datetime(2200, 1, 1, tzinfo=UTC)
    assert after_id(None) < one < before_id(None)
    assert after_day(None) < (day, one)
    assert before_moment(None) > (at, one)
    assert after_code(None) < "a"


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (after_id, ["x"]),
        (before_id, [str(UUID(int=1)), "x"]),
        (after_code, ["пат"]),
        (after_day, ["2026-02-30", str(UUID(int=1))]),
        (after_day, ["2026-03-02", "x"]),
        (before_moment, ["2026-03-02T00:00:00", str(UUID(int=1))]),
        (before_moment, ["1999-12-31T00:00:00Z", str(UUID(int=1))]),
        (before_moment, ["2026-03-02T00:00:00Z", "x"]),
    ],
)
def test_a_place_that_cannot_be_is_refused(read: Callable[[str], object], values: list[str]) -> None:
    with pytest.raises(Refused, match="bad-cursor"):
        read(cursor_of(*values))


def test_a_page_has_bounds_and_no_unknown_filter() -> None:
    for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x" * 501}, {"sort": "name"}):
        with pytest.raises(ValidationError):
            Paging.model_validate(wrong)
