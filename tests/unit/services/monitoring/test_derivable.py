"""What could be worked out from a released row beside its cells: by chains of nested definitions, by medians and quartiles."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.handover import domain as handover
from services.monitoring.handover.domain import HANDOVERS
from services.monitoring.relapse import domain as relapse
from services.monitoring.relapse.domain import RELAPSES
from services.monitoring.row.domain import Row, Values, released, rows_of
from services.monitoring.table.domain import Counted, StageAt, Subject, Table, tables_of

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
IMPLIES = {
    "consecutive-4-from-week-3": {"consecutive-4", "consecutive-3", "two-after-week-4", "two-of-four"},
    "consecutive-4": {"consecutive-3", "two-of-four"},
    "consecutive-3": {"two-of-four"},
    "two-after-week-4": {"two-of-four"},
    "dropout-4-missing": {"consecutive-4", "consecutive-3", "two-of-four"},
}

ONE, TWO = StageAt(1, "detoxification"), StageAt(2, "treatment")


def frozen_rows(table: Table, values: Values) -> list[Row]:
    return rows_of(table, released(table, AS_OF, 11), values)


def relapses(met: dict[str, int], started: int = 204) -> dict[str, int | None]:
    counts = {"started": started, **{f"{definition}/met": number for definition, number in met.items()}}
    about = Subject("addiction-rehabilitation", (TWO,))
    units = [(about, Counted("UZ-TK", "naltrexone", "2026-01", (cell,), None, number)) for cell, number in counts.items()]
    return {row["definition"]: row["persons"] for row in frozen_rows(tables_of(RELAPSES, units)[0], relapse.values) if row["programme"]}


@given(st.lists(st.integers(0, 14), min_size=6, max_size=6))
def test_no_two_definitions_of_a_chain_differ_by_one_to_ten(steps: list[int]) -> None:
    """Who meets the narrow one meets the wide one, by whichever steps between. Source: standards sections 3 and 5."""
    narrow = 40 + steps[0]
    four = narrow + steps[1]
    three = four + steps[2]
    after = narrow + steps[3]
    two = max(three, after) + steps[4]
    met = {
        "consecutive-4-from-week-3": narrow,
        "consecutive-4": four,
        "consecutive-3": three,
        "two-after-week-4": after,
        "two-of-four": two,
    }
    shown = relapses({**met, "dropout-4-missing": four - steps[5]})
    for one, wider in IMPLIES.items():
        for other in wider:
            if (least := shown.get(one)) is not None and (most := shown.get(other)) is not None:
                assert not 0 < most - least < 11, (one, other, shown)


def a_hand_over(days: list[int]) -> dict[str, Any]:
    band = {day: "within-7" if day <= 7 else "within-14" for day in days}
    about = Subject("addiction-rehabilitation", (ONE, TWO))
    units = [(about, Counted("UZ-TK", "x", "2026-01", (band[day],), day, 1)) for day in days]
    return frozen_rows(tables_of(HANDOVERS, units)[0], handover.values)[0]


def test_a_quartile_does_not_say_how_many_started_before_it() -> None:
    """7.75 lay three quarters of the way from the third person to the fourth: three had started within 7 days, a withheld cell."""
    row = a_hand_over([5, 6, 7, *range(8, 17)][:12])
    assert row["within_days"]["7"] is None
    assert row["quartiles_days"] is None


@pytest.mark.parametrize(("persons", "median", "quartiles"), [(21, False, False), (22, True, False), (43, True, False), (44, True, True)])
def test_eleven_or_more_lie_on_either_side_of_what_is_shown(persons: int, median: bool, quartiles: bool) -> None:
    row = a_hand_over([3] * persons)
    assert (row["median_days"] is not None, row["quartiles_days"] is not None) == (median, quartiles)


@given(st.lists(st.integers(0, 14), min_size=44, max_size=80))
def test_a_released_median_is_a_whole_number(days: list[int]) -> None:
    """A share of a day would tell between which two persons it lies."""
    row = a_hand_over(days)
    shown = [row["median_days"], *(row["quartiles_days"] or ())]
    assert all(value is None or value == int(value) for value in shown)
