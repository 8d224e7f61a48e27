"""Weekly records: which weeks are known, what they meet, and what late results undo."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.programme.day.domain import Days
from services.programme.definition.domain import DEFINITIONS, Result, evaluate
from services.programme.weekly.domain import Reach, Results, WeeklyRecord, judge, record_results
from shared.errors import Refused

START = date(2026, 1, 5)
FOUR = ("consecutive-4",)


def a_record(imported: bool = False, weeks: int = 24, **results: Result) -> WeeklyRecord:
    by_week = {int(week.removeprefix("w")): result for week, result in results.items()}
    return WeeklyRecord(stage=2, spell=1, started_on=START, weeks=weeks, imported=imported, results=by_week)


def until(day: date, ended_on: date | None = None, to_plan: bool = False) -> Reach:
    """What is known on a day; a week closes three days after its end."""
    return Reach(day, 3, ended_on, to_plan)


def after(weeks: int, days: int = 0) -> date:
    return START + timedelta(days=7 * weeks + days)


def test_a_week_is_missing_once_it_is_closed() -> None:
    """Some days after its end; until then nobody knows. Source: issue of corrections, section 2."""
    record = a_record(w1="negative")
    assert record.known(until(after(0, 3))) == ("negative",)
    assert record.known(until(after(2, 2))) == ("negative",)
    assert record.known(until(after(2, 3))) == ("negative", "missing")
    assert len(record.known(until(after(100)))) == 24
    assert a_record(w3="negative").known(until(after(1))) == (None, None, "negative")


def test_weeks_of_a_record_that_is_begun_late_close_after_its_first_entry() -> None:
    late = a_record(w9="negative").model_copy(update={"begun_on": after(12)})
    assert late.known(until(after(12, 2)))[:9] == (*(None,) * 8, "negative")
    assert late.known(until(after(12, 3))) == (*("missing",) * 8, "negative", *("missing",) * 3)


def test_a_clinician_closes_weeks_at_once() -> None:
    record = record_results(a_record(w1="negative"), Results({}, closes_through=4), Days(after(4)))
    assert record.known(until(after(4))) == ("negative", "missing", "missing", "missing")
    for through, day in ((5, after(4)), (25, after(100))):
        with pytest.raises(Refused) as refused:
            record_results(record, Results({}, closes_through=through), Days(day))
        assert refused.value.unmet == ("closed-weeks-over",)
    with pytest.raises(Refused) as imported:
        record_results(a_record(imported=True), Results({}, closes_through=1), Days(after(4)))
    assert imported.value.unmet == ("imported-record-closes-whole",)
    fewer = record_results(record, Results({}, closes_through=2), Days(after(4)))
    assert record_results(record, Results({}, closes_through=0), Days(after(4))).closed_through == 0, "a mistake is taken back whole"
    assert record_results(record, Results({}), Days(after(4))).closed_through == 4
    assert fewer.known(until(after(3))) == ("negative", "missing"), "closed by mistake"
    assert record_results(fewer, Results({3: "negative"}), Days(after(4))).closed_through == 2
    assert record.known(until(after(2))) == ("negative", "missing"), "no week after a death is missing"
    assert record.known(until(after(100), after(2, 3))) == ("negative", "missing"), "nor one of which the stay had a part"


def test_a_record_without_a_result_is_none() -> None:
    closed = record_results(a_record(), Results({}, closes_through=4), Days(after(4)))
    assert closed.known(until(after(100))) == ()
    assert closed.next_closing_on(until(after(1))) is None


def test_no_week_after_a_completion_is_missing() -> None:
    """Twelve negative results and a completion in week 12 are no relapse, nor is a week of which the stay had a part."""
    record = a_record().model_copy(update={"results": dict.fromkeys(range(1, 13), "negative")})
    for ended_on in (after(12, -1), after(12, 3)):
        assert record.known(until(after(100), ended_on)) == ("negative",) * 12
        assert judge(record, DEFINITIONS, until(after(100), ended_on))[1] == []
    assert a_record(w1="negative").known(until(after(100), after(3, -1))) == ("negative", "missing", "missing")
    assert a_record(w1="negative", w3="positive").known(until(after(2, 1), after(2, 1))) == ("negative", None, "positive")
    assert a_record(w1="negative", w4="positive").known(until(after(100), after(2, 1))) == ("negative", "missing")


def test_weeks_without_the_person_are_missing_to_the_planned_end_as_they_pass() -> None:
    """Who dropped out, or was discharged by the organisation. Source: issue of corrections, section 2."""
    record = a_record(weeks=6, w1="negative")
    left = after(2, 1)
    assert record.known(until(after(2, 2), left, to_plan=True)) == ("negative",)
    assert record.known(until(after(3), left, to_plan=True)) == ("negative", "missing", "missing")
    assert record.known(until(after(100), left, to_plan=True)) == ("negative", *("missing",) * 5)


def test_an_imported_week_has_passed_when_a_later_one_is_recorded_or_the_record_is_closed() -> None:
    """Whatever the stay's end. Source: contracts section 3."""
    record = a_record(imported=True, w3="negative")
    assert record.known(until(after(100), after(1))) == ("missing", "missing", "negative")
    closed = record_results(record, Results({}, closes=True), Days(after(100)))
    assert len(closed.known(until(after(100), after(1)))) == 24


