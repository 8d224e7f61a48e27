"""What a relation to a journey allows: to start, to decide, to see."""

from datetime import date
from uuid import UUID

import pytest

from services.programme.functioning.domain import Entry, Functioning, Score, record_scores
from services.programme.journey.domain import Acceptance, Found, Journey
from services.programme.journey.opening import relates
from services.programme.right.domain import UNKNOWN_STAGE, may_report_death, must_decide, must_hold, must_start, sight
from shared.errors import Refused
from tests.builders_programme import CENTRE, CLINIC, DAY, NGO, TODAY, a_journey, a_pathway, an_opened_journey, day, started


def found(journey: Journey, *accepted: int) -> Found:
    return Found(journey, a_pathway(), tuple(Acceptance(UUID(int=stage), stage) for stage in accepted))


def may_start(journey: Journey, organisation_id: UUID, stage: int, *accepted: int) -> bool:
    try:
        must_start(found(journey, *accepted), organisation_id, stage)
    except Refused as refused:
        assert refused.unmet == ("holder-or-accepted",)
        return False
    return True


def test_before_any_start_the_opener_holds_and_starts() -> None:
    journey = an_opened_journey()
    must_hold(journey, NGO)
    assert may_start(journey, NGO, 1) and not may_start(journey, CLINIC, 1) and may_start(journey, CLINIC, 1, 1)


def test_an_acceptance_is_used_by_the_stay_that_came_of_it() -> None:
    """Its referral is closed later; until then the open stay tells it."""
    journey = started(a_journey("completed"), 2, day(20), CENTRE)
    journey = started(journey, 3, day(30), NGO)
    assert not may_start(journey, CENTRE, 4, 2) and may_start(journey, CENTRE, 4, 2, 4)
    assert not sight(found(journey, 2), CENTRE).is_whole and sight(found(journey, 4), CENTRE).is_whole


def test_an_acceptance_from_before_stages_were_kept_counts_until_a_stay() -> None:
    journey = a_journey("completed")
    assert may_start(journey, CENTRE, 2, UNKNOWN_STAGE)
    left_behind = started(started(journey, 2, day(20), CENTRE), 3, day(30), NGO)
    assert not may_start(left_behind, CENTRE, 4, UNKNOWN_STAGE)


def test_nobody_without_a_part_decides_and_no_person_is_an_organisation() -> None:
    journey = a_journey("completed")
    must_decide(found(journey, 2), CENTRE, 1)
    for organisation_id in (NGO, CENTRE, None):
        with pytest.raises(Refused):
            must_decide(found(journey), organisation_id, 1)
        with pytest.raises(Refused):
            must_hold(journey, organisation_id)


def test_a_record_from_outside_tells_a_death_alone_only_while_nobody_else_has_the_person() -> None:
    """Else one organisation made somebody dead who lives with another. Source: issue of rights, section 4."""
    one = found(a_journey("started", imported=True))
    assert may_report_death(one, CLINIC)
    overlapped = found(started(one.journey, 2, day(20), CENTRE))
    assert not may_report_death(overlapped, CLINIC) and may_report_death(overlapped, CENTRE)


def test_of_a_stage_started_again_elsewhere_only_the_start_is_seen() -> None:
    """Transferred 1 -> 1: the first clinic sees its own stay of the stage and that it was started again."""
    journey = a_journey("completed").with_status(1, "reopened", "returned")
    journey = started(journey, 1, day(40), CENTRE)
    shown = sight(found(journey), CLINIC).journey
    assert [spell.organisation_id for spell in shown.spells] == [CLINIC]
    assert (shown.status_of(1), shown.stages[0].reason) == ("started", None)
    assert sight(found(journey), NGO).journey.spells == (), "the opener had no stay"


def test_a_registrar_relates_until_another_is_holder_of_an_open_journey() -> None:
    elsewhere = a_journey("completed")
    over = elsewhere.model_copy(update={"status": "completed"})
    assert relates(CENTRE, CENTRE, []) and not relates(CENTRE, NGO, []) and not relates(CENTRE, None, [])
    assert not relates(CENTRE, CENTRE, [elsewhere]) and relates(CENTRE, CENTRE, [over])
    assert relates(CLINIC, None, [elsewhere]) and not relates(NGO, NGO, [elsewhere])


@pytest.mark.parametrize(
    ("entered_by", "is_alone", "allowed"), [(CLINIC, False, True), (CENTRE, True, False), (None, True, True), (None, False, False)]
)
def test_a_score_replaces_only_what_the_same_organisation_entered(entered_by: UUID | None, is_alone: bool, allowed: bool) -> None:
    before = Functioning(scores=(a_score(DAY, 3, entered_by),))
    by = Entry(CLINIC, is_alone)
    same = record_scores(before, (a_score(DAY, 3), a_score(day(1), 4)), by, TODAY).scores
    assert [(score.score, score.entered_by) for score in same] == [(3, CLINIC if allowed else entered_by), (4, CLINIC)]
    if allowed:
        assert record_scores(before, (a_score(DAY, 5),), by, TODAY).scores[0].score == 5
        return
    with pytest.raises(Refused) as refused:
        record_scores(before, (a_score(DAY, 5),), by, TODAY)
    assert refused.value.unmet == ("not-entered-by-another",)


def a_score(on: date, score: int, entered_by: UUID | None = None) -> Score:
    return Score(level="social", moment="baseline", on=on, score=score, entered_by=entered_by)
