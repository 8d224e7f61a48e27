"""What a relapse does to a journey: marks or reopens, keeps all history, is told once."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

import pytest

from services.programme.journey.domain import Journey, standing
from services.programme.relapse.assessing import Assessing, assess
from services.programme.relapse.domain import Outcome, Relapse, Report, report
from services.programme.relapse.finding import Decision, confirm, may_decide, refute
from services.programme.relapse.undoing import Undoing
from services.programme.stage.domain import complete_stage, correct_stage, leave_stage, skip_stage
from services.programme.weekly.domain import Change
from shared.errors import Refused
from shared.events.programme import CompletionCorrected, RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import (
    CENTRE,
    CLINIC,
    DAY,
    TODAY,
    a_journey,
    a_pathway,
    an_opened_journey,
    another_pathway,
    completed,
    day,
    started,
)


def reported(journey: Journey, stage: int, on: date = day(60), reopens: int | None = None, earlier: Sequence[Outcome] = ()) -> Outcome:
    rule = a_pathway().rule(stage)
    assert rule
    return report(journey, rule, Report(uuid4(), on, reopens, [relapse for before in earlier for relapse in before.relapses]), TODAY)


def assessed(
    journey: Journey, stage: int, *changes: Change, spell: int | None = None, kept: Sequence[Relapse] = (), at_once: bool = True
) -> Outcome:
    """Told at once, as the law of a place may want it, or as a finding."""
    rule, stay = a_pathway().rule(stage), journey.spell(stage, spell)
    assert rule and stay
    return assess(journey, Assessing(rule, stay, Undoing(kept), not at_once), changes)


def decided(journey: Journey, relapse: Relapse, by: UUID = CLINIC, reopens: int | None = None) -> Outcome:
    rule = a_pathway().rule(relapse.stage)
    assert rule
    return confirm(journey, rule, relapse, Decision(by, reopens))


def refuted(journey: Journey, relapse: Relapse, *others: Relapse) -> Outcome:
    return refute(journey, relapse, Decision(CLINIC, reason="laboratory-error"), Undoing((relapse, *others)))


def met(code: str = "consecutive-4", what: str = "met") -> Change:
    return Change(what, code, uuid4(), 3, day(50))  # type: ignore[arg-type]


def test_a_relapse_in_a_started_stage_leaves_it_started_and_marks_the_spell() -> None:
    """Source: mission row 002-46, decisions."""
    outcome = reported(a_journey("completed", "started"), 2)
    recorded, assessment = outcome.events
    assert isinstance(recorded, RelapseRecorded) and recorded.reopens is None
    assert isinstance(assessment, RelapseAssessed) and (assessment.definition, assessment.week) == ("clinician-report", None)
    spell = outcome.journey.spell(2)
    assert outcome.journey.status_of(2) == "started" and spell and spell.relapses == (recorded.relapse_id,)


@pytest.mark.parametrize("end", ["completed", "left"])
def test_a_relapse_in_an_ended_stage_reopens_it_and_keeps_its_end(end: str) -> None:
    outcome = reported(a_journey("completed", end), 2)
    spell = outcome.journey.spell(2)
    assert outcome.journey.status_of(2) == "reopened"
    assert spell and spell.ended_on == day(25) and spell.relapses
    assert isinstance(outcome.events[0], RelapseRecorded) and outcome.events[0].reopens == 2
    assert outcome.relapses[0].reopens == 2


def test_a_reopened_stage_is_not_reopened_twice() -> None:
    once = reported(a_journey("completed", "completed"), 2).journey
    twice = assessed(once, 2, met())
    assert twice.journey.status_of(2) == "reopened"
    assert isinstance(twice.events[0], RelapseRecorded) and twice.events[0].reopens is None


def test_what_a_later_spell_answered_already_reopens_nothing() -> None:
    """A late result of the first stay, known before the second began, marks the first alone. Source: delivery section 2 (late retries)."""
    back = started(reported(a_journey("completed", "completed"), 2).journey, 2, day(61))
    ended = complete_stage(back, 2, completed(day(80)), TODAY)[0]
    outcome = assessed(ended, 2, met(), spell=1)
    assert isinstance(outcome.events[0], RelapseRecorded) and outcome.events[0].reopens is None
    assert outcome.journey.status_of(2) == "completed"
    later = met()._replace(known_on=day(70))
    assert assessed(ended, 2, later, spell=1).journey.status_of(2) == "reopened"


def test_late_results_of_a_former_holder_mark_its_stay_and_reopen_nothing() -> None:
    """Else it would send the person back to itself. Source: issue of rights, section 1."""
    ended = a_journey("completed", "completed")
    moved_on = started(ended, 3, day(26), CENTRE)
    outcome = assessed(moved_on, 2, met())
    assert isinstance(outcome.events[0], RelapseRecorded) and outcome.events[0].reopens is None
    assert outcome.journey.status_of(2) == "completed"
    assert assessed(moved_on.model_copy(update={"imported": True}), 2, met()).journey.status_of(2) == "completed"


def test_the_clinician_may_name_the_stage_that_reopens_or_opens() -> None:
    """Source: mission row 002-46."""
    earlier = reported(a_journey("completed", "started"), 2, reopens=1)
    assert (earlier.journey.status_of(1), earlier.journey.status_of(2)) == ("reopened", "started")
    planned = reported(a_journey("completed", "completed"), 2, reopens=3)
    assert planned.journey.status_of(3) == "planned" and planned.relapses[0].reopens == 3
    skipped = started(skip_stage(an_opened_journey(), 1, "not-needed", "not-eligible")[0], 2, day(20))
    assert reported(skipped, 2, reopens=1).journey.status_of(1) == "reopened"


def test_a_report_names_every_unmet_requirement() -> None:
    with pytest.raises(Refused) as refused:
        reported(a_journey("completed"), 2, on=date(2027, 3, 1), reopens=9)
    assert refused.value.unmet == ("stage-started", "date-not-in-future", "reopens-stage-of-pathway")
    with pytest.raises(Refused) as early:
        reported(a_journey("started"), 1, on=DAY)
    assert early.value.unmet == ("on-or-after-start",)


def test_every_use_of_a_stay_is_kept_and_its_consequences_follow_once() -> None:
    """Source: issue of corrections, section 2."""
    first = reported(a_journey("completed", "started"), 2, day(40))
    second = reported(first.journey, 2, day(45), earlier=[first])
    assert (len(first.events), second.events) == (2, [])
    spell = second.journey.spell(2)
    assert spell and spell.relapses == tuple(outcome.relapses[0].relapse_id for outcome in (first, second))
    left = leave_stage(second.journey, 2, completed(day(50))._replace(how="dropped-out"), TODAY)[0]
    after_the_end = reported(left, 2, day(55), earlier=[first, second])
    assert after_the_end.relapses[0].reopens == 2 and after_the_end.journey.status_of(2) == "reopened"
    assert isinstance(after_the_end.events[0], RelapseRecorded)
    again = reported(after_the_end.journey, 2, day(56), earlier=[first, second, after_the_end])
    assert (again.events, again.relapses[0].reopens) == ([], None)


def test_a_use_after_the_stay_reopens_one_stage_once_unless_the_clinician_names_another() -> None:
    first = reported(a_journey("completed", "completed"), 2, day(60), reopens=1)
    second = reported(first.journey, 2, day(61), earlier=[first])
    assert (second.events, second.journey.status_of(2)) == ([], "completed")
    named = reported(second.journey, 2, day(62), reopens=2, earlier=[first, second])
    assert (named.relapses[0].reopens, named.journey.status_of(2)) == (2, "reopened")


def test_a_use_reported_twice_is_one_use() -> None:
    first = reported(a_journey("completed", "started"), 2, day(40))
    again = reported(first.journey, 2, day(40), earlier=[first])
    assert again == Outcome(first.journey, first.relapses, [])
    elsewhere = reported(first.journey, 2, day(40), reopens=1, earlier=[first])
    assert elsewhere.relapses[0].reopens == 1 and elsewhere.relapses != first.relapses


def test_a_use_of_the_day_of_the_end_reopens_though_the_day_was_reported_before() -> None:
    """The first report met a stay that was going on, the second one that has ended. Source: mission row 002-46."""
    first = reported(a_journey("completed", "started"), 2, day(40))
    left = leave_stage(first.journey, 2, completed(day(40))._replace(how="dropped-out"), TODAY)[0]
    again = reported(left, 2, day(40), earlier=[first])
    assert (again.relapses[0].reopens, again.journey.status_of(2)) == (2, "reopened")
    assert reported(again.journey, 2, day(40), earlier=[first, again]).events == []


def test_several_definitions_are_each_told_and_reopen_once() -> None:
    outcome = assessed(a_journey("completed", "left"), 2, met("consecutive-4"), met("consecutive-3"))
    recorded = [event for event in outcome.events if isinstance(event, RelapseRecorded)]
    assert [event.reopens for event in recorded] == [2, None]
    assert [event.definition for event in outcome.events if isinstance(event, RelapseAssessed)] == ["consecutive-4", "consecutive-3"]


def test_dropout_is_listed_never_a_relapse() -> None:
    """Source: contracts section 3."""
    before = a_journey("completed", "left")
    outcome = assessed(before, 2, met("dropout-4-missing"))
    assert [type(event) for event in outcome.events] == [RelapseAssessed]
    assert outcome.journey == before
    gone = assessed(before, 2, taken_from(outcome, "withdrawn"), kept=outcome.relapses)
    assert [type(event) for event in gone.events] == [RelapseAssessed]
    for decide in (decided, refuted):
        with pytest.raises(Refused) as no_relapse:
            decide(before, outcome.relapses[0])
        assert no_relapse.value.unmet == ("definition-of-relapse",)


def taken_from(outcome: Outcome, what: str) -> Change:
    """What becomes of the first relapse of an outcome."""
    relapse = outcome.relapses[0]
    return Change(what, relapse.definition, relapse.relapse_id, 4, relapse.known_on)  # type: ignore[arg-type]


def test_a_withdrawn_definition_is_told_and_its_reopening_taken_back() -> None:
    """Source: issue of corrections, section 2."""
    before = a_journey("completed", "left")
    once = assessed(before, 2, met())
    outcome = assessed(once.journey, 2, taken_from(once, "withdrawn"), kept=once.relapses)
    withdrawn, assessment = outcome.events
    assert isinstance(withdrawn, RelapseWithdrawn) and (withdrawn.takes_back, withdrawn.is_last) == (2, True)
    assert isinstance(assessment, RelapseAssessed) and assessment.withdrawn
    assert outcome.journey == before


def test_a_reopening_goes_with_the_last_relapse_of_the_stay() -> None:
    before = a_journey("completed", "left")
    once = assessed(before, 2, met("consecutive-4"), met("consecutive-3"))
    first, second = once.relapses
    outcome = refuted(once.journey, first, second)
    assert isinstance(outcome.events[0], RelapseWithdrawn) and (outcome.events[0].takes_back, outcome.events[0].is_last) == (None, False)
    assert outcome.journey.status_of(2) == "reopened"
    none, second = outcome.relapses
    assert second.reopens == 2, "it has reopened the stage, as it would have without the first"
    last = refuted(outcome.journey, second, none)
    assert isinstance(last.events[0], RelapseWithdrawn) and (last.events[0].takes_back, last.events[0].is_last) == (2, True)
    assert last.journey == before


def test_each_stage_that_was_reopened_is_taken_back_by_itself() -> None:
    """Two uses of one stay, for each of which the clinician named a stage."""
    before = a_journey("completed", "completed")
    one = reported(before, 2, day(60), reopens=1)
    two = reported(one.journey, 2, day(61), reopens=2, earlier=[one])
    first, second = one.relapses[0], two.relapses[0]
    without = refuted(two.journey, first, second)
    assert (without.journey.status_of(1), without.journey.status_of(2)) == ("completed", "reopened")
    assert refuted(without.journey, second, *without.relapses).journey == before


def test_a_reopening_that_another_stay_wants_too_stays() -> None:
    """The next stage's relapse named the same stage: had the first not been, that one would have reopened it."""
    before = a_journey("completed", "completed", "completed")
    one = reported(before, 2, day(60), reopens=2)
    two = reported(one.journey, 3, day(61), reopens=2)
    assert (two.relapses[0].reopens, two.relapses[0].wants) == (None, 2)
    without = refuted(two.journey, one.relapses[0], two.relapses[0])
    assert isinstance(without.events[0], RelapseWithdrawn) and (without.events[0].takes_back, without.events[0].is_last) == (None, True)
    assert without.journey.status_of(2) == "reopened"
    last = refuted(without.journey, without.relapses[1], without.relapses[0])
    assert last.journey == before


