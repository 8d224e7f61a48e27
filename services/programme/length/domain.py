"""Length classes in calendar months. Pure dates; which plan needs which length is a rule of the pathway."""

import calendar
from datetime import date
from typing import Literal

LengthClass = Literal["under_one_month", "short_term", "between_short_and_medium", "medium_term", "long_term", "over_one_year"]


def months_later(day: date, months: int) -> date:
    """The same day of a later month; its last day where the month is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def length_class(started_on: date, until: date) -> LengthClass:
    """The class of a stay: short-term 1-2 months, medium-term 3-6, long-term over 6 to 12, ends included; lengths between have their own.

    A stay lasts exactly n months when `until` is the same day n calendar months later. Source: mission row 002-16.
    """
    if until < months_later(started_on, 1):
        return "under_one_month"
    if until <= months_later(started_on, 2):
        return "short_term"
    if until < months_later(started_on, 3):
        return "between_short_and_medium"
    if until <= months_later(started_on, 6):
        return "medium_term"
    return "long_term" if until <= months_later(started_on, 12) else "over_one_year"


def is_within_months(started_on: date, until: date, fewest: int, most: int) -> bool:
    """Whether a stay lasts from `fewest` to `most` calendar months, ends included. Source: mission row 002-18."""
    return months_later(started_on, fewest) <= until <= months_later(started_on, most)
