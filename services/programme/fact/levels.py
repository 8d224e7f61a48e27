"""What a correction does to scores and goals of the four levels. Pure. Source: issue of corrections, section 1."""

from datetime import date
from uuid import UUID

from services.programme.correction.domain import NOT_POSSIBLE
from services.programme.fact.domain import Case, said
from services.programme.functioning.domain import Closing, Functioning, Goal, Place, gaps, reopened
from services.programme.journey.domain import Correction
from shared.errors import refuse

ADAPTATION_GOAL = "adaptation-goal"
Corrected = tuple[Functioning, list[Correction]]


def withdraw_score(case: Case, kept: Functioning, place: Place) -> Corrected:
    """A score was none, such as of another person. Raises Refused, also where the journey's completion stands on it."""
    score = kept.score(place)
    case.must_be_own(score.entered_by if score else None)
    left = kept.model_copy(update={"scores": tuple(one for one in kept.scores if one != score)})
    refuse(
        NOT_POSSIBLE,
        {"score-entered": score is None, "journey-completion-corrected": bool(_lost(case, kept, left))},
    )
    assert score is not None
    return left, [case.line("score", "entered-in-error", score.entered_by, said(score))]


def withdraw_goal(case: Case, kept: Functioning, goal_id: UUID) -> Corrected:
    """A goal was none; nor was its closing. Raises Refused, also where the journey's completion stands on it."""
    goal = kept.goal(goal_id)
    case.must_be_own(goal.entered_by if goal else None)
    left = kept.model_copy(update={"goals": tuple(one for one in kept.goals if one != goal)})
    refuse(NOT_POSSIBLE, {"goal-entered": goal is None, "journey-completion-corrected": bool(_lost(case, kept, left))})
    assert goal is not None
    closing = [_closing(case, goal)] if goal.result else []
    was = said(goal.model_copy(update={"result": None, "reason": None}))
    return left, [*closing, case.line("goal", "entered-in-error", goal.entered_by, was, goal.stage)]


def amend_goal(case: Case, kept: Functioning, said_now: Goal) -> Corrected:
    """A goal was another one, or set on another day; its closing stays. Raises Refused."""
    goal = kept.goal(said_now.goal_id)
    case.must_be_own(goal.entered_by if goal else None)
    refuse(NOT_POSSIBLE, {"goal-entered": goal is None})
    assert goal is not None
    stays = {"result": goal.result, "reason": goal.reason, "entered_by": goal.entered_by, "closed_by": goal.closed_by}
    amended = kept.with_goal(said_now.model_copy(update=stays))
    refuse(
        NOT_POSSIBLE,
        {
            **case.unmet_days(goal.set_on, said_now.set_on),
            **case.days.unlikely(said_now.set_on, reason=said_now.date_reason),
            "journey-completion-corrected": ADAPTATION_GOAL in _lost(case, kept, amended),
        },
    )
    was = said(goal, "goal_id", "level", "goal", "stage", "set_on", "date_reason")
    return amended, [case.line("goal", "amended", goal.entered_by, was, goal.stage)]


def withdraw_closing(case: Case, kept: Functioning, goal_id: UUID) -> Corrected:
    """A goal was not closed: it is open. Raises Refused, also where the journey was completed with it."""
    goal = _closed(case, kept, goal_id)
    left = kept.with_goal(reopened(goal))
    refuse(NOT_POSSIBLE, {"journey-completion-corrected": bool(_lost(case, kept, left)) and _before_completion(case, goal.set_on)})
    return left, [_closing(case, goal)]


def amend_closing(case: Case, kept: Functioning, closing: Closing) -> Corrected:
    """A goal was closed with another result, or for another reason. Raises Refused."""
    goal = _closed(case, kept, closing.goal_id)
    refuse(NOT_POSSIBLE, {"reason": closing.lacks_reason})
    amended = goal.model_copy(update={"result": closing.result, "reason": closing.reason})
    return kept.with_goal(amended), [case.line("goal-closing", "amended", goal.closed_by, _as_closed(goal), goal.stage)]


def _closed(case: Case, kept: Functioning, goal_id: UUID) -> Goal:
    """The goal, if it is closed and the closing is the caller's. Raises Refused."""
    goal = kept.goal(goal_id)
    case.must_be_own(goal.closed_by if goal else None)
    refuse(NOT_POSSIBLE, {"goal-closed": goal is None or goal.result is None})
    assert goal is not None
    return goal


def _closing(case: Case, goal: Goal) -> Correction:
    """The line that a closing was none."""
    return case.line("goal-closing", "entered-in-error", goal.closed_by, _as_closed(goal), goal.stage)


def _as_closed(goal: Goal) -> dict[str, object]:
    return said(goal, "goal_id", "result", "reason")


def _lost(case: Case, before: Functioning, after: Functioning) -> set[str]:
    """What a journey that was completed would lack now and did not."""
    lacked = gaps(before, case.pathway)
    return {name for name, lacks in gaps(after, case.pathway).items() if lacks and not lacked[name] and case.journey.completions}


def _before_completion(case: Case, day: date) -> bool:
    return bool(case.journey.completions) and day <= case.journey.completions[-1]
