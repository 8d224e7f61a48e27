"""The four functional levels: baseline, repeated and closing scores, and goals. Pure. Source: mission rows 002-30, 31, 35; 000-59."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.leftover.domain import Leftover
from services.programme.pathway.domain import ADAPTATION_GOALS, Pathway
from shared.errors import refuse
from shared.events.programme import FunctionalLevel

Moment = Literal["baseline", "repeat", "closing"]
GoalResult = Literal["reached", "partly", "not-reached"]

LEVELS: tuple[FunctionalLevel, ...] = get_args(FunctionalLevel)
Place = tuple[FunctionalLevel, Moment, date]
"""Which score is meant: there is one a level, moment and day."""
GOALS = frozenset(ADAPTATION_GOALS) | {
    "mental-dependence-overcome",
    "cultural-values",
    "life-orientations",
    "worthy-priorities",
    "work-or-study",
    "health",
}
"""Further goals stand as the clinic's own short text."""


class Score(BaseModel):
    """One level on one day: 0-10, or the person's dated refusal (spiritual alone), with no score.

    `entered_by`: the organisation; None where it was entered before that was kept.
    """

    model_config = ConfigDict(frozen=True)

    level: FunctionalLevel
    moment: Moment
    on: date
    score: int | None = None
    by: Literal["person", "staff"] = "staff"
    entered_by: UUID | None = None
    date_reason: str | None = None

    @property
    def place(self) -> Place:
        return self.level, self.moment, self.on

    @property
    def is_refusal(self) -> bool:
        return self.score is None


class Goal(BaseModel):
    """`closed_by`: the organisation that closed it; None where it was closed before that was kept."""

    model_config = ConfigDict(frozen=True)

    goal_id: UUID
    level: FunctionalLevel
    goal: str
    stage: int | None = None
    set_on: date
    result: GoalResult | None = None
    reason: str | None = None
    entered_by: UUID | None = None
    closed_by: UUID | None = None
    date_reason: str | None = None


class Entry(NamedTuple):
    """Who enters scores. `is_alone`: no other organisation opened the journey or had a stay in it."""

    organisation_id: UUID
    is_alone: bool

    def may_replace(self, entered_by: UUID | None) -> bool:
        """Its own; what was entered before that was kept, where nobody else can have entered it."""
        return entered_by == self.organisation_id or (entered_by is None and self.is_alone)


class Functioning(BaseModel):
    """All scores and goals of a journey."""

    model_config = ConfigDict(frozen=True)

    scores: tuple[Score, ...] = ()
    goals: tuple[Goal, ...] = ()

    def closing(self, level: FunctionalLevel) -> Score | None:
        """The latest closing score of a level; for the spiritual one the person's refusal closes it too."""
        closing = [score for score in self.scores if score.level == level and score.moment == "closing"]
        return max(closing, key=lambda score: score.on, default=None)

    def entered_by(self, organisation_id: UUID) -> "Functioning":
        """What this organisation entered."""
        scores = tuple(score for score in self.scores if score.entered_by == organisation_id)
        return Functioning(scores=scores, goals=tuple(goal for goal in self.goals if goal.entered_by == organisation_id))

    def score(self, place: Place) -> Score | None:
        return next((score for score in self.scores if score.place == place), None)

    def goal(self, goal_id: UUID) -> Goal | None:
        return next((goal for goal in self.goals if goal.goal_id == goal_id), None)

    def with_goal(self, changed: Goal) -> "Functioning":
        """With this goal in place of the one with its id."""
        goals = tuple(changed if goal.goal_id == changed.goal_id else goal for goal in self.goals)
        return self.model_copy(update={"goals": goals})

    def without(self, left: Leftover) -> tuple["Functioning", "Functioning"]:
        """What stays of it, and what goes with a stay or journey that never was. A goal that it alone had closed is open."""
        scores = tuple(score for score in self.scores if left.is_gone(score.entered_by))
        goals = tuple(goal for goal in self.goals if left.is_of_stay(goal.entered_by, goal.stage, goal.set_on))
        kept = tuple(reopened(goal) if left.is_gone(goal.closed_by) else goal for goal in self.goals if goal not in goals)
        closed = tuple(goal for goal in self.goals if goal not in goals and goal not in kept)
        stays = Functioning(scores=tuple(score for score in self.scores if score not in scores), goals=kept)
        return stays, Functioning(scores=scores, goals=(*goals, *closed))

    def open_goals(self) -> tuple[Goal, ...]:
        return tuple(goal for goal in self.goals if goal.result is None)