def test_a_definition_stands_once_and_a_late_result_withdraws_it() -> None:
    """Source: contracts section 3."""
    record = a_record(w1="negative", w2="positive")
    assert judge(record, FOUR, until(after(5, 2)))[1] == []
    record, (met,) = judge(record, FOUR, until(after(5, 3)))
    assert (met.what, met.week, met.known_on) == ("met", 2, after(5, -1))
    assert judge(record, FOUR, until(after(9)))[1] == []
    record, (withdrawn,) = judge(record_results(record, Results({4: "negative"}), Days(after(6))), FOUR, until(after(6)))
    assert (withdrawn.what, withdrawn.relapse_id) == ("withdrawn", met.relapse_id)
    record, (again,) = judge(record, FOUR, until(after(8, 3)))
    assert (again.what, again.week, again.relapse_id == met.relapse_id) == ("met", 5, False)


def test_results_in_two_batches_make_no_relapse_between_them() -> None:
    late: dict[int, Result] = dict.fromkeys(range(9, 13), "negative")
    early: dict[int, Result] = dict.fromkeys(range(1, 9), "negative")
    begun = a_record().model_copy(update={"begun_on": after(13)})
    record, changes = judge(record_results(begun, Results(late), Days(after(13))), DEFINITIONS, until(after(13)))
    assert changes == []
    assert judge(record_results(record, Results(early), Days(after(13))), DEFINITIONS, until(after(100), after(12, -1)))[1] == []


def test_a_late_result_may_move_the_week_of_the_same_relapse() -> None:
    record, (met,) = judge(a_record(w1="negative"), FOUR, until(after(9)))
    record, (moved,) = judge(record_results(record, Results({3: "negative"}), Days(after(9))), FOUR, until(after(9)))
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
        record_results(a_record(), Results(results, closes), Days(after(3, -1)))
    assert refused.value.unmet == unmet


def test_the_next_week_is_waited_for_until_the_last_one_closes() -> None:
    assert a_record(w9="negative").next_closing_on(until(START)) == after(1, 3)
    assert a_record(w9="negative").next_closing_on(until(after(1, 3))) == after(2, 3)
    assert a_record(w1="negative", w2="positive").next_closing_on(until(START)) == after(3, 3)
    assert a_record(w9="negative").next_closing_on(until(after(24, 3))) is None
    assert a_record(w9="negative").next_closing_on(until(START, after(2, -1))) == after(1, 3)
    assert a_record(w9="negative").next_closing_on(until(after(2), after(1, 2))) is None
    assert a_record(w9="negative").next_closing_on(until(after(2), after(1, 2), to_plan=True)) == after(3)
    assert a_record(imported=True).next_closing_on(until(START)) is None


Entries = list[tuple[int, Result]]


@given(st.lists(st.tuples(st.integers(1, 24), st.sampled_from(["positive", "negative", "missing"])), max_size=40), st.integers(1, 8))
def test_the_order_and_the_portions_of_results_do_not_matter(entries: Entries, portion: int) -> None:
    """Whatever comes late or in pieces, what stands at the end is what the definitions say of the whole."""
    record = a_record(imported=True)
    for begin in range(0, len(entries), portion):
        record = record_results(record, Results(dict(entries[begin : begin + portion])), Days(after(100)))
        record, _ = judge(record, DEFINITIONS, until(after(100)))
    record, _ = judge(record_results(record, Results({}, closes=True), Days(after(100))), DEFINITIONS, until(after(100)))
    weeks = [dict(entries).get(week, "missing") for week in range(1, 25)]
    met = {code: found.week for code, definition in DEFINITIONS.items() if (found := evaluate(definition, weeks))}
    assert {code: standing.week for code, standing in record.standing.items()} == met
