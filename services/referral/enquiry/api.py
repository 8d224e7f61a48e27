"""Routes of questions and suggestions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.referral.enquiry import service
from services.referral.enquiry.domain import Kind
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import EVERYBODY, allows, roles
from shared.web import Body, Region, Text

router_commands = commands("enquiries")
router_queries = queries("enquiries")


class NewEnquiry(Body):
    """`to_organisation_id` null: put to the network; the duty organisation of `region` answers, or the region's safeguarding.

    `region` null: the one of your organisation, or your own as a person; else the state.
    """

    kind: Kind
    text: Text = Field(examples=["Is there a place for social rehabilitation in Samarqand?"])
    to_organisation_id: UUID | None = None
    region: Region | None = None


class Answer(Body):
    text: Text = Field(examples=["Yes: call in the morning."])


class EnquiryView(BaseModel):
    """An enquiry; who asked is not shown."""

    enquiry_id: UUID
    kind: Kind
    text: str
    to_organisation_id: UUID | None
    region: str
    asked_at: datetime
    due_on: date
    overdue: bool
    answer: str | None
    answered_at: datetime | None


@router_commands.post("/enquiries", status_code=201)
@allows(roles(*EVERYBODY))
async def ask(tx: CurrentTx, body: NewEnquiry) -> Done:
    """Ask or suggest something. Source: mission row 001-11."""
    return Done(id=await service.ask(tx, (body.kind, body.text), body.to_organisation_id, body.region), status="asked")


@router_commands.post("/enquiries/{enquiry_id}/answer")
@allows(roles(*service.ANSWERING))
async def answer(tx: CurrentTx, enquiry_id: UUID, body: Answer) -> Done:
    """Answer an enquiry to your organisation, or one to the network as the region's duty organisation or its safeguarding."""
    await service.answer(tx, enquiry_id, body.text)
    return Done(id=enquiry_id, status="answered")


@router_queries.get("/enquiries")
@allows(roles(*EVERYBODY))
async def list_enquiries(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[EnquiryView]:
    """Your own enquiries with their answers; for coordinators, registrars and safeguarding also those they may answer."""
    found = await service.list_enquiries(tx, after_id(paging.cursor), paging.limit)
    items = [EnquiryView(**e.model_dump(exclude={"asked_by"})) for e in found]
    return page_of(items, paging.limit, lambda item: (item.enquiry_id,))
