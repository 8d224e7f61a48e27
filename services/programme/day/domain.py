"""What bounds the dates that somebody enters on a journey, and which of them need a reason. Pure; the rule is all services' one."""

from datetime import date
from typing import NamedTuple

from shared import business_dates


class Days(NamedTuple):
    """What bounds the dates of a journey. `latest`: today for who enters; `begun_on`: the opening or, where it is earlier, the first start.

    Records brought from outside are old and need no reason for it.
    """

    latest: date
    died_on: date | None = None
    begun_on: date | None = None
    is_imported: bool = False

    def unmet(self, *days: date, after: date | None = None) -> dict[str, bool]:
        """The requirements of all services, true where one of the days misses it. `after`: what they must follow.

        Source: `shared/business_dates.py`.
        """
        found: dict[str, bool] = {}
        for day in days:
            missing = business_dates.unmet(day, self.latest, not_before=after, died_on=self.died_on)
            found = {name: missed or found.get(name, False) for name, missed in missing.items()}
        return found

    def unlikely(self, *days: date, reason: str | None, since: date | None = None) -> dict[str, bool]:
        """A date of decades ago, or from before `since`, is possible and needs a reason."""
        found = any(business_dates.is_unlikely(day, self.latest, since) for day in days)
        return {"reason-for-unlikely-date": found and not reason and not self.is_imported}
