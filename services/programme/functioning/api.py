"""Scores and goals of the four functional levels on the wire."""

from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from pydantic import Field, model_validator

from services.programme.functioning import service
from services.programme.functioning.domain import Closing, Functioning, Goal, GoalResult, Moment, Score
from services.programme.journey.domain import WHO
from shared.command import CurrentTx, Done, commands, queries
from shared.events.programme import FunctionalLevel
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, Name, StrictStage

router_commands = commands("functioning")
router_queries = queries("functioning")

CLINICAL = roles(*WHO)


class NewScore(Body):
    """A score and its day or, on the spiritual level, the day the person refused it. `by`: the spiritual one is the person's own."""

    level: FunctionalLevel = Field(examples=["social"])
    moment: Moment = Field(examples=["baseline"])
    on: BusinessDate | None = None
    score: Annotated[int, Field(strict=True, ge=0, le=10, examples=[6])] | None = None
    refused_on: BusinessDate | None = None
    by: Literal["person", "staff"] | None = None

    @model_validator(mode="after")
    def _score_or_refusal(self) -> Self:
        if (self.score is None) == (self.refused_on is None) or (self.on is None) == (self.refused_on is None):
            raise ValueError("a score and its day, or the day of the refusal")
        return self

    def scored(self, date_reason: str | None) -> Score:
        by = self.by or ("person" if self.level == "spiritual" else "staff")
        day = self.on or self.refused_on
        assert day is not None
        return Score(level=self.level, moment=self.moment, on=day, score=self.score, by=by, date_reason=date_reason)


class Scores(Body):
    """`date_reason`: why a day is of long ago."""

    scores: list[NewScore] = Field(min_length=1, max_length=50)
    date_reason: Code | None = Field(default=None, examples=["archive"])


class NewGoal(Body):
    """`goal`: a code such as restored-ties, or the clinic's own short text, which never leaves programme.

    `date_reason`: why its day is of long ago.
    """

    level: FunctionalLevel = Field(examples=["social"])
    goal: Name = Field(examples=["restored-ties"])
    stage: StrictStage | None = None
    set_on: BusinessDate | None = Field(default=None, description="Today where none is given.")
    date_reason: Code | None = Field(default=None, examples=["archive"])


class GoalClosing(Body):
    """`reason`: needed unless the goal was reached in full."""

    result: GoalResult = Field(examples=["reached"])
    reason: Code | None = Field(default=None, examples=["not-engaged"])


@router_commands.post("/journeys/{journey_id}/scores")
@allows(CLINICAL)
async def record_scores(tx: CurrentTx, journey_id: UUID, body: Scores) -> Done:
    """Score functional levels: baseline, repeated, closing. Source: mission rows 002-30, 002-31, 002-35."""
    await service.record_scores(tx, journey_id, tuple(score.scored(body.date_reason) for score in body.scores))
    return Done(id=journey_id, status="scored")


@router_commands.post("/journeys/{journey_id}/goals", status_code=201)
@allows(CLINICAL)
async def set_goal(tx: CurrentTx, journey_id: UUID, body: NewGoal) -> Done:
    """Set a goal of a level. Source: mission rows 002-07, 002-33, 002-35."""
    said = {"level": body.level, "goal": body.goal, "stage": body.stage, "set_on": body.set_on or service.latest_day(tx)}
    by = {"goal_id": uuid4(), "entered_by": tx.caller.organisation_id, "date_reason": body.date_reason}
    goal = Goal.model_validate({**said, **by})
    await service.set_goal(tx, journey_id, goal)
    return Done(id=goal.goal_id, status="open")


@router_commands.put("/journeys/{journey_id}/goals/{goal_id}/closing")
@allows(CLINICAL)
async def close_goal(tx: CurrentTx, journey_id: UUID, goal_id: UUID, body: GoalClosing) -> Done:
    """Close a goal. Source: mission row 002-31."""
    await service.close_goal(tx, journey_id, Closing(goal_id, body.result, body.reason, tx.caller.organisation_id))
    return Done(id=goal_id, status=body.result)


@router_queries.get("/journeys/{journey_id}/functioning")
@allows(CLINICAL)
async def get_functioning(tx: CurrentTx, journey_id: UUID) -> Functioning:
    """All scores and goals, for those who deliver the journey. Source: mission row 002-30."""
    journey, functioning = await service.read(tx, journey_id)
    tx.audit("read-functioning", journey.person_id)
    return functioning
