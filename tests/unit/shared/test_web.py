"""Field types of the edge."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.errors import Refused, refuse
from shared.web import BusinessDate, Code, Name, Region, Text


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
