"""Routes over a person's family: who is assigned to it. Persons themselves are the referral service's."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.family.person import service
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page
from shared.policy import allows, roles
from shared.web import Body

router_commands = commands("persons")
router_queries = queries("persons")


class Assignment(Body):
    """Which organisation's liaisons look after this family; none: the caller's own."""

    organisation_id: UUID | None = Field(default=None, examples=["018f3b8e-5a3c-7000-8000-000000000001"])


class Removal(Body):
    """Whose assignment ends."""

    organisation_id: UUID = Field(examples=["018f3b8e-5a3c-7000-8000-000000000001"])


class LiaisonView(BaseModel):
    """One assignment. `made_by` is the `sub` of who made it; none for one from before it was kept."""

    organisation_id: UUID
    started_at: datetime
    ended_at: datetime | None
    made_by: str | None = Field(max_length=200)
    made_by_organisation_id: UUID | None


@router_commands.post("/persons/{person_id}/liaison", status_code=201)
@allows(roles("liaison", "system"))
async def assign_liaison(tx: CurrentTx, person_id: UUID, body: Assignment) -> Done:
    """Assign a liaison organisation to a family.

    Only the family's own organisation may: the holder, before there is another who registered the person; never who was assigned.
    Role system answers 409 `not-yet-known` where it is not (for an absent and a foreign person alike), others 404.
    Source: mission rows 002-11, 002-23.
    """
    await service.assign_liaison(tx, person_id, body.organisation_id)
    return Done(id=person_id, status="assigned")


@router_commands.post("/persons/{person_id}/liaison/removal")
@allows(roles("liaison", "system", "person"))
async def remove_liaison(tx: CurrentTx, person_id: UUID, body: Removal) -> Done:
    """End an assignment at once; for the family's own organisation and the person. Source: mission rows 002-11, 002-23."""
    await service.remove_liaison(tx, person_id, body.organisation_id)
    return Done(id=person_id, status="removed")


@router_queries.get("/persons/{person_id}/liaisons")
@allows(roles("liaison", "system", "person"))
async def list_liaisons(tx: CurrentTx, person_id: UUID) -> Page[LiaisonView]:
    """Every assignment to a family, ended ones too, for the family's own organisation and the person."""
    found = await service.list_liaisons(tx, person_id)
    return Page(items=[LiaisonView.model_validate(dict(row)) for row in found], next=None)
