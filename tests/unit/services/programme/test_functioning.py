"""The four levels, their goals, and what completing a journey needs."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from services.programme.adaptation.domain import AdaptationStep, Kind, check_planned, reach
from services.programme.completion.domain import complete_journey
from services.programme.day.domain import Days
from services.programme.functioning.domain import (
    LEVELS,
    Closing,
    Entry,
    Functioning,
    Goal,
    Score,
    close_goal,
    gaps,
    record_scores,
    set_goal,
)
from shared.errors import Refused
from shared.events.programme import FunctionalLevel
from tests.builders_programme import CLINIC, DAY, TODAY, a_journey, a_pathway, another_pathway, day

BY = Entry(CLINIC, is_alone=True)


def a_score(level: FunctionalLevel, moment: str = "closing", score: int | None = 7, on: date = DAY) -> Score:
    by = "person" if level == "spiritual" else "staff"
    return Score.model_validate({"level": level, "moment": moment, "on": on, "score": score, "by": by})


def a_goal(level: FunctionalLevel = "social", goal: str = "restored-ties") -> Goal:
    return Goal(goal_id=uuid4(), level=level, goal=goal, set_on=DAY)


def all_closed() -> Functioning:
    goal = a_goal()
    functioning = set_goal(record_scores(Functioning(), tuple(a_score(level) for level in LEVELS), BY, TODAY), goal, TODAY)
    return close_goal(functioning, Closing(goal.goal_id, "reached", None))


def unmet(functioning: Functioning) -> list[str]:
    return [name for name, missing in gaps(functioning, a_pathway()).items() if missing]


def test_every_level_needs_a_closing_score_and_closed_goals() -> None:
    """Source: mission rows 002-31, 000-59."""
    assert unmet(Functioning()) == [*(f"{level}-closing-score" for level in LEVELS), "adaptation-goal"]
    assert unmet(set_goal(all_closed(), a_goal("biological", "health"), TODAY)) == ["biological-goals-closed"]
    assert unmet(all_closed()) == []


def test_adaptation_goals_are_needed_besides_stopping_use() -> None:
    """Source: mission row 000-59."""
    scored = record_scores(Functioning(), tuple(a_score(level) for level in LEVELS), BY, TODAY)
    goal = a_goal("biological", "health")
    assert unmet(close_goal(set_goal(scored, goal, TODAY), Closing(goal.goal_id, "reached", None))) == ["adaptation-goal"]


def test_the_spiritual_level_is_the_persons_own_to_score_or_refuse() -> None:
    """Source: mission row 002-35."""
    by_staff = a_score("spiritual").model_copy(update={"by": "staff"})
    with pytest.raises(Refused) as refused:
        record_scores(Functioning(), (by_staff, a_score("social", score=None), a_score("social", on=date(2028, 1, 1))), BY, TODAY)
    assert refused.value.unmet == ("spiritual-self-assessed", "refusal-of-spiritual-alone", "date-not-in-future")
    closed = record_scores(Functioning(), (a_score("spiritual", score=None),), BY, TODAY).closing("spiritual")
    assert closed and closed.is_refusal


def test_scores_repeat_and_one_of_a_day_replaces() -> None:
    """Source: mission row 002-30."""
    scores = (a_score("social", "baseline", 2), a_score("social", "repeat", 4), a_score("social", "repeat", 5))
    assert [score.score for score in record_scores(Functioning(), scores, BY, TODAY).scores] == [2, 5]


def test_a_goal_is_closed_once_and_with_a_reason_unless_reached() -> None:
    goal = a_goal()
    functioning = set_goal(Functioning(), goal, TODAY)
    closings = [(goal.goal_id, "partly", ("reason",)), (UUID(int=1), "reached", ("goal-open",))]
    for goal_id, result, expected in closings:
        with pytest.raises(Refused) as refused:
            close_goal(functioning, Closing(goal_id, result, None))  # type: ignore[arg-type]
        assert refused.value.unmet == expected
    with pytest.raises(Refused):
        close_goal(close_goal(functioning, Closing(goal.goal_id, "partly", "moved")), Closing(goal.goal_id, "reached", None))
    with pytest.raises(Refused):
        set_goal(functioning, goal.model_copy(update={"set_on": date(2028, 1, 1)}), TODAY)


FIVE = ("completed", "completed", "completed", "completed")


def test_a_journey_completes_when_stage_five_and_all_levels_do() -> None:
    """Source: mission rows 002-02, 002-31."""
    journey, (event,) = complete_journey(a_journey(*FIVE, "completed"), a_pathway(), all_closed(), day(60), TODAY)
    assert (journey.status, journey.completions, event.completed_on, event.completion) == ("completed", (day(60),), day(60), 1)
    with pytest.raises(Refused) as refused:
        complete_journey(journey, a_pathway(), all_closed(), day(60), TODAY)
    assert refused.value.unmet == ("journey-open",)


@pytest.mark.parametrize(("last", "expected"), [("left", ("stage-5-completed",)), ("started", ("stage-5-completed", "no-stage-open"))])
def test_a_stage_five_that_was_left_completes_nothing(last: str, expected: tuple[str, ...]) -> None:
    """Source: mission row 002-02."""
    with pytest.raises(Refused) as refused:
        complete_journey(a_journey(*FIVE, last), a_pathway(), all_closed(), day(60), TODAY)
    assert refused.value.unmet == expected


def test_a_completion_names_every_gap_at_once() -> None:
    with pytest.raises(Refused) as refused:
        complete_journey(a_journey(*FIVE, "completed"), a_pathway(), Functioning(), day(51), Days(day(50)))
    assert refused.value.unmet[:2] == ("completed-on-or-after-last-stage", "date-not-in-future")
    assert len(refused.value.unmet) == 2 + len(LEVELS) + 1


def test_another_pathway_completes_with_its_own_stage_and_asks_no_levels_unless_it_says_so() -> None:
    """Source: mission row 002-12."""
    pathway = another_pathway("arrival", "work", "home")
    with pytest.raises(Refused) as refused:
        complete_journey(a_journey("completed", "completed", pathway=pathway), pathway, Functioning(), day(60), TODAY)
    assert refused.value.unmet == ("stage-3-completed",)
    journey = a_journey("completed", "completed", "completed", pathway=pathway)
    assert complete_journey(journey, pathway, Functioning(), day(60), TODAY)[0].status == "completed"
    asked = another_pathway("arrival", "work", "home", needs_four_levels=True)
    with pytest.raises(Refused) as refused:
        complete_journey(journey, asked, Functioning(), day(60), TODAY)
    assert refused.value.unmet == tuple(f"{level}-closing-score" for level in LEVELS)
    asked = another_pathway("arrival", "work", "home", adaptation_goals=("restored-ties", "own-home"))
    with pytest.raises(Refused) as refused:
        complete_journey(journey, asked, Functioning(), day(60), TODAY)
    assert refused.value.unmet == ("adaptation-goal",)
    own_goal = set_goal(Functioning(), a_goal(goal="own-home"), TODAY)
    assert complete_journey(journey, asked, own_goal, day(60), TODAY)[0].status == "completed"


def test_the_stage_that_completes_need_not_be_the_last() -> None:
    pathway = another_pathway("home", "visits", completes_the_journey=False)
    first = pathway.stages[0].model_copy(update={"completes_the_journey": True})
    pathway = pathway.model_copy(update={"stages": (first, pathway.stages[1])})
    assert complete_journey(a_journey("completed", pathway=pathway), pathway, Functioning(), day(60), TODAY)[0].status == "completed"


def a_step(kind: Kind) -> AdaptationStep:
    return AdaptationStep(step_id=uuid4(), kind=kind, planned_on=day(60))


def test_a_social_dormitory_is_for_those_halfway() -> None:
    """Source: mission row 000-43."""
    with pytest.raises(Refused) as refused:
        check_planned(a_journey("completed", "completed", "completed", "started"), a_pathway(), a_step("social-dormitory"), TODAY)
    assert refused.value.unmet == ("halfway",)
    check_planned(a_journey(*FIVE), a_pathway(), a_step("social-dormitory"), TODAY)
    check_planned(a_journey("started"), a_pathway(), a_step("work-outside"), TODAY)


def test_halfway_is_what_the_pathway_calls_so() -> None:
    """Source: mission row 000-43."""
    pathway = another_pathway("arrival", "home", halfway=True)
    journey = a_journey("completed", "completed", pathway=pathway)
    check_planned(journey, pathway, a_step("social-dormitory"), TODAY)
    with pytest.raises(Refused):
        check_planned(journey, another_pathway("arrival", "home"), a_step("social-dormitory"), TODAY)


def test_an_adaptation_step_is_reached_once() -> None:
    """Source: mission row 002-20."""
    step = AdaptationStep(step_id=uuid4(), kind="work-outside", planned_on=DAY)
    assert reach(step, day(3), TODAY).reached_on == day(3)
    for planned, on in ((None, day(3)), (step.model_copy(update={"reached_on": DAY}), day(3)), (step, date(2028, 1, 1))):
        with pytest.raises(Refused):
            reach(planned, on, TODAY)
