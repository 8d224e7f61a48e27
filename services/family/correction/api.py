"""The route that takes back a contact."""

from uuid import UUID

from pydantic import Field

from services.family.contact.domain import ErrorReason
from services.family.correction import service
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body

router_commands = commands("corrections")


class EnteredInError(Body):
    """Why the contact should not have been entered; `other-person`: it belongs to somebody else's circle."""

    reason: ErrorReason = Field(examples=["other-person"])


@router_commands.post("/contacts/{contact_id}/entered-in-error")
@allows(roles("liaison", "system", "person"))
async def enter_contact_in_error(tx: CurrentTx, contact_id: UUID, body: EnteredInError) -> Done:
    """The contact was entered on the wrong person, or should not have been: it ends at once, with its permissions and as guardian.

    For who has the family's case, and for the organisation that entered it while it may change the circle; for the person what its own
    token entered. What waits for the contact stops, and it sees nothing of the person any more. Of one that belongs to somebody else's
    circle (`other-person`) the concerns it raised are about the wrong person, and are entered in error with it.
    `GET /persons/{person_id}/contacts?entered_in_error=true` shows it with the reason.
    A second time answers the same, and the first reason stays. Source: issue of corrections.
    """
    await service.enter_contact_in_error(tx, contact_id, body.reason)
    return Done(id=contact_id, status=service.ENTERED_IN_ERROR)
