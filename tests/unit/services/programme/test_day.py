"""What bounds the dates of a journey, and which need a reason."""

from datetime import date, timedelta

from services.programme.day.domain import Days

LATEST = date(2026, 3, 2)
DAYS = Days(LATEST, died_on=date(2026, 2, 1), begun_on=date(2026, 1, 5))


def unmet(missing: dict[str, bool]) -> list[str]:
    return [name for name, missed in missing.items() if missed]


def test_one_of_several_days_that_misses_a_requirement_is_enough() -> None:
    good = date(2026, 1, 10)
    assert unmet(DAYS.unmet(good, date(2026, 2, 1))) == []
    assert unmet(DAYS.unmet(good, date(2026, 2, 2), good)) == ["not-after-death"]
    assert unmet(DAYS.unmet(LATEST + timedelta(days=1), good)) == ["date-not-in-future", "not-after-death"]
    assert unmet(DAYS.unmet(good, after=date(2026, 1, 11))) == ["not-before-what-it-follows"]


def test_an_unlikely_date_needs_a_reason_unless_it_is_imported() -> None:
    old, before = date(1946, 3, 2), date(2026, 1, 4)
    assert unmet(DAYS.unlikely(old, reason=None)) == ["reason-for-unlikely-date"] == unmet(DAYS.unlikely(before, old, reason=""))
    assert unmet(DAYS.unlikely(before, reason=None)) == []
    assert unmet(DAYS.unlikely(before, reason=None, since=DAYS.begun_on)) == ["reason-for-unlikely-date"]
    assert unmet(DAYS.unlikely(old, reason="archive")) == [] == unmet(DAYS._replace(is_imported=True).unlikely(old, reason=None))
