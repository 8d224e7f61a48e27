"""Routes over a person's family: who is assigned to it. Persons themselves are the referral service's."""

from uuid import UUID

from pydantic import Field

from services.family.person import service
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body

router_commands = commands("persons")


class Assignment(Body):
    """Which organisation's liaisons look after this family; none: the caller's own."""

    organisation_id: UUID | None = Field(default=None, examples=["018f3b8e-5a3c-7000-8000-000000000001"])


@router_commands.post("/persons/{person_id}/liaison", status_code=201)
@allows(roles("liaison", "system"))
async def assign_liaison(tx: CurrentTx, person_id: UUID, body: Assignment) -> Done:
    """Assign a liaison organisation to a family.

    Only an organisation that family has heard of for this person may. Role system answers 409 `not-yet-known` where it has not
    (for an absent and a foreign person alike), others 404. Source: mission rows 002-11, 002-23.
    """
    await service.assign_liaison(tx, person_id, body.organisation_id)
    return Done(id=person_id, status="assigned")