def test_a_reopening_stays_for_who_has_accepted_the_person() -> None:
    once = assessed(a_journey("completed", "left"), 2, met())
    outcome = refute(once.journey, once.relapses[0], Decision(CLINIC, reason="laboratory-error"), Undoing(once.relapses, {2}))
    assert isinstance(outcome.events[0], RelapseWithdrawn) and (outcome.events[0].takes_back, outcome.events[0].is_last) == (None, True)
    assert outcome.journey.status_of(2) == "reopened"


def test_a_completed_journey_is_completed_again_with_the_last_reopening() -> None:
    done = a_journey("completed", "completed", "completed", "completed", "completed").model_copy(
        update={"status": "completed", "completions": (day(56),)}
    )
    one = reported(done, 5, day(60))
    two = reported(one.journey, 4, day(61))
    first, second = one.relapses[0], two.relapses[0]
    without = refuted(two.journey, first, second)
    assert (without.journey.status, without.journey.status_of(4), without.journey.status_of(5)) == ("open", "reopened", "completed")
    last = refuted(without.journey, second, *without.relapses)
    assert last.journey == done
    told = [event for event in last.events if isinstance(event, CompletionCorrected)]
    assert [(event.completed_on, event.completion) for event in told] == [(day(56), 1)], "others had heard it open"
    assert not any(isinstance(event, CompletionCorrected) for event in without.events)


