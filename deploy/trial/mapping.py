"""From one person's records to the dated steps a clinic would have entered, in the order of days. Pure: no date of the calendar, no
network.

The reading that gives trial 0051's published figures (contracts, "Trial records"):
- Stage 1 is the detoxification stay: admission and discharge (each at most once; four persons have no discharge and stay in the
  stage). A hand-over counts from the discharge to the first dose: a first dose before the discharge overlaps, one on the same day is
  within 0 days.
- Stage 2 is addressed on the day of the first randomization, to the organisation of (site, arm); two persons of trial 0030 had their
  first dose before it and are referred on the day of that dose. It starts on the first dose. The completion of stage 1 names that
  organisation if the randomization came on or before the discharge, and nobody otherwise.
- Funnel: referred = randomized (each person's two rows agree), started = has a first dose.
- Who was never admitted for detoxification (one dosed person of 0051; all of 0027 and 0030) starts with stage 2;
  who was neither is registered and has a journey, no more. Jail, death and moving after the detoxification exempt nobody from the
  hand-over 1->2.
"""

from collections.abc import Iterator

from deploy.trial import places
from deploy.trial.ending import death, ending
from deploy.trial.records import Doses, Person
from deploy.trial.steps import (
    DETOXIFICATION,
    TREATMENT,
    AcceptReferral,
    AddressReferral,
    CompleteStage,
    ConfirmDied,
    LeaveStage,
    OpenJourney,
    RecordLateObservations,
    RecordObservations,
    RecordWithdrawal,
    RegisterPerson,
    ReportDied,
    StartStage,
    Step,
)
from deploy.trial.weeks import DAYS, WEEKS, Result, comes_late, observed


def steps(person: Person) -> list[Step]:
    """All steps of a person in the order of days; the first registers the person on the first day anything is recorded.

    The sort is stable: what falls on one day keeps the order written here, so that a completion goes before the start it hands over to.
    """
    clinic = places.clinic(person).code
    found = [*_referral(person), *_detoxification(person), *_treatment(person), *_withdrawal(person), *_death(person)]
    first = min([0, *(step.day for step in found)])
    return sorted([RegisterPerson(day=first, clinic=clinic), OpenJourney(day=first, clinic=clinic), *found], key=lambda step: step.day)


def _detoxification(person: Person) -> Iterator[Step]:
    clinic = places.clinic(person).code
    if person.admitted is None:
        return
    yield StartStage(day=person.admitted, stage=DETOXIFICATION, at=clinic)
    if person.discharged is not None:
        next_at = _named_by(person, person.discharged)
        yield CompleteStage(day=person.discharged, stage=DETOXIFICATION, at=clinic, next_at=next_at)


def _named_by(person: Person, day: int) -> str | None:
    known = person.randomization is not None and person.randomization.day <= day
    return places.programme(person).code if known else None


def _referral(person: Person) -> Iterator[Step]:
    if person.randomization is None:
        return
    day = min(person.randomization.day, person.doses.first) if person.doses else person.randomization.day
    to = places.programme(person).code
    yield AddressReferral(day=day, stage=TREATMENT, clinic=places.clinic(person).code, to=to)
    yield AcceptReferral(day=day, stage=TREATMENT, to=to)


def _treatment(person: Person) -> Iterator[Step]:
    if person.doses is None:
        return
    at = places.programme(person).code
    end = ending(person, person.doses)
    yield StartStage(day=person.doses.first, stage=TREATMENT, at=at)
    yield from _observations(person, person.doses, end.day)
    if end.reason is None:
        yield CompleteStage(day=end.day, stage=TREATMENT, at=at, next_at=None)
    else:
        yield LeaveStage(day=end.day, stage=TREATMENT, at=at, next_at=None, reason=end.reason)


def _observations(person: Person, doses: Doses, ended: int) -> Iterator[Step]:
    """One request with all results; the record closes with the 24th week: by that request or, if the stay ended sooner, by another."""
    at = places.programme(person).code
    weeks = observed(person, doses)
    closing = doses.first + DAYS
    in_time = tuple(pair for pair in weeks if not comes_late(person, pair[0]))
    at_once = ended >= closing or any(week == WEEKS for week, _ in in_time)
    if in_time or at_once:
        yield RecordObservations(day=min(ended, closing), stage=TREATMENT, at=at, results=in_time, closes=at_once)
    if not at_once:
        yield RecordObservations(day=closing, stage=TREATMENT, at=at, results=((WEEKS, "missing"),), closes=True)
    yield from _late(person, closing, tuple(pair for pair in weeks if comes_late(person, pair[0])))


def _late(person: Person, closing: int, results: tuple[tuple[int, Result], ...]) -> Iterator[Step]:
    if results:
        at = places.programme(person).code
        yield RecordLateObservations(day=closing, stage=TREATMENT, at=at, results=results, closes=False)


def _withdrawal(person: Person) -> Iterator[Step]:
    """All scores at once on the day of the last, from the organisation that has the person then."""
    if person.withdrawal:
        day = person.withdrawal[-1][0]
        at = places.programme(person) if person.doses and day >= person.doses.first else places.clinic(person)
        yield RecordWithdrawal(day=day, at=at.code, scores=person.withdrawal)


def _death(person: Person) -> Iterator[Step]:
    day = death(person)
    if day is not None:
        yield ReportDied(day=day, clinic=places.clinic(person).code)
        yield ConfirmDied(day=day, clinic=places.clinic(person).code)
