"""Routes of sharing consents."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Query
from pydantic import BaseModel, Field

from services.referral.consent import service
from services.referral.consent.domain import Consent, Giver, How, Scope
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Text

router_commands = commands("consents")
router_queries = queries("consents")


class NewConsent(Body):
    """`until` is included; null: until revoked. Who may give it at which age is the setting MAY_CONSENT.

    `guardian_id`: the contact that gave it or took part; it ends with the guardianship. The organisation that records it is the discloser.
    """

    scope: Scope
    discloser_organisation_id: UUID
    to_organisation_id: UUID
    purpose: Text = Field(examples=["treatment after detoxification"])
    given_on: BusinessDate
    given_by: Giver = "person"
    how: How
    until: BusinessDate | None = None
    guardian_id: UUID | None = None


class Revocation(Body):
    """Nothing to say: revoking needs no reason."""


class ConsentView(BaseModel):
    """`purpose` and `guardian_id` are shown to the parties only."""

    id: UUID
    scope: Scope
    discloser_organisation_id: UUID
    to_organisation_id: UUID
    purpose: str | None
    given_on: date
    given_by: Giver
    how: How
    until: date | None
    guardian_id: UUID | None
    revoked_at: datetime | None


def _view(tx: CurrentTx, consent: Consent) -> ConsentView:
    hidden = {} if service.is_party(tx, consent) else {"purpose": None, "guardian_id": None}
    return ConsentView(id=consent.consent_id, **consent.model_dump(exclude={"consent_id", "person_id"}) | hidden)


@router_commands.post("/persons/{person_id}/consents", status_code=201)
@allows(roles("coordinator", "system", "person"))
async def give_consent(tx: CurrentTx, person_id: UUID, body: NewConsent) -> Done:
    """Record that the person lets one organisation tell another. Source: privacy section 4."""
    consent = Consent(consent_id=uuid4(), person_id=person_id, **body.model_dump())
    await service.give(tx, consent)
    return Done(id=consent.consent_id, status="given")


@router_commands.post("/persons/{person_id}/consents/{consent_id}/revocation")
@allows(roles("coordinator", "system", "person"))
async def revoke_consent(tx: CurrentTx, person_id: UUID, consent_id: UUID, body: Revocation) -> Done:
    """Revoke; effective as soon as this is answered."""
    await service.revoke(tx, person_id, consent_id)
    return Done(id=consent_id, status="revoked")


@router_queries.get("/persons/{person_id}/consents")
@allows(roles("coordinator", "system", "person"))
async def list_consents(tx: CurrentTx, person_id: UUID, paging: Annotated[Paging, Query()]) -> Page[ConsentView]:
    """All consents of a person, revoked ones included."""
    found = await service.list_consents(tx, person_id, after_id(paging.cursor), paging.limit)
    return page_of([_view(tx, consent) for consent in found], paging.limit, lambda item: (item.id,))
