"""Routes over concerns. The receipt of a raised one is neutral; what the report says is seen only by those it reaches."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.family.concern import service
from services.family.concern.domain import Concern, Measure, SeenSign, SignCode, Worldview
from services.family.concern.service import Raising
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
    escalated_at: datetime | None


class ConcernView(BaseModel):
    """Whoever raised it sees when it was read and no more; `report` is for those it reaches."""

    id: UUID
    status: Literal["received", "read"]
    raised_at: datetime
    read_at: datetime | None
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
async def list_concerns(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[ConcernView]:
    """Newest first: a contact's own with the time each was read; for a liaison those of its families with what they say.

    What reaches no family's organisation is for who is on duty in its region: role safeguarding by its claim `regions`, or the
    organisation that is named for it. What an organisation raised for others it sees as a contact does.
    """
    found = await service.list_concerns(tx, before_moment(paging.cursor), paging.limit)
    items = [_view(concern, with_report=concern.is_reached) for concern in found]
    return page_of(items, paging.limit, lambda item: (item.raised_at, item.id))


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


def _view(concern: Concern, with_report: bool) -> ConcernView:
    report = Report.model_validate(concern, from_attributes=True) if with_report else None
    status: Literal["received", "read"] = "read" if concern.read_at else "received"
    return ConcernView(id=concern.concern_id, status=status, raised_at=concern.raised_at, read_at=concern.read_at, report=report)
