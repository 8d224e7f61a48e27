"""Routes over concerns. The receipt of a raised one is neutral; what the report says is seen only by those it reaches."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.family.concern import service
from services.family.concern.domain import AmendReason, Concern, FormerAnswer, Measure, SeenSign, SignCode, Worldview
from services.family.concern.service import Raising
from services.family.contact.domain import ErrorReason
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, before_moment, page_of
from shared.policy import allows, roles
from shared.web import Body, Name, Region, Text

router_commands = commands("concerns")
router_queries = queries("concerns")


class NewSign(Body):
    """A sign is a change: what was before, what is now (needed for deep signs). `group` only for `left-group`."""

    sign: SignCode = Field(examples=["mood-swings"])
    before: Name | None = Field(default=None, examples=["4-5"])
    now: Name | None = Field(default=None, examples=["2"])
    group: Literal["risk", "non-risk"] | None = None


class NewConcern(Body):
    """What someone close has seen. `link`: the contact's own id; without it a free description."""

    link: UUID | None = None
    description: Text | None = None
    signs: Annotated[tuple[NewSign, ...], Field(max_length=14)] = ()
    worldview: Worldview = Field(default="not-known", description="Does a change of worldview explain it? (mission row 000-09)")
    region: Region | None = Field(default=None, description="Where it was seen; none: the person's or your organisation's, if known")


class Reading(Body):
    """Nothing needs saying."""


class Answer(Body):
    measure: Measure = Field(default="other", examples=["talked"])
    note: Text | None = None


class AmendedAnswer(Answer):
    """The whole answer as it should have been, and why, as a code."""

    correction_reason: AmendReason = Field(examples=["mistyped"])


class InError(Body):
    """Why the concern should not have been raised; `other-person`: it is about somebody else."""

    reason: ErrorReason = Field(examples=["other-person"])


class SoughtConcerns(Paging):
    entered_in_error: bool = Field(default=False, description="Those that were entered in error, in place of those that stand")


class ConcernError(BaseModel):
    """That a concern was entered in error. `by` is the `sub` of who said so."""

    reason: ErrorReason
    by: str = Field(max_length=200)
    by_organisation_id: UUID | None


class Report(BaseModel):
    """What the report says, for those it reaches."""

    person_id: UUID | None
    severity: Literal["mild", "severe"]
    signs: tuple[SeenSign, ...]
    description: str | None
    worldview: Worldview
    answered_at: datetime | None
    measure: Measure | None
    note: str | None
    former_answers: tuple[FormerAnswer, ...]
    escalated_at: datetime | None
    error: ConcernError | None = None


class ConcernView(BaseModel):
    """Whoever raised it sees when it was read, or entered in error, and no more; `report` is for those it reaches."""

    id: UUID
    status: Literal["received", "read", "entered-in-error"]
    raised_at: datetime
    read_at: datetime | None
    entered_in_error_at: datetime | None
    report: Report | None = None


@router_commands.post("/concerns", status_code=201)
@allows(roles("contact", "liaison", "safeguarding"))
async def raise_concern(tx: CurrentTx, body: NewConcern) -> Done:
    """Report a sign. The receipt is the same, byte for byte but its random id, whether or not the link or the person is known.

    Source: OUR-05, mission rows 000-08..14.
    """
    signs = tuple(SeenSign.model_validate(sign.model_dump()) for sign in body.signs)
    concern_id = await service.raise_concern(tx, Raising(body.link, signs, body.description, body.worldview, body.region))
    return Done(id=concern_id, status="received")


@router_queries.get("/concerns")
@allows(roles("contact", "liaison", "safeguarding"))
async def list_concerns(tx: CurrentTx, sought: Annotated[SoughtConcerns, Query()]) -> Page[ConcernView]:
    """Newest first: a contact's own with the time each was read; for a liaison those of its families with what they say.

    What reaches no family's organisation is for who is on duty in its region: role safeguarding by its claim `regions`, or the
    organisation that is named for it. What an organisation raised for others it sees as a contact does.
    What was entered in error is shown with `entered_in_error=true`, and to whoever raised it also without, if somebody else said so.
    """
    found = await service.list_concerns(tx, sought.entered_in_error, before_moment(sought.cursor), sought.limit)
    items = [_view(concern, with_report=concern.is_reached) for concern in found]
    return page_of(items, sought.limit, lambda item: (item.raised_at, item.id))


@router_commands.post("/concerns/{concern_id}/reading")
@allows(roles("liaison", "safeguarding"))
async def read_concern(tx: CurrentTx, concern_id: UUID, body: Reading) -> Done:
    """It was read: the time is shown to whoever raised it."""
    await service.read_concern(tx, concern_id)
    return Done(id=concern_id, status="read")


@router_commands.post("/concerns/{concern_id}/answer")
@allows(roles("liaison", "safeguarding"))
async def answer_concern(tx: CurrentTx, concern_id: UUID, body: Answer) -> Done:
    """A measure was taken: ends the clock of mission row 000-10."""
    await service.answer_concern(tx, concern_id, body.measure, body.note)
    return Done(id=concern_id, status="answered")


@router_commands.post("/concerns/{concern_id}/answer/amendment")
@allows(roles("liaison", "safeguarding"))
async def amend_answer(tx: CurrentTx, concern_id: UUID, body: AmendedAnswer) -> Done:
    """The answer should have been another one: by the organisation that gave it. How it stood is kept in `former_answers`.

    Sent again it changes nothing. Source: issue of corrections.
    """
    await service.amend_answer(tx, concern_id, (body.measure, body.note), body.correction_reason)
    return Done(id=concern_id, status="answered")


@router_commands.post("/concerns/{concern_id}/entered-in-error")
@allows(roles("contact", "liaison", "safeguarding"))
async def enter_in_error(tx: CurrentTx, concern_id: UUID, body: InError) -> Done:
    """The concern never was, or is about somebody else. It waits for nobody any more; `GET /concerns?entered_in_error=true` keeps it.

    For whoever raised it while it is not answered, for who has the family's case or is its liaison, and for who is on duty where it
    reaches no family. Whoever raised it sees that it was, and not by whom. A second time answers the same, and the first reason stays.
    Source: issue of corrections.
    """
    await service.enter_in_error(tx, concern_id, body.reason)
    return Done(id=concern_id, status="entered-in-error")


def _view(concern: Concern, with_report: bool) -> ConcernView:
    status: Literal["received", "read", "entered-in-error"] = "read" if concern.read_at else "received"
    return ConcernView(
        id=concern.concern_id,
        status="entered-in-error" if concern.error_at else status,
        raised_at=concern.raised_at,
        read_at=concern.read_at,
        entered_in_error_at=concern.error_at,
        report=_report(concern) if with_report else None,
    )


def _report(concern: Concern) -> Report:
    said = concern.model_dump(include=set(Report.model_fields))
    error = {name: getattr(concern, f"error_{name}") for name in ConcernError.model_fields}
    return Report.model_validate({**said, "error": error if concern.error_at else None})
