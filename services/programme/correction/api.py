"""Corrections of a journey and its stages on the wire. A relapse is refuted by `relapse/api.py`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.programme.correction import service
from services.programme.correction.whole import Opened
from services.programme.journey.domain import WHO, CaseReason, LegalBasis, Setting, SkippedHow
from services.programme.stage.domain import Ended, Visit
from shared.command import CurrentTx, Done, commands
from shared.events.programme import Ending
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, Name, Stage, StrictStage

router_commands = commands("corrections")

CLINICAL = roles(*WHO)
Spell = Annotated[int, Field(strict=True, ge=1, le=1000, examples=[1])]
Why = Annotated[Code, Field(examples=["wrong-person"])]


class InError(Body):
    """Why it was entered in error, as a code."""

    correction_reason: Why


class StayInError(InError):
    """`spell`: which stay of the stage is meant, its last one; a second click takes back nothing more."""

    spell: Spell


class CompletionInError(InError):
    """`completed_on`: which completion is meant, the last one."""

    completed_on: BusinessDate


class SkipAmendment(InError):
    """How the stage was really set aside. `why`: the evidence of done-elsewhere, the reason of not-needed."""

    how: SkippedHow = Field(examples=["done-elsewhere"])
    why: Code = Field(examples=["discharge-letter"])


class EndAmendment(InError):
    """How the stay really ended, whole. `spell`: the stage's last one where none is given."""

    spell: Spell | None = None
    ended_on: BusinessDate
    how: Literal["completed"] | Ending = Field(examples=["completed"])
    outcome: Code | None = Field(default=None, examples=["goals-reached"])
    reason: Code | None = Field(default=None, examples=["moved"])
    next_organisation_id: UUID | None = None


class StartAmendment(InError):
    """How the stay really began, whole: as it is entered at first. `spell`: the stage's last one where none is given."""

    spell: Spell | None = None
    started_on: BusinessDate
    setting: Setting = Field(examples=["outpatient"])
    programme: Code = Field(examples=["naltrexone"])
    planned_until: BusinessDate | None = None
    responsible_doctor: Name | None = Field(default=None, examples=["staff-17"])
    warning_reason: Code | None = None
    date_reason: Code | None = None


class CompletionAmendment(InError):
    completed_on: BusinessDate


class RelapseAmendment(InError):
    """The stage and the day that were meant by a report of a use."""

    stage: StrictStage
    on: BusinessDate


class JourneyAmendment(InError):
    """How the journey was really opened, whole."""

    opened_on: BusinessDate
    reason: CaseReason | None = Field(default=None, examples=["change-of-environment"])
    legal_basis: LegalBasis | None = Field(default=None, examples=["own-decision"])
    decided_on: BusinessDate | None = None
    date_reason: Code | None = Field(default=None, examples=["archive"])


