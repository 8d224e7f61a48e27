"""Routes of requests for a consent."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.referral.consent.domain import Giver, How, Scope
from services.referral.consent_request import service
from services.referral.consent_request.domain import Answer
from services.referral.consent_request.service import Listed
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Text

router_commands = commands("consents")
router_queries = queries("consents")


class NewConsentRequest(Body):
    scope: Scope
    purpose: Text = Field(examples=["allergies before admission"])


class ConsentConfirmation(Body):
    """How the person, or a recorded guardian, gave it. Who may give it at which age is the setting MAY_CONSENT."""

    given_on: BusinessDate
    given_by: Giver = "person"
    how: How
    until: BusinessDate | None = None
    guardian_id: UUID | None = None


class ConsentRefusal(Body):
    """Nothing to say: a refusal needs no reason."""


class ConsentRequestView(BaseModel):
    """`person_id` is null for who has only been asked to take the person."""

    id: UUID
    referral_id: UUID
    person_id: UUID | None
    scope: Scope
    purpose: str
    discloser_organisation_id: UUID
    to_organisation_id: UUID
    asked_at: datetime
    status: Answer
    consent_id: UUID | None


@router_commands.post("/referrals/{referral_id}/consent-requests", status_code=201)
@allows(roles("coordinator", "system"))
async def ask_for_consent(tx: CurrentTx, referral_id: UUID, body: NewConsentRequest) -> Done:
    """Ask for what you need to see of the person you are asked to take, or have taken. Source: mission row 002-23."""
    return Done(id=await service.ask(tx, referral_id, body.scope, body.purpose), status="asked")


@router_commands.post("/consent-requests/{consent_request_id}/confirmation", status_code=201)
@allows(roles("coordinator", "system", "person"))
async def confirm_consent_request(tx: CurrentTx, consent_request_id: UUID, body: ConsentConfirmation) -> Done:
    """Confirm, as the discloser or the person, that it was given; the answer's id is the consent. Source: privacy section 4."""
    return Done(id=await service.confirm(tx, consent_request_id, body.model_dump()), status="given")


@router_commands.post("/consent-requests/{consent_request_id}/refusal")
@allows(roles("coordinator", "system", "person"))
async def refuse_consent_request(tx: CurrentTx, consent_request_id: UUID, body: ConsentRefusal) -> Done:
    """Say, as the discloser or the person, that it is not given."""
    await service.decline(tx, consent_request_id)
    return Done(id=consent_request_id, status="refused")


@router_queries.get("/consent-requests")
@allows(roles("coordinator", "system", "person"))
async def list_consent_requests(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[ConsentRequestView]:
    """Those that your organisation asked or is asked by; a person's own."""
    found = await service.list_requests(tx, after_id(paging.cursor), paging.limit)
    return page_of([_view(listed) for listed in found], paging.limit, lambda item: (item.id,))


def _view(listed: Listed) -> ConsentRequestView:
    request = listed.request.model_dump(include=set(ConsentRequestView.model_fields))
    shown = {"id": listed.request.consent_request_id} | ({} if listed.names_person else {"person_id": None})
    return ConsentRequestView(**request | shown)
