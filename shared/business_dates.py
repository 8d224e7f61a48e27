"""One rule for the dates that people enter: what may stand in them, the same in every service. Pure.

Source: issue of rights, section 4; contracts section 3, "Business dates".
"""

from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

LIKELY_YEARS = 50
"""A date further back than this many years is possible but unlikely, and needs a reason."""


class Zoned(Protocol):
    """Settings that say where the organisations are. A service's settings do; a pure domain that asks this rule reads none."""

    @property
    def time_zone(self) -> str: ...


def today(now: datetime, settings: Zoned) -> date:
    """The calendar day of `now` where the organisations are: time zone TIME_ZONE. No entered date may lie after it."""
    return now.astimezone(ZoneInfo(settings.time_zone)).date()


def unmet(
    day: date, latest: date, *, birth_on: date | None = None, not_before: date | None = None, died_on: date | None = None
) -> dict[str, bool]:
    """What is wrong with a date, for `refuse`; true means wrong.

    `latest`: today. `not_before`: what the date must follow, the same day included. None: nothing is known, so nothing is asked.
    """
    return {
        "date-not-in-future": day > latest,
        "not-before-birth": birth_on is not None and day < birth_on,
        "not-before-what-it-follows": not_before is not None and day < not_before,
        "not-after-death": died_on is not None and day > died_on,
    }


def is_unlikely(day: date, latest: date, since: date | None = None) -> bool:
    """Whether a possible date needs a reason: before `since`, what usually comes first, or more than LIKELY_YEARS back."""
    return (since is not None and day < since) or (latest - day).days > LIKELY_YEARS * 365.25