@router_commands.post("/journeys/{journey_id}/stages/{stage}/end/entered-in-error")
@allows(CLINICAL)
async def withdraw_end(tx: CurrentTx, journey_id: UUID, stage: Stage, body: StayInError) -> Done:
    """The last stay of the stage did not end: by whose stay it is, or the holder. Source: issue of corrections, section 1."""
    journey = await service.withdraw_end(tx, journey_id, (stage, body.spell), body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/end/amendment")
@allows(CLINICAL)
async def amend_end(tx: CurrentTx, journey_id: UUID, stage: Stage, body: EndAmendment) -> Done:
    """A stay ended on another day, otherwise, or was handed to another organisation."""
    ended = Ended(body.ended_on, body.how, None, body.outcome, body.reason, body.next_organisation_id)
    journey = await service.amend_end(tx, journey_id, (stage, body.spell), ended, body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/start/entered-in-error")
@allows(CLINICAL)
async def withdraw_start(tx: CurrentTx, journey_id: UUID, stage: Stage, body: StayInError) -> Done:
    """The last stay of the stage never was, with all that was recorded of it, such as for the wrong person."""
    journey = await service.withdraw_start(tx, journey_id, (stage, body.spell), body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/start/amendment")
@allows(CLINICAL)
async def amend_start(tx: CurrentTx, journey_id: UUID, stage: Stage, body: StartAmendment) -> Done:
    """A stay began on another day, or with another plan. Its weeks move with it."""
    said = body.model_dump(exclude={"spell", "started_on", "correction_reason"})
    visit = Visit(on=body.started_on, **said)
    journey = await service.amend_start(tx, journey_id, (stage, body.spell), visit, body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/skip/entered-in-error")
@allows(CLINICAL)
async def withdraw_skip(tx: CurrentTx, journey_id: UUID, stage: Stage, body: InError) -> Done:
    """The stage was not set aside: it is planned again."""
    journey = await service.withdraw_skip(tx, journey_id, stage, body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/skip/amendment")
@allows(CLINICAL)
async def amend_skip(tx: CurrentTx, journey_id: UUID, stage: Stage, body: SkipAmendment) -> Done:
    """The stage was set aside otherwise, or for another reason; with its evidence or reason."""
    journey = await service.amend_skip(tx, journey_id, stage, (body.how, body.why), body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/stages/{stage}/reopening/entered-in-error")
@allows(CLINICAL)
async def withdraw_reopening(tx: CurrentTx, journey_id: UUID, stage: Stage, body: InError) -> Done:
    """The stage was not reopened by decision: it stands as it ended."""
    journey = await service.withdraw_reopening(tx, journey_id, stage, body.correction_reason)
    return Done(id=journey_id, status=journey.status_of(stage) or "")


@router_commands.post("/journeys/{journey_id}/completion/entered-in-error")
@allows(CLINICAL)
async def withdraw_completion(tx: CurrentTx, journey_id: UUID, body: CompletionInError) -> Done:
    """The journey was not completed: it is open."""
    journey = await service.withdraw_completion(tx, journey_id, body.completed_on, body.correction_reason)
    return Done(id=journey_id, status=journey.status)


@router_commands.post("/journeys/{journey_id}/completion/amendment")
@allows(CLINICAL)
async def amend_completion(tx: CurrentTx, journey_id: UUID, body: CompletionAmendment) -> Done:
    """The journey was completed on another day."""
    journey = await service.amend_completion(tx, journey_id, body.completed_on, body.correction_reason)
    return Done(id=journey_id, status=journey.status)


@router_commands.post("/journeys/{journey_id}/entered-in-error")
@allows(CLINICAL)
async def withdraw_journey(tx: CurrentTx, journey_id: UUID, body: InError) -> Done:
    """The journey was opened in error, such as for the wrong person: it never was, with the opener's own stays."""
    journey = await service.withdraw_journey(tx, journey_id, body.correction_reason)
    return Done(id=journey_id, status=journey.status)


@router_commands.post("/journeys/{journey_id}/amendment")
@allows(CLINICAL)
async def amend_journey(tx: CurrentTx, journey_id: UUID, body: JourneyAmendment) -> Done:
    """The journey was opened on another day, or for another reason."""
    opened = Opened(body.opened_on, body.reason, body.legal_basis, body.decided_on, body.date_reason)
    journey = await service.amend_journey(tx, journey_id, opened, body.correction_reason)
    return Done(id=journey_id, status=journey.status)


@router_commands.post("/journeys/{journey_id}/relapses/{relapse_id}/amendment")
@allows(CLINICAL)
async def amend_relapse(tx: CurrentTx, journey_id: UUID, relapse_id: UUID, body: RelapseAmendment) -> Done:
    """A use was reported of another day or another stage. Answers the report that stands. Source: issue of corrections, section 1."""
    relapse = await service.amend_relapse(tx, journey_id, relapse_id, (body.stage, body.on), body.correction_reason)
    return Done(id=relapse.relapse_id, status="marked" if relapse.reopens is None else "reopened")
