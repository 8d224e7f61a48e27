"""What no correction may do, and what a stay that never was leaves to those that wanted its stage. Pure."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from services.programme.correction.domain import By, amend_start, corrected, start_to_withdraw, withdraw_end, without_start
from services.programme.correction.whole import (
    Opened,
    amend_completion,
    amend_journey,
    withdraw_completion,
    withdraw_reopening,
    withdraw_skip,
)
from services.programme.journey.domain import Journey, reopen_stage
from services.programme.journey.store import written
from services.programme.relapse.basis import wanted_before
from services.programme.relapse.domain import Relapse
from services.programme.stage.domain import correct_stage, skip_stage
from shared.errors import Refused
from tests.builders_programme import (
    CENTRE,
    CLINIC,
    DAY,
    NGO,
    TODAY,
    a_journey,
    a_pathway,
    a_start,
    an_opened_journey,
    day,
    started,
    the_rule,
)


def by(organisation_id: UUID) -> By:
    return By(organisation_id, date(2026, 12, 31), "mistyped")


def left_for_another(journey: Journey) -> Journey:
    """The person went on elsewhere, in another journey on the pathway."""
    return journey.model_copy(update={"is_lost": True})


def test_nobody_takes_a_person_back_by_a_correction_of_its_own() -> None:
    """Source: contracts, Corrections: a relation comes from what somebody else, or the person, did."""
    lost = left_for_another(a_journey("completed"))
    with pytest.raises(Refused) as ended:
        withdraw_end(lost, (1, 1), by(CLINIC), None)
    assert ended.value.unmet == ("holder-unchanged",)
    with pytest.raises(Refused) as started:
        amend_start(lost, the_rule(a_pathway(), 1), 1, a_start(day(12)), by(CLINIC), TODAY)
    assert started.value.unmet == ("holder-unchanged",)
    earlier, _, events = amend_start(lost, the_rule(a_pathway(), 1), 1, a_start(day(9)), by(CLINIC), TODAY)
    assert earlier.spells[0].started_on == day(9) and len(events) == 1, "an earlier day takes nobody back"
    with pytest.raises(Refused) as opened:
        amend_journey(left_for_another(an_opened_journey()), Opened(day(3)), by(NGO), TODAY)
    assert opened.value.unmet == ("holder-unchanged",)


def test_a_relapse_that_wanted_a_stage_after_a_stay_that_never_was_wanted_it_after_the_one_before() -> None:
    gone = a_journey("completed").spells[0].model_copy(update={"number": 2})
    place = {"stage": 2, "spell": 1, "definition": "clinician-report", "week": None, "known_on": day(40)}
    first, second, other = (
        Relapse.model_validate({**place, "relapse_id": uuid4(), "wants": wants, "wanted_after": after})
        for wants, after in ((1, 1), (1, 2), (2, 2))
    )
    assert [(one.relapse_id, one.wanted_after) for one in wanted_before([first, second, other], gone)] == [(second.relapse_id, 1)]


def test_a_journey_is_read_as_it_was_written_whatever_is_not_known_of_it() -> None:
    """A correction of a journey that nobody holds names no organisation whose fact it was."""
    nobodys = By(None, DAY, "mistyped").of_journey("completion", "amended", None, {"completed_on": None})
    journey = corrected(a_journey("completed"), nobodys)
    assert Journey.model_validate_json(written(journey)) == journey


def test_another_day_of_a_completion_completes_no_journey_that_a_relapse_has_opened_since() -> None:
    journey = a_journey("completed").model_copy(update={"status": "completed", "completions": (day(20),)})
    for status, is_open in (("completed", False), ("open", True)):
        amended, (event,) = amend_completion(journey.model_copy(update={"status": status}), 1, day(19), by(NGO), TODAY)
        assert (amended.completions, event.completed_on, event.is_open) == ((day(19),), day(19), is_open)


def test_a_correction_says_which_completion_is_meant() -> None:
    """Source: issue of corrections."""
    journey = a_journey("completed", "completed", "completed", "completed", "completed")
    journey = journey.model_copy(update={"status": "completed", "completions": (day(56), day(56))})
    amended, (moved,) = amend_completion(journey, 5, day(58), by(NGO), TODAY)
    assert (moved.completed_on, moved.completion, amended.completions) == (day(58), 2, (day(56), day(58)))
    opened, (gone,) = withdraw_completion(journey, day(56), by(NGO))
    assert (gone.completed_on, gone.completion, opened.completions) == (None, 2, (day(56),))


def test_who_reopened_a_stage_by_decision_takes_it_back_after_anothers_start_that_was_none() -> None:
    """The other one has the person by an earlier stay."""
    held = started(a_journey("completed", "completed"), 3, day(26), CENTRE)
    again = started(correct_stage(held, 2, "returned", CLINIC), 2, day(40), CENTRE)
    spell = start_to_withdraw(again, (2, None), by(CENTRE), None)
    left, _ = without_start(again, spell, by(CENTRE), {})
    assert left.status_of(2) == "reopened"
    assert withdraw_reopening(left, 2, by(CLINIC), False).status_of(2) == "completed"
    with pytest.raises(Refused):
        withdraw_reopening(left, 2, by(NGO), False)


def test_whose_skip_it_was_is_known_after_a_relapse_that_opened_the_stage() -> None:
    """A refutation leads the stage back to the skip; who skipped it takes it back."""
    skipped, _ = skip_stage(an_opened_journey(), 1, "not-needed", "not-eligible", CENTRE)
    back = reopen_stage(skipped, 1).with_state(1, {"status": "not-needed"})
    assert withdraw_skip(back, 1, by(CENTRE))[0].status_of(1) == "planned"
