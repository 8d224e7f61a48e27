"""Routes of emergency access and its review."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool

from services.referral.emergency import service
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, Text

router_commands = commands("emergency-accesses")
router_queries = queries("emergency-accesses")


class Emergency(Body):
    """Why the person cannot be asked first."""

    reason: Text = Field(examples=["unconscious, allergies unknown"])


class Review(Body):
    """What came of looking at it."""

    justified: StrictBool = True
    finding: Text | None = None


class EmergencyAccessView(BaseModel):
    id: UUID
    person_id: UUID
    organisation_id: UUID
    reason: str
    taken_at: datetime
    until: datetime
    reviewed_at: datetime | None
    justified: bool | None
    finding: str | None


@router_commands.post("/persons/{person_id}/emergency-access", status_code=201)
@allows(roles("coordinator", "clinician"))
async def take_emergency_access(tx: CurrentTx, person_id: UUID, body: Emergency) -> Done:
    """See who the person is for 24 hours without a consent; told to the person and to who registered it. Source: privacy section 1."""
    return Done(id=await service.take(tx, person_id, body.reason), status="given")


@router_commands.post("/emergency-accesses/{emergency_access_id}/review")
@allows(roles("coordinator", "system", "person"))
async def review_emergency_access(tx: CurrentTx, emergency_access_id: UUID, body: Review) -> Done:
    """Review one of a person that you registered, or of your own."""
    await service.review(tx, emergency_access_id, body.justified, body.finding)
    return Done(id=emergency_access_id, status="reviewed")


@router_queries.get("/emergency-accesses")
@allows(roles("coordinator", "system", "person"))
async def list_emergency_accesses(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[EmergencyAccessView]:
    """To persons that your organisation registered, or to yourself."""
    found = await service.list_accesses(tx, after_id(paging.cursor), paging.limit)
    items = [EmergencyAccessView(id=a.emergency_access_id, **a.model_dump(include=set(EmergencyAccessView.model_fields))) for a in found]
    return page_of(items, paging.limit, lambda item: (item.id,))
