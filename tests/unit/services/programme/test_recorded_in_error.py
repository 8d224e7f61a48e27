"""Corrections of what was recorded in a journey: who may, and what stands on it. Source: issue of corrections, section 1."""

from uuid import UUID

import pytest

from services.programme.correction.domain import By
from services.programme.fact.domain import Case, withdraw_day
from services.programme.fact.levels import withdraw_score
from services.programme.functioning.domain import LEVELS, Functioning, Score
from services.programme.journey.domain import Journey
from services.programme.withdrawal.domain import Withdrawal
from shared.errors import Refused
from shared.events.programme import FunctionalLevel
from tests.builders_programme import CENTRE, CLINIC, DAY, NGO, TODAY, a_journey, a_pathway, an_opened_journey, day

ALL = ("completed",) * 5


def a_case(journey: Journey, by: UUID = CLINIC) -> Case:
    return Case(journey, journey, a_pathway(), By(by, day(70), "mistyped"), TODAY)


def a_score(level: FunctionalLevel = "social", number: int = 0, by: UUID | None = CLINIC) -> Score:
    return Score(level=level, moment="closing", on=day(number), score=3, entered_by=by)


def unmet(refused: pytest.ExceptionInfo[Refused]) -> tuple[str, ...]:
    return refused.value.unmet


@pytest.mark.parametrize(
    ("by", "entered_by", "may"),
    [
        (CLINIC, CENTRE, True),  # it has the person
        (NGO, NGO, True),  # it entered it
        (CENTRE, CLINIC, False),
        (NGO, None, False),  # nobody knows who entered it, and the clinic had a stay
    ],
)
def test_who_entered_a_score_or_has_the_person_takes_it_back(by: UUID, entered_by: UUID | None, may: bool) -> None:
    score = a_score(by=entered_by)
    case, kept = a_case(a_journey("started"), by), Functioning(scores=(score,))
    if may:
        left, (line,) = withdraw_score(case, kept, score.place)
        assert (left.scores, line.organisation_id, line.of_organisation_id) == ((), by, entered_by)
        return
    for functioning in (kept, Functioning()):
        with pytest.raises(Refused) as refused:
            withdraw_score(case, functioning, score.place)
        assert (refused.value.code, unmet(refused)) == ("relation-not-sufficient", ("own-or-holder",))


def test_an_old_score_is_of_who_alone_can_have_entered_it() -> None:
    """Nobody has the person any more: it went on elsewhere."""
    score, lost = a_score(by=None), an_opened_journey().model_copy(update={"is_lost": True})
    left, _ = withdraw_score(a_case(lost, NGO), Functioning(scores=(score,)), score.place)
    assert left.scores == ()


def test_only_the_score_that_a_completion_stands_on_waits_for_its_correction() -> None:
    """One of another day closes the level as well."""
    journey = a_journey(*ALL).model_copy(update={"completions": (day(60),)})
    scores = tuple(a_score(level) for level in LEVELS)
    with pytest.raises(Refused) as refused:
        withdraw_score(a_case(journey), Functioning(scores=scores), scores[0].place)
    assert unmet(refused) == ("journey-completion-corrected",)
    another = a_score(LEVELS[0], 1)
    left, _ = withdraw_score(a_case(journey), Functioning(scores=(*scores, another)), scores[0].place)
    assert left.scores == (*scores[1:], another)
    never = journey.model_copy(update={"completions": ()})
    assert withdraw_score(a_case(never), Functioning(scores=scores), scores[0].place)[0].scores == scores[1:]


def test_a_day_without_a_score_has_none_to_take_back() -> None:
    case, score = a_case(a_journey("started")), Withdrawal(on=DAY, score=2)
    line = withdraw_day(case, (score, NGO))
    assert (line.of_organisation_id, line.before) == (NGO, {"on": str(DAY), "score": 2})
    with pytest.raises(Refused) as refused:
        withdraw_day(case, None)
    assert unmet(refused) == ("score-entered",)
