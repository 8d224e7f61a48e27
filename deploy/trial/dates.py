"""From days after consent to dates of the calendar: each person's record is moved as one piece, so that every distance stays.

A person's last recorded day falls in the two years before last month, fixed by `who`, so that every month with a hand-over is closed
when the demo releases figures. What follows the last recorded day (the 24th week of a treatment ends later than its last visit) still
lies before last month.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from deploy.trial.chance import number
from deploy.trial.records import Person


@dataclass(frozen=True, slots=True)
class Calendar:
    """Day 0 of one person as a date."""

    consent: date

    def on(self, day: int) -> date:
        """The date of a day of the record."""
        return self.consent + timedelta(days=day)


def last_month(today: date) -> date:
    """The first day of the month before today's."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def calendar(person: Person, today: date, last_step: int = 0) -> Calendar:
    """Where this person's days lie; `last_step` is the day of the last step, which may come after the last recorded day."""
    until = last_month(today)
    since = until.replace(year=until.year - 2)
    last_recorded = max(person.recorded_days())
    tail = max(0, last_step - last_recorded)
    last_recorded_on = since + timedelta(days=number((until - since).days - tail, "date", person.who))
    return Calendar(last_recorded_on - timedelta(days=last_recorded))
