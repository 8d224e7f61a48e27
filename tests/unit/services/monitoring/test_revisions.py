"""Which months a release names as counted otherwise than in the one before."""

from dataclasses import dataclass
from datetime import date

import pytest

from services.monitoring.figure.domain import Placed
from services.monitoring.release.domain import Before, awaiting_revision, digests


@dataclass(frozen=True)
class Count:
    """What the tests change of a count."""

    on: date = date(2026, 1, 5)
    units: int = 3
    region: str = "UZ-TK"
    position: int = 1

    def placed(self) -> Placed:
        stage = ("stage", "addiction-rehabilitation", "detoxification", self.position, "", 0)
        return Placed(*stage, self.region, None, self.on, "open", "", None, None, "meso", None, self.units)


FEBRUARY = Count(date(2026, 2, 3))


def named(before: list[Count], now: list[Count], last_month: str = "2026-02") -> list[str] | None:
    return awaiting_revision(Before(last_month, digests([count.placed() for count in before])), digests([count.placed() for count in now]))


@pytest.mark.parametrize("changed", [Count(units=4), Count(region="UZ-SA"), Count(date(2026, 1, 6))])
def test_a_month_is_named_whatever_changed_in_it(changed: Count) -> None:
    assert named([Count(), FEBRUARY], [changed, FEBRUARY]) == ["2026-01"]


def test_a_month_that_came_to_have_counts_or_has_none_any_more_is_named() -> None:
    assert named([Count(), FEBRUARY], [FEBRUARY]) == ["2026-01"]
    assert named([FEBRUARY], [Count(), FEBRUARY]) == ["2026-01"]


def test_nothing_is_named_that_is_as_it_was() -> None:
    """In another order, with the stage at another position, or of a month that was not released yet."""
    assert named([Count(), FEBRUARY], [FEBRUARY, Count(position=2)]) == []
    assert named([Count()], [Count(), FEBRUARY], last_month="2026-01") == []


def test_without_a_release_before_nothing_is_named_and_without_its_digests_it_is_not_known() -> None:
    now = digests([FEBRUARY.placed()])
    assert awaiting_revision(None, now) == []
    assert awaiting_revision(Before("2026-02", None), now) is None
