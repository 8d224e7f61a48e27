"""Cursors and field types of the edge."""

import base64
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.errors import Refused, refuse
from shared.web import BusinessDate, Code, Name, Region, Text, cursor_of, values_of

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


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Text, ["a", "Ўзбек\nтили", "x" * 2000], ["", "a\x00", "a\x1b[0m", "\ud800", "x" * 2001, 1, None]),
        (Name, ["Жасур", "x" * 200], ["", "a\tb", "a\u202eb", "x" * 201]),
        (Code, ["not-engaged", "a1"], ["", "Not", "a--b", "-a", "a_b", "a" * 61, "a\n"]),
        (Region, ["UZ", "UZ-TK", "UZ-TK-CHILONZOR"], ["uz", "UZ-", "UZ-TKSA", "UZ-TK-", "UZ-TK\n"]),
        (BusinessDate, [date(1900, 1, 1), "2026-03-02", "2200-12-31"], ["1899-12-31", "2201-01-01", "2026-02-30", "x"]),
    ],
)
def test_field_types(kind: Any, good: list[object], bad: list[object]) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    for value in good:
        adapter.validate_python(value)
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_a_refusal_names_everything_that_is_unmet_in_order() -> None:
    with pytest.raises(Refused) as refused:
        refuse("not-now", {"first": True, "second": False, "third": True})
    assert (refused.value.code, refused.value.unmet) == ("not-now", ("first", "third"))
    refuse("not-now", {"first": False})
