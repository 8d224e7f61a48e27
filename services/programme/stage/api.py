"""The stages of a journey on the wire."""

from uuid import UUID

from pydantic import Field

from services.programme.journey.domain import WHO, Setting, SkippedHow
from services.programme.journey.service import organisation_of
from services.programme.stage import service
from services.programme.stage.domain import Ended, Visit
from shared.command import CurrentTx, Done, commands
from shared.events.programme import Ending
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, Name, Stage

router_commands = commands("stages")

CLINICAL = roles(*WHO)


class StageStart(Body):
    """The first attended contact. `responsible_doctor`: an opaque staff reference; `warning_reason`: why the plan is shorter or
    longer than the pathway's, or the setting another one; `date_reason`: why the day lies before the journey, or long ago."""

    started_on: BusinessDate
    setting: Setting = Field(examples=["outpatient"])
    programme: Code = Field(examples=["naltrexone"])
    planned_until: BusinessDate | None = None
    responsible_doctor: Name | None = Field(default=None, examples=["staff-17"])
    warning_reason: Code | None = Field(default=None, examples=["needs-met-otherwise"])
    date_reason: Code | None = Field(default=None, examples=["told-by-another-clinic"])


class Completion(Body):
    completed_on: BusinessDate
    outcome: Code | None = Field(default=None, examples=["goals-reached"])
    next_organisation_id: UUID | None = None


class Leaving(Body):
    left_on: BusinessDate
    how: Ending = Field(examples=["dropped-out"])
    reason: Code | None = Field(default=None, examples=["moved"])
    next_organisation_id: UUID | None = None


class Reopening(Body):
    reason: Code = Field(examples=["returned-to-treatment"])


class Skip(Body):
    """`evidence` for done-elsewhere, `reason` for not-needed."""

    how: SkippedHow = Field(examples=["done-elsewhere"])
    evidence: Code | None = Field(default=None, examples=["discharge-letter"])
    reason: Code | None = Field(default=None, examples=["not-eligible"])


@router_commands.put("/journeys/{journey_id}/stages/{stage}/start")
@allows(CLINICAL)
async def start_stage(tx: CurrentTx, journey_id: UUID, stage: Stage, body: StageStart) -> Done:
    """Record the first attended contact at the caller's organisation, which holds the person from then on. Source: mission row OUR-01."""
    visit = Visit(on=body.started_on, **body.model_dump(exclude={"started_on"}))
    journey = await service.start_stage(tx, journey_id, stage, visit)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.put("/journeys/{journey_id}/stages/{stage}/completion")
@allows(CLINICAL)
async def complete_stage(tx: CurrentTx, journey_id: UUID, stage: Stage, body: Completion) -> Done:
    """Record that a stage was completed; opens the hand-over to the next one. Source: mission row 002-15."""
    ended = Ended(body.completed_on, "completed", organisation_of(tx), body.outcome, None, body.next_organisation_id)
    journey = await service.complete_stage(tx, journey_id, stage, ended)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.put("/journeys/{journey_id}/stages/{stage}/leaving")
@allows(CLINICAL)
async def leave_stage(tx: CurrentTx, journey_id: UUID, stage: Stage, body: Leaving) -> Done:
    """Record that a stage ended otherwise than completed. Source: standards section 2."""
    ended = Ended(body.left_on, body.how, organisation_of(tx), None, body.reason, body.next_organisation_id)
    journey = await service.leave_stage(tx, journey_id, stage, ended)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.put("/journeys/{journey_id}/stages/{stage}/reopening")
@allows(CLINICAL)
async def reopen_stage(tx: CurrentTx, journey_id: UUID, stage: Stage, body: Reopening) -> Done:
    """Reopen an ended stage by decision: somebody who left comes back. A mistaken end is corrected instead. Source: standards section 2."""
    journey = await service.reopen_stage(tx, journey_id, stage, body.reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.put("/journeys/{journey_id}/stages/{stage}/skip")
@allows(CLINICAL)
async def skip_stage(tx: CurrentTx, journey_id: UUID, stage: Stage, body: Skip) -> Done:
    """Set a stage aside: done elsewhere with evidence, or not needed with a reason. Source: mission row 002-01."""
    why = body.evidence if body.how == "done-elsewhere" else body.reason
    journey = await service.skip_stage(tx, journey_id, stage, body.how, why)
    return Done(id=journey_id, status=journey.status_of(stage) or "")
