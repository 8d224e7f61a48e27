"""Routes over guardians."""

from datetime import datetime
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from services.family.guardian import service
from services.family.guardian.domain import EndedBecause, Guardianship
from shared.command import CurrentTx, Done, commands, queries
from shared.events.family import GuardianBasis
from shared.paging import Page
from shared.policy import allows, roles
from shared.web import Body, BusinessDate

router_commands = commands("guardians")
router_queries = queries("guardians")


class NewGuardianship(Body):
    """Why a contact answers for the minor, and until when."""

    basis: GuardianBasis = Field(examples=["court-appointed"])
    until: BusinessDate | None = Field(default=None, description="The last day; none: until majority")


class End(Body):
    """Nothing needs saying."""


class GuardianView(BaseModel):
    """One guardianship. `contact_id` is what a permission names as its `guardian_id`."""

    contact_id: UUID
    basis: GuardianBasis
    until: BusinessDate | None
    named_at: datetime
    named_by: str = Field(max_length=200)
    named_by_organisation_id: UUID | None
    ended_at: datetime | None
    ended_because: EndedBecause | None


@router_commands.post("/contacts/{contact_id}/guardianship", status_code=201)
@allows(roles("liaison", "system"))
async def name_guardian(tx: CurrentTx, contact_id: UUID, body: NewGuardianship) -> Done:
    """Name a contact as guardian of a minor; for who registered the person or holds it now. Source: mission rows 000-24, 000-25."""
    caller = tx.caller
    guardianship = Guardianship(
        guardianship_id=uuid4(),
        contact_id=contact_id,
        named_at=tx.now,
        named_by=caller.sub,
        named_by_organisation_id=caller.organisation_id,
        **body.model_dump(),
    )
    await service.name_guardian(tx, guardianship)
    return Done(id=contact_id, status="named")


@router_commands.post("/contacts/{contact_id}/guardianship/end")
@allows(roles("liaison", "system"))
async def end_guardian(tx: CurrentTx, contact_id: UUID, body: End) -> Done:
    """The contact is guardian no more. What it permitted ends with it."""
    await service.end_guardian(tx, contact_id)
    return Done(id=contact_id, status="ended")


@router_queries.get("/persons/{person_id}/guardians")
@allows(roles("liaison", "system", "person"))
async def list_guardians(tx: CurrentTx, person_id: UUID) -> Page[GuardianView]:
    """Every guardianship of a person, ended ones too, for those who see the person's circle."""
    found = await service.list_guardians(tx, person_id)
    return Page(items=[GuardianView.model_validate(g.model_dump()) for g in found], next=None)
