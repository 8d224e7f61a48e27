"""How a hand-over falls into its cell, and how tables add up and are shown."""

import re
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.figure.domain import region_of
from services.monitoring.figures import FIGURES
from services.monitoring.handover import domain as handover
from services.monitoring.handover.domain import HANDOVERS
from services.monitoring.journey_funnel.domain import JOURNEYS
from services.monitoring.relapse import domain as relapse
from services.monitoring.relapse.domain import RELAPSES
from services.monitoring.row import domain as rows
from services.monitoring.row.domain import Row, Values, values_of
from services.monitoring.table.domain import ALL_ROWS, Counted, StageAt, Subject, Table, quantile, tables_of

COMPLETED = date(2026, 1, 10)
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
TRIAL = {"overlapping": 71, "within-7": 237, "within-14": 91, "within-21": 47, "within-30": 19, "later": 8, "lost": 180}


def cell(outcome: str, amount: int | None, as_of: date = date(2026, 6, 1), detail: str = "") -> tuple[str, ...]:
    return handover.cells_of(outcome, detail, COMPLETED, amount, as_of, 21)


@pytest.mark.parametrize(
    ("days", "band"), [(0, "within-7"), (7, "within-7"), (8, "within-14"), (21, "within-21"), (30, "within-30"), (31, "later")]
)
def test_a_start_on_or_after_the_completion_falls_into_its_band(days: int, band: str) -> None:
    """Source: standards section 4."""
    assert cell("started", days) == (band,)


def test_who_was_not_started_waits_for_21_days_and_is_lost_after() -> None:
    """Source: standards section 4."""
    assert cell("open", None, date(2026, 1, 31)) == ("waiting",)
    assert cell("open", None, date(2026, 2, 1)) == ("lost",)


def test_a_later_start_moves_who_was_lost() -> None:
    assert cell("started", 40, date(2026, 2, 10)) == ("lost",)
    assert cell("started", 40, date(2026, 2, 19)) == ("later",)


def test_a_death_within_the_limit_exempts_and_a_later_one_does_not() -> None:
    assert cell("died", 21) == ("exempt", "exempt/died")
    assert cell("died", 22) == ("lost",)
    assert cell("died", 10, date(2026, 1, 15)) == ("waiting",)


def test_a_decline_keeps_its_reason() -> None:
    """Source: mission row 002-06."""
    assert cell("declined", None, detail="no-capacity") == ("declined", "declined/no-capacity")


def test_a_district_is_published_as_its_region() -> None:
    assert (region_of("UZ-TK-01"), region_of("UZ-TK"), region_of(None)) == ("UZ-TK", "UZ-TK", None)


PATHWAY = "addiction-rehabilitation"
ONE, TWO = StageAt(1, "detoxification"), StageAt(2, "treatment")
PAIR = Subject(PATHWAY, (ONE, TWO))


def exact_rows(table: Table, as_of: datetime, values: Values = values_of) -> list[Row]:
    return rows.rows_of(table, rows.exact(as_of), values)


def frozen_rows(table: Table, as_of: datetime, values: Values = values_of) -> list[Row]:
    return rows.rows_of(table, rows.released(table, as_of, 11), values)


def a_hand_over(counts: dict[str, int]) -> Table:
    units = [(PAIR, Counted("UZ-TK", "detoxification", "2026-01", (name,), None, number)) for name, number in counts.items()]
    return tables_of(HANDOVERS, units)[0]


def test_the_exact_row_shows_everything() -> None:
    row = exact_rows(a_hand_over(TRIAL), AS_OF, handover.values)[0]
    assert (row["completed"], row["later"], row["lost"], row["within_days"]) == (653, 8, 180, {"7": 237, "14": 328, "21": 375, "30": 394})
    assert (row["numerator"], row["denominator"], row["rate"], row["withheld"]) == (180, 653, 0.2757, False)


def test_the_released_row_withholds_later_and_its_cover() -> None:
    """Source: standards section 4."""
    row = frozen_rows(a_hand_over(TRIAL), AS_OF, handover.values)[0]
    assert (row["later"], row["within_days"], row["withheld"]) == (None, {"7": 237, "14": 328, "21": 375, "30": None}, True)
    assert row["completed"] == 653


def test_a_rate_of_a_withheld_count_is_withheld() -> None:
    row = frozen_rows(a_hand_over({"within-7": 60, "lost": 4, "waiting": 20}), AS_OF)[0]
    assert (row["numerator"], row["rate"]) == (None, None)


def test_medians_over_fewer_than_eleven_are_not_released() -> None:
    units = [(PAIR, Counted("UZ-TK", "x", "2026-01", ("within-7",), days, 2)) for days in range(5)]
    table = tables_of(HANDOVERS, units)[0]
    assert frozen_rows(table, AS_OF)[0]["median_days"] is None
    assert exact_rows(table, AS_OF)[0]["median_days"] == 2


