"""The traps of the trial records, each by one made person: days, flags, orders. The figures of the whole trial are in test_figures.py."""

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from deploy.trial import mapping, records
from deploy.trial.dates import calendar
from deploy.trial.ending import death, ending, reason_for_leaving
from deploy.trial.records import Doses, Person, Randomization, Visit
from deploy.trial.steps import CompleteStage, ConfirmDied, RecordLateObservations, RecordObservations, ReportDied, StartStage
from deploy.trial.weeks import results

TODAY = date(2026, 7, 24)


read = cache(records.read)


def a_person(**changes: object) -> Person:
    person = Person(
        who=1,
        project=51,
        site="10",
        age=None,
        male=True,
        admitted=-3,
        discharged=4,
        randomization=Randomization("Inpatient BUP", 4),
        doses=Doses(4, 40),
        visits=(),
        urine=(),
        withdrawal=(),
    )
    return replace(person, **changes)  # type: ignore[arg-type]


def attended(day: int, label: str = "WK1") -> Visit:
    return Visit(label, "visit", day, frozenset())


def missed(label: str, flag: str) -> Visit:
    return Visit(label, "no visit", None, frozenset({flag}))


def names(person: Person) -> list[str]:
    return [type(step).__name__ for step in mapping.steps(person)]


def test_on_one_day_the_completion_goes_before_the_start_it_hands_over_to() -> None:
    found = names(a_person())
    assert found[:7] == ["RegisterPerson", "OpenJourney", "StartStage", "AddressReferral", "AcceptReferral", "CompleteStage", "StartStage"]


def test_a_first_dose_before_the_discharge_starts_stage_2_first() -> None:
    found = [step for step in mapping.steps(a_person(doses=Doses(2, 40), randomization=Randomization("Inpatient BUP", 2)))]
    order = [(type(step).__name__, getattr(step, "stage", 0)) for step in found]
    assert order.index(("StartStage", 2)) < order.index(("CompleteStage", 1))


@pytest.mark.parametrize(("randomized", "named"), [(3, True), (4, True), (5, False)])
def test_the_completion_names_the_next_organisation_only_if_it_was_known(randomized: int, named: bool) -> None:
    person = a_person(randomization=Randomization("Inpatient BUP", randomized), doses=Doses(5, 40))
    completed = next(step for step in mapping.steps(person) if isinstance(step, CompleteStage))
    assert completed.next_at == ("0051-site-10-buprenorphine" if named else None)


def test_without_detoxification_only_stage_2_is_started() -> None:
    found = mapping.steps(a_person(admitted=None, discharged=None))
    assert [step.stage for step in found if isinstance(step, StartStage)] == [2]


def test_a_week_begins_on_the_day_of_the_first_dose() -> None:
    person = a_person(urine=((3, "Opioid"), (4, "Thc"), (10, "Opioid"), (11, "Thc"), (171, "Opioid"), (172, "Opioid")))
    found = results(person, Doses(4, 40))
    assert (found[0], found[1], found[23]) == ("positive", "negative", "positive")


def test_an_attended_visit_without_urine_is_negative_and_nothing_is_missing() -> None:
    person = a_person(visits=(attended(4), missed("WK2", "no_show")))
    assert results(person, Doses(4, 40))[:2] == ["negative", "missing"]


def test_prescribed_use_is_never_positive() -> None:
    """Source: standards section 3."""
    assert results(a_person(urine=((4, "Buprenorphine"), (5, "Methadone"))), Doses(4, 40))[0] == "negative"


@pytest.mark.parametrize(("last", "reason"), [(136, "dropped-out"), (137, None)])
def test_a_stay_is_completed_from_week_20(last: int, reason: str | None) -> None:
    assert ending(a_person(), Doses(4, last)).reason == reason


def test_a_follow_up_visit_is_a_sign_of_contact() -> None:
    assert ending(a_person(visits=(attended(250, "M3F"),)), Doses(4, 40)).reason is None


@pytest.mark.parametrize(
    ("flag", "reason"), [("dead", "died"), ("in_jail", "incarcerated"), ("moved", "other"), ("no_show", "dropped-out")]
)
def test_a_flag_gives_the_reason_if_nothing_was_attended_later(flag: str, reason: str) -> None:
    person = a_person(visits=(attended(30), missed("WK5", flag)))
    assert reason_for_leaving(person) == reason
    assert reason_for_leaving(replace(person, visits=(*person.visits, attended(60)))) == "dropped-out"


def test_a_flag_without_a_day_is_placed_by_its_visit_label() -> None:
    person = a_person(visits=(missed("WK12", "dead"),))
    assert death(person) == 4 + 84
    told = [(type(step), step.day) for step in mapping.steps(person) if isinstance(step, ReportDied | ConfirmDied)]
    assert told == [(ReportDied, 88), (ConfirmDied, 88)]
    assert ending(person, Doses(4, 40)).day == 88


def test_a_record_that_ended_early_is_closed_after_its_24th_week() -> None:
    person = a_person(urine=((4, "Opioid"),))
    sent = [step for step in mapping.steps(person) if isinstance(step, RecordObservations)]
    assert [(step.day, step.closes) for step in sent if not isinstance(step, RecordLateObservations)] == [(40, False), (172, True)]


def test_late_results_come_in_a_request_of_their_own() -> None:
    steps = [step for person in read("0051") for step in mapping.steps(person) if isinstance(step, RecordObservations)]
    late = sum(len(step.results) for step in steps if isinstance(step, RecordLateObservations))
    total = sum(len(step.results) for step in steps)
    assert total / 70 < late < total / 35


def test_every_step_comes_in_order_and_every_last_day_in_the_two_years_before_last_month() -> None:
    for person in [*read("0051"), a_person(visits=(attended(-20), attended(800)))]:
        days = [step.day for step in mapping.steps(person)]
        assert days == sorted(days)
        dates = calendar(person, TODAY, days[-1])
        assert date(2024, 6, 1) <= dates.on(max(person.recorded_days())) < date(2026, 6, 1)
        assert dates.on(days[-1]) < date(2026, 6, 1)


def test_a_person_has_a_record_code_and_never_a_name() -> None:
    assert [person.code for person in read("0051")[:2]] == ["0051-0003", "0051-0004"]
