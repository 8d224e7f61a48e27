"""What may be done to a stage: every rule and every refusal."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey
from services.programme.stage import domain
from services.programme.transition.domain import step
from shared.errors import Refused
from shared.events.programme import StageLeft
from tests.builders_programme import (
    CENTRE,
    CLINIC,
    TODAY,
    a_journey,
    a_pathway,
    a_start,
    an_opened_journey,
    completed,
    day,
    left,
    started,
    the_rule,
)


def refused(act: object, *arguments: object) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(Refused) as found:
        act(*arguments)  # type: ignore[operator]
    return found.value.code, found.value.unmet


def start(journey: Journey, stage: int, **fields: object) -> tuple[str, tuple[str, ...]]:
    return refused(domain.start_stage, journey, a_pathway().rule(stage), a_start(**fields), TODAY)  # type: ignore[arg-type]


def test_a_stage_that_was_never_started_cannot_be_completed() -> None:
    """Source: mission row 002-01."""
    assert refused(domain.complete_stage, a_journey(), 2, completed(), TODAY) == ("stage-not-completable", ("stage-started",))


def test_a_completion_keeps_the_stage_the_spell_and_the_next_organisation() -> None:
    journey, (event,) = domain.complete_stage(a_journey("started"), 1, completed(day(12), to=CENTRE), TODAY)
    assert (journey.status_of(1), event.stage, event.spell, event.completed_on, event.next_organisation_id) == (
        "completed",
        1,
        1,
        day(12),
        CENTRE,
    )
    spell = journey.spell(1)
    assert spell and (spell.how, spell.outcome, spell.actual_class) == ("completed", "goals-reached", "under_one_month")


def test_a_completion_names_every_unmet_requirement() -> None:
    code, unmet = refused(domain.complete_stage, a_journey("started"), 1, completed(day(3), at=CENTRE), Days(day(2)))
    assert code == "stage-not-completable"
    assert unmet == ("spell-of-own-organisation", "completed-on-or-after-start", "date-not-in-future")


def test_leaving_tells_how_and_is_no_completion() -> None:
    journey, (event,) = domain.leave_stage(a_journey("started"), 1, left(day(12)), TODAY)
    assert isinstance(event, StageLeft)
    assert (journey.status_of(1), event.how, event.left_on) == ("left", "dropped-out", day(12))
    assert refused(domain.leave_stage, journey, 1, left(day(12)), TODAY) == ("stage-not-leavable", ("stage-started",))


def reopened(journey: Journey, stage: int) -> Journey:
    from services.programme.journey.domain import reopen_stage

    return reopen_stage(journey, stage)


def test_a_transfer_names_where_to_and_the_stage_is_taken_over_there() -> None:
    """The hand-over n -> n. Source: standards sections 2 and 4."""
    transfer = left(day(12))._replace(how="transferred")
    assert refused(domain.leave_stage, a_journey("started"), 1, transfer, TODAY) == ("stage-not-leavable", ("next-organisation",))
    to_itself = transfer._replace(next_organisation_id=CLINIC)
    assert refused(domain.leave_stage, a_journey("started"), 1, to_itself, TODAY)[1] == ("next-organisation-another",)
    history = a_journey("started").model_copy(update={"imported": True})
    assert domain.leave_stage(history, 1, to_itself, TODAY)[0].status_of(1) == "left"
    journey, (event,) = domain.leave_stage(a_journey("started"), 1, transfer._replace(next_organisation_id=CENTRE), TODAY)
    assert isinstance(event, StageLeft)
    assert (event.how, event.next_organisation_id) == ("transferred", CENTRE)
    taken = started(journey, 1, day(12), at=CENTRE)
    assert [spell.organisation_id for spell in taken.spells_of(1)] == [CLINIC, CENTRE]


def test_who_left_comes_back_by_decision() -> None:
    """Source: standards section 2."""
    journey = a_journey("left")
    assert start(journey, 1, on=day(40))[1] == ("stage-planned-or-reopened",)
    assert refused(domain.correct_stage, a_journey("started"), 1, "")[1] == ("stage-ended", "reason")
    again = started(domain.correct_stage(journey, 1, "returned"), 1, day(40))
    assert [spell.how for spell in again.spells_of(1)] == ["dropped-out", None]


def test_a_late_retry_does_not_undo_a_reopening() -> None:
    """Source: delivery section 2."""
    waiting = reopened(a_journey("completed"), 1)
    assert refused(domain.complete_stage, waiting, 1, completed(day(15)), TODAY) == ("stage-reopened", ("stage-started",))
    again = started(waiting, 1, day(40))
    code, unmet = refused(domain.complete_stage, again, 1, completed(day(15)), TODAY)
    assert (code, unmet) == ("stage-reopened", ("completed-on-or-after-start",))


def test_a_reopened_stage_gets_a_new_spell_and_keeps_the_old_one() -> None:
    """Source: mission row 002-46."""
    journey = started(reopened(a_journey("completed"), 1), 1, day(40), at=CENTRE)
    first, second = journey.spells_of(1)
    assert (first.how, first.number, second.number, second.is_open) == ("completed", 1, 2, True)
    assert start(reopened(a_journey("completed"), 1), 1, on=day(14))[1] == ("started-on-or-after-last-end",)


def test_stage_one_needs_a_medical_organisation_and_a_doctor() -> None:
    """Source: mission row 002-32."""
    assert start(an_opened_journey(), 1, kind="ngo", responsible_doctor=None)[1] == ("medical-organisation", "responsible-doctor")
    imported = an_opened_journey(imported=True)
    assert start(imported, 1, kind="ngo", responsible_doctor=None)[1] == ("medical-organisation",)


def test_earlier_stages_are_begun_or_skipped_first() -> None:
    """Source: mission row 002-01."""
    assert start(an_opened_journey(), 3)[1] == ("stage-1-begun-or-skipped", "stage-2-begun-or-skipped")
    journey, (skipped,) = domain.skip_stage(an_opened_journey(), 1, "not-needed", "not-eligible")
    assert skipped.how == "not-needed"
    assert started(journey, 2, day(1)).status_of(2) == "started"
    assert started(an_opened_journey(imported=True), 2, day(1)).status_of(2) == "started"


def test_a_start_is_marked_overlapping_while_the_stage_before_is_open() -> None:
    rule = a_pathway().rule(2)
    assert rule
    _, (event,) = domain.start_stage(a_journey("started"), rule, a_start(day(11)), TODAY)
    _, (later,) = domain.start_stage(a_journey("completed"), rule, a_start(day(20)), TODAY)
    assert (event.overlapping, later.overlapping) == (True, False)


def test_a_started_or_ended_stage_is_not_started_again() -> None:
    assert start(a_journey("started"), 1)[1] == ("stage-planned-or-reopened",)
    assert "stage-planned-or-reopened" in start(a_journey("completed"), 1, on=day(30))[1]


def test_nobody_is_started_after_death_or_in_the_future() -> None:
    days = TODAY._replace(died_on=day(3))
    at = a_start(TODAY.latest + timedelta(days=1))
    _, unmet = refused(domain.start_stage, an_opened_journey(), a_pathway().rule(1), at, days)
    assert unmet == ("date-not-in-future", "not-after-death")
    domain.start_stage(an_opened_journey(), the_rule(a_pathway(), 1), a_start(day(3)), days)


def test_an_unusual_length_of_social_rehabilitation_needs_a_reason() -> None:
    """Source: mission row 002-18."""
    journey = a_journey("completed", "completed", "completed")
    short = {"on": day(40), "planned_until": day(70)}
    assert start(journey, 4, **short)[1] == ("warning-reason",)
    kept = started(journey, 4, day(40), planned_until=day(70), warning_reason="moved").spell(4)
    assert kept and (kept.warning_reason, kept.planned_class) == ("moved", "short_term")
    assert started(journey, 4, day(40), planned_until=day(40 + 250)).status_of(4) == "started"


def test_the_class_reached_is_compared_with_the_planned_one() -> None:
    """Source: mission row 002-17."""
    journey = started(an_opened_journey(), 1, day(0), planned_until=day(100))
    journey, _ = domain.complete_stage(journey, 1, completed(day(20)), TODAY)
    spell = journey.spell(1)
    assert spell and (spell.planned_class, spell.actual_class, spell.length_differs) == ("medium_term", "under_one_month", True)


@pytest.mark.parametrize(("until", "weeks"), [(None, 24), (day(168), 24), (day(167), 24), (day(169), 25), (day(0), 1), (day(7), 1)])
def test_a_plan_overrides_the_planned_weeks(until: date | None, weeks: int) -> None:
    """Source: contracts section 3."""
    journey = started(an_opened_journey(imported=True), 2, day(0), planned_until=until)
    spell = journey.spell(2)
    assert spell and spell.weeks == weeks


def test_another_setting_than_the_natural_environment_needs_a_reason_where_the_pathway_says_so() -> None:
    """Source: mission row 002-20."""
    rule = a_pathway().stages[0].model_copy(update={"natural_environment": True})

    def begun_in(journey: Journey, **visit: Any) -> None:
        domain.start_stage(journey, rule, a_start(**visit), TODAY)

    with pytest.raises(Refused) as found:
        begun_in(an_opened_journey(), setting="inpatient")
    assert found.value.unmet == ("warning-reason",)
    begun_in(an_opened_journey(), setting="natural-environment")
    begun_in(an_opened_journey(), setting="inpatient", warning_reason="no-home")
    begun_in(an_opened_journey(imported=True), setting="inpatient")


def test_skipping_needs_evidence_or_a_reason_and_a_planned_stage() -> None:
    """Source: mission row 002-01."""
    assert refused(domain.skip_stage, a_journey("started"), 1, "done-elsewhere", None)[1] == ("stage-planned", "evidence")
    assert refused(domain.skip_stage, an_opened_journey(), 1, "not-needed", None)[1] == ("reason",)


def test_the_table_allows_what_the_standard_lists_and_no_more() -> None:
    """Source: standards section 2."""
    statuses = ("planned", "started", "completed", "left", "done-elsewhere", "not-needed", "reopened")
    allowed = {(act, before) for act in ("start", "complete", "leave") for before in statuses if step(act, before)}  # type: ignore[arg-type]
    assert allowed == {("start", "planned"), ("start", "reopened"), ("complete", "started"), ("leave", "started")}


def test_another_organisation_may_have_the_next_spell() -> None:
    journey = started(reopened(a_journey("completed"), 1), 1, day(40), at=uuid4())
    assert refused(domain.complete_stage, journey, 1, completed(day(45), at=CLINIC), TODAY)[1] == ("spell-of-own-organisation",)
