"""What relapses do once a stay that stood before them never was, or the stage need not wait: as if the truth had been entered at first.

Each was found by generated sequences (`test_as_if_at_first.py`). Pure.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID, uuid4

import pytest

from services.programme.correction.domain import By, without_start
from services.programme.correction.whole import withdraw_reopening
from services.programme.journey.domain import Journey
from services.programme.relapse.assessing import Assessing, assess
from services.programme.relapse.basis import NeverWas, at_rest_again, gone, not_reopened, reported_before
from services.programme.relapse.domain import Outcome, Relapse, Report, report
from services.programme.relapse.finding import Decision, confirm, refute
from services.programme.relapse.holding import held_otherwise
from services.programme.relapse.undoing import Undoing
from services.programme.stage.domain import Ended, complete_stage, correct_stage, leave_stage
from services.programme.weekly.domain import Change
from shared.events.programme import CompletionCorrected, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import CENTRE, CLINIC, TODAY, a_journey, a_pathway, another_pathway, begun, completed, day, the_rule

PATHWAY = a_pathway()


def used(journey: Journey, stage: int, on: date, kept: Sequence[Relapse] = ()) -> Outcome:
    earlier = [one for one in kept if one.stage == stage]
    return report(journey, the_rule(PATHWAY, stage), Report(uuid4(), on, None, earlier, organisation_id=CLINIC), TODAY)


def none(journey: Journey, relapse: Relapse, kept: Sequence[Relapse], accepted: Sequence[int] = ()) -> Outcome:
    return refute(journey, relapse, Decision(CLINIC, reason="mistyped"), Undoing(kept, accepted))


def started(journey: Journey, stage: int, on: date, at: UUID) -> Journey:
    return begun(journey, the_rule(PATHWAY, stage), on, at)


def transferred() -> Journey:
    """Left for CENTRE, which may take the stage over."""
    return leave_stage(a_journey("started"), 1, Ended(day(15), "transferred", CLINIC, None, None, CENTRE), TODAY)[0]


def without(journey: Journey, stage: int) -> Journey:
    """The journey without the last stay of a stage."""
    spell = journey.spell(stage)
    assert spell
    return without_start(journey, spell, By(spell.organisation_id, day(300), "mistyped"), {})[0]


def reported_again(journey: Journey, kept: Sequence[Relapse]) -> Outcome:
    """What was reported of the last stay of the first stage, which never was."""
    stay = journey.spell(1)
    assert stay
    never_was = NeverWas(stay, journey, Undoing(kept))
    outcome, _ = gone(journey, [stay], never_was.by)
    return reported_before(without(outcome.journey, 1), the_rule(PATHWAY, 1), never_was, TODAY)


def test_a_report_reopens_once_the_stay_by_which_another_organisation_had_the_person_never_was() -> None:
    late = used(started(a_journey("completed"), 2, day(30), CENTRE), 1, day(15))
    assert (late.journey.status_of(1), late.relapses[0].wants) == ("completed", None)
    outcome = held_otherwise(without(late.journey, 2), Undoing(late.relapses))
    assert (outcome.journey.status_of(1), outcome.relapses[0].wants) == ("reopened", 1)
    assert [event.reopens for event in outcome.events if isinstance(event, RelapseRecorded)] == [1]
    assert held_otherwise(outcome.journey, Undoing(outcome.relapses)).relapses == [], "a second time is none"


def test_a_report_reopens_nothing_where_the_stay_went_on_by_then() -> None:
    """By the day of its report nothing was to be reopened: that the stay ended later changes nothing."""
    late = used(started(a_journey("started"), 2, day(30), CENTRE), 1, day(15))
    ended = complete_stage(late.journey, 1, completed(day(40)), TODAY)[0]
    outcome = held_otherwise(without(ended, 2), Undoing(late.relapses))
    assert (outcome.journey.status_of(1), outcome.events) == ("completed", [])


def test_a_report_reopens_nothing_once_the_stay_by_which_its_organisation_had_the_person_never_was() -> None:
    """CENTRE had the person, and has it in truth."""
    mistaken = started(started(a_journey("completed"), 2, day(30), CENTRE), 3, day(40), CLINIC)
    late = used(mistaken, 1, day(15))
    assert late.journey.status_of(1) == "reopened"
    outcome = held_otherwise(without(late.journey, 3), Undoing(late.relapses))
    spell = outcome.journey.spell(1)
    assert spell and (outcome.journey.status_of(1), spell.relapses) == ("completed", (late.relapses[0].relapse_id,))
    assert [(one.wants, one.reopens) for one in outcome.relapses] == [(None, None)]
    assert [(event.takes_back, event.is_last) for event in outcome.events if isinstance(event, RelapseWithdrawn)] == [(1, False)]


def test_what_was_entered_after_a_stay_that_never_was_counts_one_stay_less() -> None:
    """CENTRE began after the report, by which CLINIC had the person."""
    late = used(started(a_journey("completed", "completed"), 3, day(60), CLINIC), 1, day(15))
    later = started(without(late.journey, 3), 3, day(70), CENTRE)
    assert held_otherwise(later, Undoing(late.relapses)).relapses == []


def test_what_the_holder_named_for_another_organisations_finding_stays_whoever_started() -> None:
    """CENTRE has the person, and confirms what the weeks of CLINIC show; that it began another stay by mistake changes nothing."""
    elsewhere = started(a_journey("completed"), 2, day(30), CENTRE)
    place = {"relapse_id": uuid4(), "stage": 1, "spell": 1, "definition": "consecutive-4", "week": 1}
    found = Relapse.model_validate({**place, "known_on": day(15), "status": "found"})
    named = confirm(elsewhere, the_rule(PATHWAY, 1), found, Decision(CENTRE, 1))
    later = started(named.journey, 3, day(40), CENTRE)
    outcome = held_otherwise(without(later, 3), Undoing(named.relapses))
    assert (outcome.journey.status_of(1), outcome.relapses) == ("reopened", [])


def test_a_confirmed_finding_reopens_once_the_stay_by_which_another_organisation_had_the_person_never_was() -> None:
    mistaken = started(a_journey("completed"), 2, day(30), CENTRE)
    place = {"relapse_id": uuid4(), "stage": 1, "spell": 1, "definition": "consecutive-4", "week": 1}
    found = Relapse.model_validate({**place, "known_on": day(15), "status": "found"})
    late = confirm(mistaken, the_rule(PATHWAY, 1), found, Decision(CLINIC))
    assert late.journey.status_of(1) == "completed"
    assert held_otherwise(without(late.journey, 2), Undoing(late.relapses)).journey.status_of(1) == "reopened"


@pytest.mark.parametrize(("decision", "status"), [("confirmed", "reopened"), ("refuted", "completed")])
def test_what_was_decided_of_a_finding_holds_again_once_the_result_that_undid_it_is_corrected(decision: str, status: str) -> None:
    """A result is sent again for its week: the mistyped one undid the finding, the right one shows it again. As often as it happens."""
    journey, rule = a_journey("completed"), the_rule(PATHWAY, 1)
    spell = journey.spell(1)
    assert spell

    def shown(journey: Journey, what: Literal["met", "withdrawn"], kept: Sequence[Relapse], relapse_id: UUID, week: int = 1) -> Outcome:
        return assess(journey, Assessing(rule, spell, Undoing(kept)), [Change(what, "consecutive-4", relapse_id, week, day(15))])

    (finding,) = shown(journey, "met", [], uuid4()).relapses
    said = Decision(CLINIC, reason="laboratory-error")
    now = confirm(journey, rule, finding, said) if decision == "confirmed" else refute(journey, finding, said, Undoing([finding]))
    kept = {one.relapse_id: one for one in now.relapses}
    for _ in range(2):
        (standing,) = (one for one in kept.values() if not one.withdrawn)
        mistyped = shown(now.journey, "withdrawn", list(kept.values()), standing.relapse_id)
        assert mistyped.journey.status_of(1) == "completed"
        kept |= {one.relapse_id: one for one in mistyped.relapses}
        now = shown(mistyped.journey, "met", list(kept.values()), uuid4())
        kept |= {one.relapse_id: one for one in now.relapses}
        assert ([one.status for one in now.relapses], now.journey.status_of(1)) == ([decision], status)


def test_other_weeks_than_those_of_a_refuted_finding_are_decided_on_anew() -> None:
    journey, rule = a_journey("completed"), the_rule(PATHWAY, 1)
    spell = journey.spell(1)
    assert spell
    place = {"relapse_id": uuid4(), "stage": 1, "spell": 1, "definition": "consecutive-4", "week": 1, "known_on": day(15)}
    refuted = Relapse.model_validate({**place, "status": "refuted", "withdrawn": True})
    change = Change("met", "consecutive-4", uuid4(), 2, day(22))
    assert [one.status for one in assess(journey, Assessing(rule, spell, Undoing([refuted])), [change]).relapses] == ["found"]


def test_a_stay_that_goes_on_after_all_leaves_nothing_to_reopen() -> None:
    late = used(started(a_journey("completed"), 2, day(30), CENTRE), 1, day(15))
    stay = late.journey.spell(1)
    assert stay
    outcome = not_reopened(late.journey, late.relapses, stay)
    assert held_otherwise(without(outcome.journey, 2), Undoing(late.relapses)).relapses == []


def test_of_a_stay_that_never_was_the_report_that_was_entered_first_reopens() -> None:
    before = begun(transferred(), the_rule(PATHWAY, 1), day(20))
    first = used(before, 1, day(40))
    second = used(first.journey, 1, day(30), first.relapses)
    again = reported_again(second.journey, [*first.relapses, *second.relapses])
    assert [(one.known_on, one.reopens) for one in again.relapses] == [(day(40), 1), (day(30), None)]


def test_of_a_stay_that_never_was_a_report_reopens_though_another_organisation_has_the_person_since() -> None:
    first = used(begun(transferred(), the_rule(PATHWAY, 1), day(20)), 1, day(40))
    again = reported_again(started(first.journey, 2, day(50), CENTRE), first.relapses)
    assert [(one.wants, one.reopens) for one in again.relapses] == [(1, 1)]
    assert held_otherwise(again.journey, Undoing(again.relapses)).relapses == [], "it counts the stays that there were by then"


def test_a_reopening_goes_where_who_accepted_the_person_can_start_without_it() -> None:
    """After a transfer the stage is taken over, reopened or not."""
    mistaken = used(transferred(), 1, day(20))
    assert none(mistaken.journey, mistaken.relapses[0], mistaken.relapses, [1]).journey.status_of(1) == "left"
    mistaken = used(a_journey("completed"), 1, day(20))
    assert none(mistaken.journey, mistaken.relapses[0], mistaken.relapses, [1]).journey.status_of(1) == "reopened"


def test_a_journey_that_only_a_reopening_by_mistake_kept_open_is_completed_again() -> None:
    pathway = another_pathway("first", "second", completes_the_journey=True)
    journey = a_journey("completed", "completed", pathway=pathway)
    journey = journey.model_copy(update={"status": "completed", "completions": (day(40),)})
    relapsed = report(journey, the_rule(pathway, 2), Report(uuid4(), day(50), None), TODAY)
    back = none(correct_stage(relapsed.journey, 1, "returned", CLINIC), relapsed.relapses[0], relapsed.relapses)
    assert back.journey.status == "open", "a stage waits"
    rested = withdraw_reopening(back.journey, 1, By(CLINIC, day(300), "mistyped"), False)
    outcome = at_rest_again(rested, back.relapses)
    assert (outcome.journey.status, [type(event) for event in outcome.events]) == ("completed", [CompletionCorrected])
