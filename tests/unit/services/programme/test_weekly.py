"""Weekly records: which weeks are known, what they meet, and what late results undo."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.programme.day.domain import Days
from services.programme.definition.domain import DEFINITIONS, Result, evaluate
from services.programme.weekly.domain import WeeklyRecord, judge, record_results
from shared.errors import Refused

START = date(2026, 1, 5)
FOUR = ("consecutive-4",)


def a_record(imported: bool = False, weeks: int = 24, **results: Result) -> WeeklyRecord:
    by_week = {int(week.removeprefix("w")): result for week, result in results.items()}
    return WeeklyRecord(stage=2, spell=1, started_on=START, weeks=weeks, imported=imported, results=by_week)


def after(weeks: int, days: int = 0) -> date:
    return START + timedelta(days=7 * weeks + days)


def test_a_week_is_missing_once_it_has_passed_without_a_result() -> None:
    """Source: standards section 3."""
    record = a_record(w1="negative")
    assert record.known(after(0, 3)) == ("negative",)
    assert record.known(after(2, -1)) == ("negative",)
    assert record.known(after(2)) == ("negative", "missing")
    assert len(record.known(after(100))) == 24


def test_an_imported_week_has_passed_when_a_later_one_is_recorded_or_the_record_is_closed() -> None:
    """Source: contracts section 3."""
    record = a_record(imported=True, w3="negative")
    assert record.known(after(100)) == ("missing", "missing", "negative")
    closed = record_results(record, {}, True, Days(after(100)))
    assert len(closed.known(after(100))) == 24


def test_a_definition_stands_once_and_a_late_result_withdraws_it() -> None:
    """Source: contracts section 3."""
    record = a_record(w1="negative", w2="positive")
    record, (met,) = judge(record, FOUR, after(5))
    assert (met.what, met.week, met.known_on) == ("met", 2, after(5, -1))
    assert judge(record, FOUR, after(9))[1] == []
    record, (withdrawn,) = judge(record_results(record, {4: "negative"}, False, Days(after(6))), FOUR, after(6))
    assert (withdrawn.what, withdrawn.relapse_id) == ("withdrawn", met.relapse_id)
    record, (again,) = judge(record, FOUR, after(8))
    assert (again.what, again.week, again.relapse_id == met.relapse_id) == ("met", 5, False)


def test_a_late_result_may_move_the_week_of_the_same_relapse() -> None:
    record, (met,) = judge(a_record(w1="negative"), FOUR, after(9))
    record, (moved,) = judge(record_results(record, {3: "negative"}, False, Days(after(9))), FOUR, after(9))
    assert (moved.what, moved.week, moved.relapse_id) == ("moved", 4, met.relapse_id)


@pytest.mark.parametrize(
    ("results", "closes", "unmet"),
    [
        ({25: "negative"}, False, ("week-within-planned-weeks", "week-begun")),
        ({4: "negative"}, False, ("week-begun",)),
        ({1: "negative"}, True, ("only-imported-records-close",)),
    ],
)
def test_results_that_cannot_be_are_refused(results: dict[int, Result], closes: bool, unmet: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        record_results(a_record(), results, closes, Days(after(3, -1)))
    assert refused.value.unmet == unmet


def test_the_next_week_is_waited_for_until_the_last() -> None:
    assert a_record().next_over_on(START) == after(1)
    assert a_record().next_over_on(after(1)) == after(2)
    assert a_record().next_over_on(after(23, 6)) == after(24)
    assert a_record().next_over_on(after(24)) is None
    assert a_record(imported=True).next_over_on(START) is None


Entries = list[tuple[int, Result]]


@given(st.lists(st.tuples(st.integers(1, 24), st.sampled_from(["positive", "negative", "missing"])), max_size=40), st.integers(1, 8))
def test_the_order_and_the_portions_of_results_do_not_matter(entries: Entries, portion: int) -> None:
    """Whatever comes late or in pieces, what stands at the end is what the definitions say of the whole."""
    record = a_record(imported=True)
    for begin in range(0, len(entries), portion):
        record = record_results(record, dict(entries[begin : begin + portion]), False, Days(after(100)))
        record, _ = judge(record, DEFINITIONS, after(100))
    record, _ = judge(record_results(record, {}, True, Days(after(100))), DEFINITIONS, after(100))
    weeks = [dict(entries).get(week, "missing") for week in range(1, 25)]
    met = {code: found.week for code, definition in DEFINITIONS.items() if (found := evaluate(definition, weeks))}
    assert {code: standing.week for code, standing in record.standing.items()} == met