def reopened(goal: Goal) -> Goal:
    return goal.model_copy(update={"result": None, "reason": None, "closed_by": None})


def record_scores(functioning: Functioning, scores: tuple[Score, ...], by: Entry, days: Days) -> Functioning:
    """Add scores; the same level, moment and day again replaces what the same organisation entered.

    Raises Refused("scores-not-recordable").

    The spiritual level is scored by the person alone. Source: mission rows 002-30, 002-35.
    """
    before = {score.place: score for score in functioning.scores}
    refuse(
        "scores-not-recordable",
        {
            "spiritual-self-assessed": any(score.level == "spiritual" and score.by != "person" for score in scores),
            "refusal-of-spiritual-alone": any(score.is_refusal and score.level != "spiritual" for score in scores),
            **days.unmet(*(score.on for score in scores)),
            "reason-for-unlikely-date": any(any(days.unlikely(score.on, reason=score.date_reason).values()) for score in scores),
            "not-entered-by-another": any(_is_anothers(before, score, by) for score in scores),
        },
    )
    entered = {score.place: score.model_copy(update={"entered_by": by.organisation_id}) for score in scores}
    kept = {place: score for place, score in entered.items() if place not in before or by.may_replace(before[place].entered_by)}
    return functioning.model_copy(update={"scores": tuple({**before, **kept}.values())})


def _is_anothers(before: Mapping[Place, Score], score: Score, by: Entry) -> bool:
    """It would change what another organisation entered; the same again changes nothing."""
    found = before.get(score.place)
    return found is not None and (found.score, found.by) != (score.score, score.by) and not by.may_replace(found.entered_by)


def set_goal(functioning: Functioning, goal: Goal, days: Days) -> Functioning:
    """Raises Refused("goal-not-recordable"). Source: mission rows 002-07, 002-30."""
    refuse("goal-not-recordable", {**days.unmet(goal.set_on), **days.unlikely(goal.set_on, reason=goal.date_reason)})
    return functioning.model_copy(update={"goals": (*functioning.goals, goal)})


class Closing(NamedTuple):
    """How a goal is closed; `by`: the organisation."""

    goal_id: UUID
    result: GoalResult
    reason: str | None
    by: UUID | None = None

    @property
    def lacks_reason(self) -> bool:
        """Needed unless it was reached in full."""
        return self.result != "reached" and not self.reason


def close_goal(functioning: Functioning, closing: Closing) -> Functioning:
    """Reached, partly or not, with the reason unless reached in full. Raises Refused("goal-not-closable"). Source: mission row 002-31."""
    goal = functioning.goal(closing.goal_id)
    refuse(
        "goal-not-closable",
        {
            "goal-open": goal is None or goal.result is not None,
            "reason": closing.lacks_reason,
        },
    )
    assert goal is not None
    return functioning.with_goal(goal.model_copy(update={"result": closing.result, "reason": closing.reason, "closed_by": closing.by}))


def gaps(functioning: Functioning, pathway: Pathway) -> dict[str, bool]:
    """What a journey's completion still needs, by name (true: missing): per level a closing score and closed goals; an adaptation goal.

    The pathway says whether it needs them. Source: mission rows 002-31, 002-35, 000-59.
    """
    missing = {}
    if any(rule.needs_four_levels for rule in pathway.stages):
        open_levels = {goal.level for goal in functioning.open_goals()}
        for level in LEVELS:
            missing[f"{level}-closing-score"] = functioning.closing(level) is None
            missing[f"{level}-goals-closed"] = level in open_levels
    if pathway.adaptation_goals:
        missing["adaptation-goal"] = pathway.adaptation_goals.isdisjoint(goal.goal for goal in functioning.goals)
    return missing
