"""How and when a stay in treatment ended, read from signs of contact and from the flags on visits. Nothing about detoxification.

The reading: the last sign of contact is the last of dose, attended visit (follow-up visits are visits) and urine row; a stay is
completed if that day lies in week 20 or later from the first dose, else left on that day. Of trial 0051's 474 stays that completes
389; without the follow-up visits after week 24 it would be 301. A flag gives the reason for leaving only if nothing was attended
later; rows that were not attended have no day in 0051, so that a visit of week n is placed 7 n days after the randomization. Rows of
other labels (EOT, M1F, M3F) without a day cannot be placed and give no reason.
"""

import re
from dataclasses import dataclass

from deploy.trial.records import Doses, Person, Visit

COMPLETED_FROM_DAY = 7 * 19

REASONS = {"dead": "died", "in_jail": "incarcerated", "moved": "other", "left_study": "dropped-out"}
WEEK = re.compile(r"WK(\d+)")


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a stay; `reason` is None when it was completed, else one of the ways a stage ends (standards, section 2)."""

    day: int
    reason: str | None


def ending(person: Person, doses: Doses) -> Ending:
    """The end of the stay that began with the first dose. A death ends it on its own day."""
    day = last_contact(person, doses)
    if day - doses.first >= COMPLETED_FROM_DAY:
        return Ending(day, None)
    reason = reason_for_leaving(person)
    died_on = death(person)
    return Ending(died_on if reason == "died" and died_on is not None else day, reason)


def last_contact(person: Person, doses: Doses) -> int:
    """The day of the last dose, attended visit or urine row."""
    return max(doses.last, _last_attended(person), *(day for day, _ in person.urine), doses.first)


def reason_for_leaving(person: Person) -> str:
    """The reason on the first flagged visit after the last attended one; death goes before all, and no flag means dropped out."""
    after = sorted(_flagged_after(person, _last_attended(person)))
    reasons = [reason for _, reason in after]
    return "died" if "died" in reasons else next(iter(reasons), "dropped-out")


def death(person: Person) -> int | None:
    """The day of the visit that death kept the person from, if one was recorded and nothing was attended later."""
    return min((day for day, reason in _flagged_after(person, _last_attended(person)) if reason == "died"), default=None)


def _last_attended(person: Person) -> int:
    return max((visit.attended_on for visit in person.visits if visit.attended_on is not None), default=0)


def _flagged_after(person: Person, last: int) -> list[tuple[int, str]]:
    found = []
    for visit in person.visits:
        day = _placed(person, visit)
        if day is not None and day > last:
            found += [(day, REASONS[flag]) for flag in visit.flags if flag in REASONS]
    return found


def _placed(person: Person, visit: Visit) -> int | None:
    week = WEEK.fullmatch(visit.label)
    if visit.day is not None or not week or not person.randomization:
        return visit.day
    return person.randomization.day + 7 * int(week[1])