@given(st.dictionaries(st.integers(0, 30), st.integers(1, 6), min_size=1), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_is_that_of_the_written_out_list(counts: dict[int, int], share: float) -> None:
    written = sorted(value for value, times in counts.items() for _ in range(times))
    place = share * (len(written) - 1)
    low, high = written[int(place)], written[min(int(place) + 1, len(written) - 1)]
    assert quantile(counts, share) == pytest.approx(low + (high - low) * (place - int(place)))


def test_relapses_show_who_met_a_definition_of_who_started() -> None:
    """A difference of 1-10 between nested definitions is not shown either. Source: standards sections 3 and 5."""
    units = [
        (Subject(PATHWAY, (TWO,)), Counted("UZ-TK", "naltrexone", "2026-01", ("started",), None, 204)),
        (Subject(PATHWAY, (TWO,)), Counted("UZ-TK", "naltrexone", "2026-01", ("consecutive-4-from-week-3/met",), None, 110)),
        (Subject(PATHWAY, (TWO,)), Counted("UZ-TK", "naltrexone", "2026-01", ("consecutive-4/met",), None, 115)),
    ]
    table = tables_of(RELAPSES, units)[0]
    exact = {row["definition"]: (row["persons"], row["of"]) for row in exact_rows(table, AS_OF, relapse.values)}
    assert exact == {"consecutive-4": (115, 204), "consecutive-4-from-week-3": (110, 204)}
    found = frozen_rows(table, AS_OF, relapse.values)
    released = {row["definition"]: row["persons"] for row in found if row["programme"] == "naltrexone"}
    assert None in released.values()


def test_journeys_and_persons_are_counted_apart_and_treated_is_not_complete() -> None:
    """Source: mission rows 000-66, 002-49."""
    units = [
        (Subject(PATHWAY, ()), Counted("UZ-TK", "x", "2026-01", ("open", "treatment/treated-not-complete"), None, 30)),
        (Subject(PATHWAY, ()), Counted("UZ-TK", "x", "2026-01", ("completed", "treatment/treated"), 400, 22)),
        (Subject(PATHWAY, ()), Counted("UZ-TK", "x", "2026-01", ("order/first",), None, 35)),
        (Subject(PATHWAY, ()), Counted("UZ-TK", "x", "2026-01", ("order/again",), None, 17)),
    ]
    row = frozen_rows(tables_of(JOURNEYS, units)[0], AS_OF)[0]
    assert (row["journeys"], row["persons"], row["completed"]) == (52, 35, 22)
    assert (row["numerator"], row["denominator"], row["median_days"]) == (30, 52, 400)


def test_every_kind_of_table_names_what_it_publishes() -> None:
    for spec in (kind.spec for figure in FIGURES for kind in figure.kinds):
        assert set(spec.published) <= set(spec.persons)
        assert spec.denominator in spec.published
        assert spec.name == "relapses" or spec.numerator in spec.published
        assert not spec.quantiles or spec.quantiles[0] in spec.published
    assert ALL_ROWS == ("all", "")


CELLS = ("exempt/died", "overlapping", "within-7", "within-14", "within-21", "within-30", "later", "declined/other", "waiting", "lost")


@given(
    st.lists(
        st.tuples(st.sampled_from(("UZ-TK", "UZ-SA")), st.sampled_from(("2026-01", "2026-02")), st.sampled_from(CELLS), st.integers(0, 40)),
        min_size=1,
    )
)
def test_no_row_shows_one_to_ten_nor_a_difference_of_days_that_is(units: list[tuple[str, str, str, int]]) -> None:
    """Source: standards section 5; contracts section 3, figures: suppression works on the differences of the cumulative days."""
    counted = [
        (PAIR, Counted(region, "x", period, tuple(dict.fromkeys((cell.split("/")[0], cell))), None, number))
        for region, period, cell, number in units
    ]
    for row in frozen_rows(tables_of(HANDOVERS, counted)[0], AS_OF, handover.values):
        days = list(row["within_days"].values())
        steps = [days[0], *(b - a for a, b in pairwise(days) if a is not None and b is not None)]
        numbers = [value for name, value in row.items() if isinstance(value, int) and name not in ("from_stage", "to_stage", "withheld")]
        reasons = [*row["declined_reasons"].values(), *row["exempt_reasons"].values()]
        assert not [number for number in (*days, *steps, *numbers, *reasons) if number is not None and 0 < number < 11]
        assert row["completed"] is None or row["completed"] >= 11 or row["completed"] == 0


def test_no_figure_reads_what_may_be_withdrawn() -> None:
    """Journeys, stays, skips and referrals come from the views."""
    assert [figure.name for figure in FIGURES if re.search(r"(FROM|JOIN) (journey|spell|skip|referral)\b", figure.units)] == []
