"""The weekly results of a person's treatment, as urine rows and attended visits tell them. Applies no relapse definition.

The reading that gives 110 of 204 and 153 of 270 for `consecutive-4-from-week-3` in trial 0051: week k of 1-24 is day `first_dose` +
7(k-1) up to, not including, `first_dose` + 7k, whatever day the treatment ended; positive if a urine row of the week shows `Opioid`
(a prescribed substance is another row: `Buprenorphine`, `Methadone`), else negative if there is any other urine row or a dated visit
that was attended (urine rows name only what was found, so a clean test leaves no row), else missing.
"""

from typing import Literal

from deploy.trial.chance import one_in
from deploy.trial.records import Doses, Person

WEEKS = 24
DAYS = 7 * WEEKS

Result = Literal["positive", "negative", "missing"]


def results(person: Person, doses: Doses) -> list[Result]:
    """The results of weeks 1 to 24 from the first dose, a missing one said as such."""
    weeks: list[Result] = ["missing"] * WEEKS
    for visit in person.visits:
        _mark(weeks, doses, visit.attended_on, "negative")
    for day, found in person.urine:
        _mark(weeks, doses, day, "positive" if found == "Opioid" else "negative")
    return weeks


def observed(person: Person, doses: Doses) -> list[tuple[int, Result]]:
    """The weeks with a result, as a clinic would send them; the missing ones are left to the passing of time."""
    return [(week, result) for week, result in enumerate(results(person, doses), start=1) if result != "missing"]


def comes_late(person: Person, week: int) -> bool:
    """One observation in fifty reaches us after the record was closed; which one is fixed by person and week."""
    return one_in(50, "late", person.code, week)


def _mark(weeks: list[Result], doses: Doses, day: int | None, result: Result) -> None:
    if day is None or not 0 <= day - doses.first < DAYS:
        return
    index = (day - doses.first) // 7
    weeks[index] = "positive" if "positive" in (result, weeks[index]) else result
