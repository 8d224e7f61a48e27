"""The rules on the real records of trial 0051: nothing is refused, and the relapses are those of contracts section 3."""

from collections import Counter
from datetime import date, timedelta

from deploy.trial import mapping, records, steps
from services.programme.day.domain import Days
from services.programme.definition.domain import DEFINITIONS
from services.programme.weekly.domain import Reach, Results, WeeklyRecord, judge, record_results

START = date(2020, 1, 1)
LATER = START + timedelta(weeks=60)


def observed(person: records.Person) -> WeeklyRecord | None:
    """The person's weekly record after every request, the late ones too, in the order they are sent."""
    record = None
    for step in mapping.steps(person):
        if isinstance(step, steps.RecordObservations):
            record = record or WeeklyRecord(stage=2, spell=1, started_on=START, weeks=24, imported=True)
            record = record_results(record, Results(dict(step.results), step.closes), Days(LATER))
            record, changes = judge(record, DEFINITIONS, Reach(LATER, 14))
            assert len({change.definition for change in changes}) == len(changes)
    return record


def test_the_trials_relapses_by_programme() -> None:
    """110 of 204 and 153 of 270 meet `consecutive-4-from-week-3`."""
    dosed, met = Counter[str](), Counter[str]()
    for person in records.read("0051"):
        record = observed(person)
        if record is not None and person.randomization is not None:
            dosed[person.randomization.treatment] += 1
            met[person.randomization.treatment] += "consecutive-4-from-week-3" in record.standing
    assert sorted(dosed.values()) == [204, 270]
    assert sorted(met.values()) == [110, 153]
