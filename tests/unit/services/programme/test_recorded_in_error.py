"""Corrections of what was recorded in a journey: who may, and what stands on it. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.programme.adaptation.domain import AdaptationStep, reach
from services.programme.correction.domain import By
from services.programme.fact.domain import Case, withdraw_day
from services.programme.fact.levels import amend_closing, amend_goal, withdraw_closing, withdraw_goal, withdraw_score
from services.programme.fact.steps import amend_reaching, amend_step, withdraw_reaching, withdraw_step
from services.programme.fact.weeks import Unrecorded, withdraw_weeks
from services.programme.functioning.domain import LEVELS, Closing, Functioning, Goal, Score
from services.programme.journey.domain import Journey
from services.programme.leftover.domain import Leftover, left_by
from services.programme.weekly.domain import begin
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


def a_goal(text: str = "restored-ties", closed: bool = True, number: int = 0) -> Goal:
    result: dict[str, Any] = {"result": "reached", "closed_by": CENTRE} if closed else {}
    return Goal(goal_id=uuid4(), level="social", goal=text, set_on=day(number), entered_by=NGO, **result)


def test_a_goal_that_was_none_takes_its_closing_with_it() -> None:
    """Each line of the history is for whose fact it was."""
    goal = a_goal()
    left, (closing, was) = withdraw_goal(a_case(a_journey("started")), Functioning(goals=(goal,)), goal.goal_id)
    assert (left.goals, closing.of_organisation_id, was.of_organisation_id) == ((), CENTRE, NGO)
    assert (closing.before["result"], was.before.get("result")) == ("reached", None)


def test_a_closing_is_of_who_closed_the_goal() -> None:
    goal = a_goal()
    kept = Functioning(goals=(goal,))
    for by, may in ((CENTRE, True), (CLINIC, True), (NGO, False)):
        case = a_case(a_journey("started"), by)
        if may:
            assert withdraw_closing(case, kept, goal.goal_id)[0].open_goals() == (a_goal_like(goal),)
            continue
        with pytest.raises(Refused) as refused:
            withdraw_closing(case, kept, goal.goal_id)
        assert unmet(refused) == ("own-or-holder",)
        with pytest.raises(Refused):
            amend_closing(case, kept, Closing(goal.goal_id, "reached", None))


def a_goal_like(goal: Goal) -> Goal:
    """It, open."""
    return goal.model_copy(update={"result": None, "closed_by": None})


def test_a_completion_stands_on_the_closing_of_an_earlier_goal_alone() -> None:
    journey = a_journey(*ALL).model_copy(update={"completions": (day(60),)})
    earlier, later = a_goal(), a_goal("health", number=61)
    kept = Functioning(goals=(earlier, later))
    with pytest.raises(Refused) as refused:
        withdraw_closing(a_case(journey), kept, earlier.goal_id)
    assert unmet(refused) == ("journey-completion-corrected",)
    assert withdraw_closing(a_case(journey), kept, later.goal_id)[0].open_goals() == (a_goal_like(later),)
    with pytest.raises(Refused) as refused:
        withdraw_goal(a_case(journey), kept, earlier.goal_id)
    assert unmet(refused) == ("journey-completion-corrected",)
    assert withdraw_goal(a_case(journey), kept, later.goal_id)[0].goals == (earlier,)


def test_an_amended_goal_keeps_its_closing_and_what_a_completion_stands_on() -> None:
    goal = a_goal()
    kept, journey = Functioning(goals=(goal,)), a_journey(*ALL)
    other = Goal(goal_id=goal.goal_id, level="biological", goal="own text", set_on=day(1))
    amended, _ = amend_goal(a_case(journey), kept, other)
    assert amended.goals == (other.model_copy(update={"result": "reached", "closed_by": CENTRE, "entered_by": NGO}),)
    with pytest.raises(Refused) as refused:
        amend_goal(a_case(journey.model_copy(update={"completions": (day(60),)})), kept, other)
    assert unmet(refused) == ("journey-completion-corrected",)


def test_who_lost_the_person_moves_a_day_to_an_earlier_one_alone() -> None:
    """A day that is refused for a death would tell of it."""
    goal = a_goal(number=10)
    died = TODAY._replace(died_on=day(5))
    for by, on, expected in (
        (NGO, 11, ("holder-unchanged",)),
        (NGO, 9, ()),
        (CLINIC, 9, ("not-after-death",)),
        (CLINIC, 4, ()),
    ):
        case = a_case(a_journey("started"), by)._replace(days=died)
        moved = goal.model_copy(update={"set_on": day(on)})
        if not expected:
            assert amend_goal(case, Functioning(goals=(goal,)), moved)[0].goals == (moved,)
            continue
        with pytest.raises(Refused) as refused:
            amend_goal(case, Functioning(goals=(goal,)), moved)
        assert unmet(refused) == expected


def a_step(number: int = 15) -> AdaptationStep:
    return AdaptationStep(step_id=uuid4(), kind="work-outside", planned_on=day(number), entered_by=NGO)


def test_a_step_that_was_none_was_not_reached_either() -> None:
    step, case = reach(a_step(), day(16), TODAY, CENTRE), a_case(a_journey("started"))
    reaching, planned = withdraw_step(case, step)
    assert (reaching.of_organisation_id, planned.of_organisation_id) == (CENTRE, NGO)
    assert (reaching.before["reached_on"], planned.before.get("reached_on")) == (str(day(16)), None)
    back, _ = withdraw_reaching(case, step)
    assert (back.reached_on, back.reached_by, back.planned_on) == (None, None, day(15))


def test_a_corrected_step_is_judged_as_a_new_one() -> None:
    """Source: mission row 000-43."""
    journey, step = a_journey("started"), a_step()
    days = TODAY._replace(begun_on=DAY)
    case = a_case(journey)._replace(days=days)
    for kind, on, expected in (
        ("social-dormitory", day(15), ("halfway",)),
        ("work-outside", day(-1), ("not-before-what-it-follows",)),
    ):
        with pytest.raises(Refused) as refused:
            amend_step(case, step, step.model_copy(update={"kind": kind, "planned_on": on}))
        assert unmet(refused) == expected
    ahead = step.model_copy(update={"planned_on": TODAY.latest.replace(year=2027)})
    assert amend_step(case, step, ahead)[0] == ahead, "a plan may lie ahead"
    reached = reach(step, day(16), TODAY, CENTRE)
    for on, expected in ((day(-1), ("not-before-what-it-follows",)), (ahead.planned_on, ("date-not-in-future",))):
        with pytest.raises(Refused) as refused:
            amend_reaching(case, reached, on)
        assert unmet(refused) == expected


def test_who_lost_the_person_is_not_told_whether_it_is_halfway_by_now() -> None:
    journey, step = a_journey("completed", "completed", "completed", "completed"), a_step()
    dormitory = step.model_copy(update={"kind": "social-dormitory"})
    former = a_case(journey, NGO)._replace(seen=an_opened_journey())
    with pytest.raises(Refused) as refused:
        amend_step(former, step, dormitory)
    assert unmet(refused) == ("halfway",)
    assert amend_step(a_case(journey), step, dormitory)[0].kind == "social-dormitory"


def test_a_record_is_left_without_the_weeks_that_were_none() -> None:
    journey = a_journey("started")
    spell = journey.spell(1)
    assert spell is not None
    record = begin(spell, imported=True, today=DAY).model_copy(update={"results": {1: "negative", 2: "positive"}, "closed": True})
    left, line = withdraw_weeks(a_case(journey), spell, record, Unrecorded({2}))
    assert (left.results, left.closed, line.spell, line.stage) == ({1: "negative"}, True, 1, 1)
    opened, line = withdraw_weeks(a_case(journey), spell, record, Unrecorded({1, 2}, is_open=True))
    assert opened.says_nothing and not left.says_nothing
    assert line.before == {"results": {"1": "negative", "2": "positive"}, "closed": True}
    for of, kept, none, expected in (
        (spell, record, Unrecorded({3}), ("week-recorded",)),
        (spell, None, Unrecorded({1}), ("week-recorded",)),
        (spell, left.model_copy(update={"closed": False}), Unrecorded((), is_open=True), ("record-closed",)),
        (None, None, Unrecorded((), is_open=True), ("stage-started", "record-closed")),
    ):
        with pytest.raises(Refused) as refused:
            withdraw_weeks(a_case(journey), of, kept, none)
        assert unmet(refused) == expected
    with pytest.raises(Refused) as refused:
        withdraw_weeks(a_case(journey, NGO), spell, record, Unrecorded({3}))
    assert unmet(refused) == ("own-or-holder",)


def test_with_a_stay_goes_what_its_organisation_entered_where_it_has_no_other_part() -> None:
    """What it had closed of another organisation's is open again."""
    journey = a_journey("started")
    spell = journey.spell(1)
    assert spell is not None
    own, closed = a_goal().model_copy(update={"entered_by": CLINIC}), a_goal().model_copy(update={"closed_by": CLINIC})
    of_ngo, of_centre = a_score(by=NGO), a_goal("health", closed=True)
    kept = Functioning(scores=(a_score(number=1), of_ngo), goals=(own, closed, of_centre))
    stays, gone = kept.without(left_by(journey, spell))
    assert (stays.scores, stays.goals) == ((of_ngo,), (a_goal_like(closed), of_centre))
    assert (gone.scores, gone.goals) == ((a_score(number=1),), (own, closed))
    opened_by_it = journey.model_copy(update={"opened_by": CLINIC})
    assert kept.without(left_by(opened_by_it, spell)) == (kept, Functioning())
    by_acceptance = opened_by_it.model_copy(update={"by_acceptance": True})
    assert kept.without(left_by(by_acceptance, spell))[0] == stays, "an acceptance alone is no part"
    assert kept.without(Leftover()) == (Functioning(), kept)


def test_a_goal_of_the_stage_goes_with_the_stay_on_whose_day_it_was_set() -> None:
    journey = a_journey("completed").model_copy(update={"opened_by": CLINIC})
    spell = journey.spell(1)
    assert spell is not None
    goal = a_goal(number=12).model_copy(update={"entered_by": CLINIC, "stage": 1})
    other_ways = ({"stage": 2}, {"stage": None}, {"set_on": day(9)}, {"set_on": day(16)}, {"entered_by": NGO})
    others = tuple(goal.model_copy(update=way) for way in other_ways)
    stays, gone = Functioning(goals=(goal, *others)).without(left_by(journey, spell))
    assert (stays.goals, gone.goals) == (others, (goal,))
