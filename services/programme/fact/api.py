"""Corrections of what was recorded in a journey, on the wire. Of its stays, stages and completion: `correction/api.py`."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from services.programme.adaptation.domain import AdaptationStep, Kind
from services.programme.fact import service
from services.programme.fact.weeks import Unrecorded
from services.programme.functioning.domain import Closing, Goal, GoalResult, Moment
from services.programme.journey.domain import WHO
from shared.command import CurrentTx, Done, commands
from shared.events.programme import FunctionalLevel
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, Name, StrictStage

router_commands = commands("corrections")

CLINICAL = roles(*WHO)
Why = Annotated[Code, Field(examples=["wrong-person"])]


class InError(Body):
    """Why it is corrected, as a code."""

    correction_reason: Why


class ScoreInError(InError):
    """Which score is meant: its level, moment and day, or the day of the refusal."""

    level: FunctionalLevel = Field(examples=["social"])
    moment: Moment = Field(examples=["closing"])
    on: BusinessDate


class DayInError(InError):
    """`on`: the day whose score is meant."""

    on: BusinessDate


class GoalAmendment(InError):
    """How the goal was really set, whole."""

    level: FunctionalLevel = Field(examples=["social"])
    goal: Name = Field(examples=["restored-ties"])
    stage: StrictStage | None = None
    set_on: BusinessDate
    date_reason: Code | None = Field(default=None, examples=["archive"])


class ClosingAmendment(InError):
    """How the goal was really closed. `reason`: needed unless it was reached in full."""

    result: GoalResult = Field(examples=["partly"])
    reason: Code | None = Field(default=None, examples=["not-engaged"])


class StepAmendment(InError):
    """What was really planned, whole."""

    kind: Kind = Field(examples=["work-outside"])
    planned_on: BusinessDate


class ReachingAmendment(InError):
    reached_on: BusinessDate


Week = Annotated[int, Field(strict=True, ge=1, le=520, examples=[1])]


class WeeksInError(InError):
    """`weeks`: those that nobody recorded. `spell`: the stage's last one where none is given. `closes_record`: nor was it closed."""

    stage: StrictStage
    spell: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    weeks: list[Week] = Field(default=[], max_length=520)
    closes_record: StrictBool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.weeks and not self.closes_record:
            raise ValueError("weeks, or that the record was closed")
        return self


@router_commands.post("/journeys/{journey_id}/scores/entered-in-error")
@allows(CLINICAL)
async def withdraw_score(tx: CurrentTx, journey_id: UUID, body: ScoreInError) -> Done:
    """A score was none, such as of another person: by who entered it, or the holder. Source: issue of corrections, section 1."""
    await service.withdraw_score(tx, journey_id, (body.level, body.moment, body.on), body.correction_reason)
    return Done(id=journey_id, status="entered-in-error")


@router_commands.post("/journeys/{journey_id}/withdrawal-scores/entered-in-error")
@allows(CLINICAL)
async def withdraw_day(tx: CurrentTx, journey_id: UUID, body: DayInError) -> Done:
    """The withdrawal symptoms of a day were not scored: the day has no score."""
    await service.withdraw_day(tx, journey_id, body.on, body.correction_reason)
    return Done(id=journey_id, status="entered-in-error")


@router_commands.post("/journeys/{journey_id}/goals/{goal_id}/entered-in-error")
@allows(CLINICAL)
async def withdraw_goal(tx: CurrentTx, journey_id: UUID, goal_id: UUID, body: InError) -> Done:
    """A goal was none, such as of another person; nor was its closing."""
    await service.withdraw_goal(tx, journey_id, goal_id, body.correction_reason)
    return Done(id=goal_id, status="entered-in-error")


@router_commands.post("/journeys/{journey_id}/goals/{goal_id}/amendment")
@allows(CLINICAL)
async def amend_goal(tx: CurrentTx, journey_id: UUID, goal_id: UUID, body: GoalAmendment) -> Done:
    """A goal had another text, level, stage or day. Its closing stays."""
    goal = Goal(goal_id=goal_id, **body.model_dump(exclude={"correction_reason"}))
    await service.amend_goal(tx, journey_id, goal, body.correction_reason)
    return Done(id=goal_id, status="amended")


@router_commands.post("/journeys/{journey_id}/goals/{goal_id}/closing/entered-in-error")
@allows(CLINICAL)
async def withdraw_closing(tx: CurrentTx, journey_id: UUID, goal_id: UUID, body: InError) -> Done:
    """A goal was not closed: it is open. By who closed it, or the holder."""
    await service.withdraw_closing(tx, journey_id, goal_id, body.correction_reason)
    return Done(id=goal_id, status="open")


@router_commands.post("/journeys/{journey_id}/goals/{goal_id}/closing/amendment")
@allows(CLINICAL)
async def amend_closing(tx: CurrentTx, journey_id: UUID, goal_id: UUID, body: ClosingAmendment) -> Done:
    """A goal was closed with another result, or for another reason."""
    await service.amend_closing(tx, journey_id, Closing(goal_id, body.result, body.reason), body.correction_reason)
    return Done(id=goal_id, status=body.result)


@router_commands.post("/journeys/{journey_id}/adaptation-steps/{step_id}/entered-in-error")
@allows(CLINICAL)
async def withdraw_step(tx: CurrentTx, journey_id: UUID, step_id: UUID, body: InError) -> Done:
    """A step was not planned, such as for another person; nor was it reached."""
    await service.withdraw_step(tx, journey_id, step_id, body.correction_reason)
    return Done(id=step_id, status="entered-in-error")


@router_commands.post("/journeys/{journey_id}/adaptation-steps/{step_id}/amendment")
@allows(CLINICAL)
async def amend_step(tx: CurrentTx, journey_id: UUID, step_id: UUID, body: StepAmendment) -> Done:
    """Another step was planned, or for another day. Its reaching stays."""
    step = AdaptationStep(step_id=step_id, kind=body.kind, planned_on=body.planned_on)
    amended = await service.amend_step(tx, journey_id, step, body.correction_reason)
    return Done(id=step_id, status="reached" if amended.reached_on else "planned")


@router_commands.post("/journeys/{journey_id}/adaptation-steps/{step_id}/reaching/entered-in-error")
@allows(CLINICAL)
async def withdraw_reaching(tx: CurrentTx, journey_id: UUID, step_id: UUID, body: InError) -> Done:
    """A step was not reached: it is planned. By who entered that, or the holder."""
    await service.withdraw_reaching(tx, journey_id, step_id, body.correction_reason)
    return Done(id=step_id, status="planned")


@router_commands.post("/journeys/{journey_id}/adaptation-steps/{step_id}/reaching/amendment")
@allows(CLINICAL)
async def amend_reaching(tx: CurrentTx, journey_id: UUID, step_id: UUID, body: ReachingAmendment) -> Done:
    """A step was reached on another day."""
    await service.amend_reaching(tx, journey_id, step_id, body.reached_on, body.correction_reason)
    return Done(id=step_id, status="reached")


@router_commands.post("/journeys/{journey_id}/observations/entered-in-error")
@allows(CLINICAL)
async def withdraw_weeks(tx: CurrentTx, journey_id: UUID, body: WeeksInError) -> Done:
    """Weekly results were none, such as of another person: the weeks are not recorded, and the definitions are applied again.

    By whose stay it is, or the holder. A week that is closed counts as missing, as if it had never been recorded.
    """
    none = Unrecorded(frozenset(body.weeks), body.closes_record)
    journey = await service.withdraw_weeks(tx, journey_id, (body.stage, body.spell), none, body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(body.stage) or "")