def test_a_refuted_definition_that_other_weeks_show_is_a_finding_again() -> None:
    before = a_journey("completed", "left")
    (finding,) = assessed(before, 2, met(), at_once=False).relapses
    none = refuted(before, finding)
    moved = assessed(before, 2, taken_from(none, "moved"), kept=none.relapses, at_once=False)
    assert (moved.relapses[0].status, moved.relapses[0].reason) == ("found", None)


def test_what_a_holder_reopened_is_taken_back_by_the_holder() -> None:
    moved_on = started(a_journey("completed", "completed"), 3, day(26), CENTRE)
    (finding,) = assessed(moved_on, 2, met(), at_once=False).relapses
    by_clinic = decided(moved_on, finding)
    assert by_clinic.relapses[0].wants is None
    named = decided(by_clinic.journey, by_clinic.relapses[0], CENTRE, reopens=2)
    assert named.journey.status_of(2) == "reopened", "the holder adds what it names"
    with pytest.raises(Refused) as refused:
        refuted(named.journey, named.relapses[0])
    assert refused.value.unmet == ("holder-takes-back-what-reopened",)
    by_holder = refute(named.journey, named.relapses[0], Decision(CENTRE, reason="laboratory-error"), Undoing(named.relapses))
    assert by_holder.journey == moved_on


