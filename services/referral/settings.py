"""Referral's own settings with their labelled defaults, and the working days of its country.

What all services share is in `shared/settings.py`.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from holidays import HolidayBase, country_holidays

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """No source names a deadline in days: these defaults are ours. Source: mission rows, "Deadlines"."""

    answer_working_days: int = 5
    """An organisation answers a referral within this many working days."""
    handover_limit_days: int = 21
    """A referral of a journey is started within this many days, or the hand-over is overdue."""
    enquiry_working_days: int = 5
    """A question or suggestion is answered within this many working days."""
    majority_age: int = 18
    """Full years at which a person decides alone. Source: mission row 000-24."""
    refuse_without_position: bool = False
    """Refuse referrals to organisations without the dated common position. Source: mission row 002-40."""


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()


@lru_cache
def _holidays(country: str) -> HolidayBase:
    return country_holidays(country)


def working_day(after: date, count: int, country: str) -> date:
    """The `count`-th working day after a day, by the country's calendar of public holidays."""
    return _holidays(country).get_nth_working_day(after, count)


def end_of(day: date) -> datetime:
    """The instant a due date is over; days are UTC days."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
