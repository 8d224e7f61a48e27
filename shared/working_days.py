"""Working days of a country, by its calendar of public holidays, and when a due day is over. Deadlines themselves: `clock.py`."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from holidays import HolidayBase, country_holidays


@lru_cache
def _holidays(country: str) -> HolidayBase:
    return country_holidays(country)


def working_day(after: date, count: int, country: str) -> date:
    """The `count`-th working day after a day. `country`: ISO 3166-1."""
    return _holidays(country).get_nth_working_day(after, count)


def end_of(day: date) -> datetime:
    """The instant a due day is over; days are UTC days."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
