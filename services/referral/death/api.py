"""The route of a person's death."""

from uuid import UUID

from services.referral.death import service
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate

router_commands = commands("persons")


class Death(Body):
    on: BusinessDate


@router_commands.put("/persons/{person_id}/death")
@allows(roles("coordinator", "clinician", "system"))
async def record_death(tx: CurrentTx, person_id: UUID, body: Death) -> Done:
    """Record that the person died; the same day again changes nothing."""
    await service.record(tx, person_id, body.on)
    return Done(id=person_id, status="died")
