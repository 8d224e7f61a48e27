"""Journeys on the wire: opened. How they are read: `sight/api.py`; what is done to their stages: `stage/api.py`."""

from uuid import UUID

from pydantic import Field, StrictBool

from services.programme.journey import service
from services.programme.journey.domain import CaseReason, LegalBasis
from services.programme.journey.opening import Opening
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code

router_commands = commands("journeys")


class NewJourney(Body):
    """`decided_on`: the person's own decision, kept apart from the legal basis. `imported`: only what role system brings.

    `date_reason`: why a day of it is of long ago.
    """

    person_id: UUID
    pathway: Code = Field(examples=["addiction-rehabilitation"])
    opened_on: BusinessDate
    reason: CaseReason | None = Field(default=None, examples=["change-of-environment"])
    legal_basis: LegalBasis | None = Field(default=None, examples=["own-decision"])
    decided_on: BusinessDate | None = None
    date_reason: Code | None = Field(default=None, examples=["archive"])
    imported: StrictBool = False


@router_commands.post("/journeys", status_code=201)
@allows(roles("clinician", "system"))
async def open_journey(tx: CurrentTx, body: NewJourney) -> Done:
    """A person sets out on a pathway; the caller's organisation holds the person until a first start. Source: mission row 002-15."""
    opening = Opening(
        person_id=body.person_id,
        organisation_id=service.organisation_of(tx),
        opened_on=body.opened_on,
        imported=body.imported,
        by_system=tx.caller.has("system"),
        reason=body.reason,
        legal_basis=body.legal_basis,
        decided_on=body.decided_on,
        date_reason=body.date_reason,
    )
    journey = await service.open_journey(tx, body.pathway, opening)
    return Done(id=journey.journey_id, status=journey.status)