def test_what_was_started_again_stays_started() -> None:
    once = assessed(a_journey("completed", "left"), 2, met())
    back = started(once.journey, 2, day(61))
    outcome = refuted(back, once.relapses[0])
    assert isinstance(outcome.events[0], RelapseWithdrawn) and outcome.events[0].takes_back is None
    assert outcome.journey.status_of(2) == "started"


def test_a_reopening_by_decision_is_not_taken_back_with_an_older_relapse() -> None:
    """The relapse reopened the stage, the person came back and left, and a clinician reopened it again."""
    once = assessed(a_journey("completed", "left"), 2, met())
    left = leave_stage(started(once.journey, 2, day(61)), 2, completed(day(80))._replace(how="dropped-out"), TODAY)[0]
    again = correct_stage(left, 2, "returned-to-treatment")
    outcome = refuted(again, once.relapses[0])
    assert isinstance(outcome.events[0], RelapseWithdrawn) and outcome.events[0].takes_back is None
    assert outcome.journey.status_of(2) == "reopened"


def test_what_an_imported_record_reopened_stays_reopened() -> None:
    """Source: contracts section 3."""
    once = assessed(a_journey("completed", "left", imported=True), 2, met())
    outcome = assessed(once.journey, 2, taken_from(once, "withdrawn"), kept=once.relapses)
    assert isinstance(outcome.events[0], RelapseWithdrawn) and (outcome.events[0].takes_back, outcome.events[0].is_last) == (None, False)
    assert outcome.journey.status_of(2) == "reopened"


def test_a_definition_that_is_met_is_a_finding_until_a_clinician_confirms_it() -> None:
    """Whether the stay goes on or has ended; imported history needs no confirmation. Source: issue of corrections, section 2."""
    before = a_journey("completed", "left")
    found = assessed(before, 2, met(), at_once=False)
    (finding,) = found.relapses
    assert [type(event) for event in found.events] == [RelapseAssessed] and (found.journey, finding.status) == (before, "found")
    confirmed = decided(before, finding)
    assert [type(event) for event in confirmed.events] == [RelapseRecorded]
    assert (confirmed.journey.status_of(2), confirmed.relapses[0].reopens) == ("reopened", 2)
    assert decided(confirmed.journey, confirmed.relapses[0]).events == [], "a second time is none"
    history = a_journey("completed", "left", imported=True)
    assert assessed(history, 2, met(), at_once=False).relapses[0].status == "confirmed"


