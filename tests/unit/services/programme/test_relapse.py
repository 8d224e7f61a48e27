"""What a relapse does to a journey: marks or reopens, keeps all history, is told once."""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import pytest

from services.programme.journey.domain import Journey, standing
from services.programme.relapse.domain import Outcome, Report, assess, report
from services.programme.stage.domain import complete_stage, leave_stage, skip_stage
from services.programme.weekly.domain import Change
from shared.errors import Refused
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import CENTRE, DAY, TODAY, a_journey, a_pathway, an_opened_journey, another_pathway, completed, day, started


def reported(journey: Journey, stage: int, on: date = day(60), reopens: int | None = None, earlier: Sequence[Outcome] = ()) -> Outcome:
    rule = a_pathway().rule(stage)
    assert rule
    return report(journey, rule, Report(uuid4(), on, reopens, [relapse for before in earlier for relapse in before.relapses]), TODAY)


def assessed(journey: Journey, stage: int, *changes: Change) -> Outcome:
    rule, spell = a_pathway().rule(stage), journey.spell(stage)
    assert rule and spell
    return assess(journey, rule, spell, changes)


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
    first, rule = ended.spell(2, 1), a_pathway().rule(2)
    assert first and rule
    outcome = assess(ended, rule, first, [met()])
    assert isinstance(outcome.events[0], RelapseRecorded) and outcome.events[0].reopens is None
    assert outcome.journey.status_of(2) == "completed"
    later = met()._replace(known_on=day(70))
    assert assess(ended, rule, first, [later]).journey.status_of(2) == "reopened"


def test_late_results_of_a_former_holder_mark_its_stay_and_reopen_nothing() -> None:
    """Else it would send the person back to itself; imported history is as it was. Source: issue of rights, section 1."""
    ended = a_journey("completed", "completed")
    moved_on = started(ended, 3, day(26), CENTRE)
    outcome = assessed(moved_on, 2, met())
    assert isinstance(outcome.events[0], RelapseRecorded) and outcome.events[0].reopens is None
    assert outcome.journey.status_of(2) == "completed"
    assert assessed(moved_on.model_copy(update={"imported": True}), 2, met()).journey.status_of(2) == "reopened"


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
    gone = assessed(before, 2, met("dropout-4-missing", "withdrawn"))
    assert [type(event) for event in gone.events] == [RelapseAssessed]


def test_a_withdrawn_definition_is_told_and_the_reopening_stays() -> None:
    """Source: contracts section 3."""
    found = met()
    once = assessed(a_journey("completed", "left"), 2, found).journey
    outcome = assessed(once, 2, found._replace(what="withdrawn"))
    withdrawn, assessment = outcome.events
    assert isinstance(withdrawn, RelapseWithdrawn) and withdrawn.relapse_id == found.relapse_id
    assert isinstance(assessment, RelapseAssessed) and assessment.withdrawn
    spell = outcome.journey.spell(2)
    assert outcome.journey.status_of(2) == "reopened" and spell and spell.relapses == ()


def test_a_moved_week_is_assessed_again_and_told_no_second_time() -> None:
    before = a_journey("completed", "left")
    outcome = assessed(before, 2, met(what="moved"))
    assert [type(event) for event in outcome.events] == [RelapseAssessed] and outcome.journey == before


def test_a_relapse_opens_a_completed_journey_again_and_keeps_its_completion() -> None:
    journey = a_journey("completed", "completed", "completed", "completed", "completed")
    done = journey.model_copy(update={"status": "completed", "completions": (day(60),)})
    again = reported(done, 5).journey
    assert (again.status, again.completions, again.status_of(5)) == ("open", (day(60),), "reopened")


def test_treated_and_not_gone_on_is_not_completed() -> None:
    """Source: mission row 002-49."""
    assert standing(a_journey("completed", "completed")) == "treated-not-complete"
    assert standing(a_journey("completed", "completed", "started")) == "open"
    assert standing(a_journey("completed", "left")) == "open"


def test_only_the_stage_called_treatment_leaves_somebody_treated_and_not_complete() -> None:
    """Another pathway's second stage is no treatment. Source: mission row 002-49."""
    assert standing(a_journey("completed", "completed", pathway=another_pathway("arrival", "work", "home"))) == "open"
    late = another_pathway("arrival", "work", "treatment", "home")
    assert standing(a_journey("completed", "completed", pathway=late)) == "open"
    assert standing(a_journey("completed", "completed", "completed", pathway=late)) == "treated-not-complete"
