"""The routes of a person's death: reported, confirmed by a second person, reversed."""

from uuid import UUID

from pydantic import Field, StrictBool

from services.referral.death import service
from services.referral.death.domain import Said
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Text

router_commands = commands("persons")


class Death(Body):
    """`reason`: asked for where the day lies far back. `imported`: history, by a system; it needs no confirmation."""

    on: BusinessDate
    imported: StrictBool = False
    reason: Text | None = None


class Confirmation(Body):
    """Nothing to say: what was reported is confirmed as it stands."""


class Reversal(Body):
    reason: Text = Field(examples=["another person of the same name"])


@router_commands.put("/persons/{person_id}/death")
@allows(roles("coordinator", "clinician", "system"))
async def record_death(tx: CurrentTx, person_id: UUID, body: Death) -> Done:
    """Report that the person died; it counts once a second person confirmed it. The same day again changes nothing."""
    counts = await service.report(tx, person_id, Said(body.on, body.imported, body.reason))
    return Done(id=person_id, status="died" if counts else "reported")


@router_commands.post("/persons/{person_id}/death/confirmation")
@allows(roles("coordinator", "clinician", "system"))
async def confirm_death(tx: CurrentTx, person_id: UUID, body: Confirmation) -> Done:
    """Confirm a reported death as a second person of the holder or of who registered the person."""
    await service.confirm(tx, person_id)
    return Done(id=person_id, status="died")


@router_commands.post("/persons/{person_id}/death/reversal")
@allows(roles("coordinator", "clinician", "system"))
async def reverse_death(tx: CurrentTx, person_id: UUID, body: Reversal) -> Done:
    """The person lives: what the death stopped goes on as it was."""
    await service.reverse(tx, person_id, body.reason)
    return Done(id=person_id, status="alive")