def test_a_refuted_finding_is_told_to_nobody_and_may_be_confirmed_after_all() -> None:
    before = a_journey("completed", "left")
    (finding,) = assessed(before, 2, met(), at_once=False).relapses
    outcome = refuted(before, finding)
    assert (outcome.events, outcome.journey, outcome.relapses[0].status) == ([], before, "refuted")
    assert refuted(before, outcome.relapses[0]).events == []
    assert decided(before, outcome.relapses[0]).journey.status_of(2) == "reopened"


def test_a_finding_that_the_weeks_show_no_more_is_confirmed_by_nobody() -> None:
    before = a_journey("completed", "left")
    found = assessed(before, 2, met(), at_once=False)
    gone = assessed(before, 2, taken_from(found, "withdrawn"), kept=found.relapses)
    assert [type(event) for event in gone.events] == [RelapseAssessed] and gone.journey == before
    for decide in (decided, refuted):
        with pytest.raises(Refused) as refused:
            decide(before, gone.relapses[0])
        assert refused.value.unmet == ("relapse-standing",)


def test_a_former_holder_confirms_and_reopens_nothing() -> None:
    moved_on = started(a_journey("completed", "completed"), 3, day(26), CENTRE)
    (finding,) = assessed(moved_on, 2, met(), at_once=False).relapses
    assert [may_decide(moved_on, finding, one) for one in (CLINIC, CENTRE, uuid4(), None)] == [True, True, False, False]
    assert decided(moved_on, finding).journey.status_of(2) == "completed"
    assert decided(moved_on, finding, CENTRE, reopens=2).journey.status_of(2) == "reopened"
    with pytest.raises(Refused) as refused:
        decided(moved_on, finding, reopens=2)
    assert refused.value.unmet == ("holder-names-what-reopens",)


def test_a_report_entered_in_error_is_withdrawn_with_all_it_did() -> None:
    """A completed journey is completed again, and what was only opened is not. Source: issue of corrections, section 1."""
    done = a_journey("completed", "completed", "completed", "completed", "completed").model_copy(
        update={"status": "completed", "completions": (day(56),)}
    )
    once = reported(done, 5)
    outcome = refuted(once.journey, once.relapses[0])
    assert [type(event) for event in outcome.events] == [RelapseWithdrawn, CompletionCorrected, RelapseAssessed]
    assert outcome.journey == done and outcome.relapses[0].withdrawn
    planned = reported(a_journey("completed", "completed"), 2, reopens=3)
    (taken, _) = refuted(planned.journey, planned.relapses[0]).events
    assert isinstance(taken, RelapseWithdrawn) and taken.takes_back == 3


def test_a_moved_week_is_assessed_again_and_told_no_second_time() -> None:
    once = assessed(a_journey("completed", "left"), 2, met())
    outcome = assessed(once.journey, 2, taken_from(once, "moved"), kept=once.relapses)
    assert [type(event) for event in outcome.events] == [RelapseAssessed] and outcome.journey == once.journey
    assert (outcome.relapses[0].week, outcome.relapses[0].reopens) == (4, 2)


def test_a_relapse_opens_a_completed_journey_again_and_keeps_its_completion() -> None:
    journey = a_journey("completed", "completed", "completed", "completed", "completed")
    done = journey.model_copy(update={"status": "completed", "completions": (day(60),)})
    again = reported(done, 5).journey
    assert (again.status, again.completions, again.status_of(5)) == ("open", (day(60),), "reopened")


@pytest.mark.parametrize("stages", [("completed", "completed", "started"), ("completed", "left")])
def test_treated_and_not_gone_on_is_not_completed(stages: tuple[str, ...]) -> None:
    """Source: mission row 002-49."""
    assert (standing(a_journey("completed", "completed")), standing(a_journey(*stages))) == ("treated-not-complete", "open")


def test_only_the_stage_called_treatment_leaves_somebody_treated_and_not_complete() -> None:
    """Another pathway's second stage is no treatment. Source: mission row 002-49."""
    assert standing(a_journey("completed", "completed", pathway=another_pathway("arrival", "work", "home"))) == "open"
    late = another_pathway("arrival", "work", "treatment", "home")
    assert standing(a_journey("completed", "completed", pathway=late)) == "open"
    assert standing(a_journey("completed", "completed", "completed", pathway=late)) == "treated-not-complete"
