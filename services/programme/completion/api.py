"""The completion of a journey on the wire."""

from uuid import UUID

from services.programme.completion import service
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate

router_commands = commands("journeys")


class JourneyCompletion(Body):
    completed_on: BusinessDate


@router_commands.post("/journeys/{journey_id}/completion")
@allows(roles("clinician", "system"))
async def complete_journey(tx: CurrentTx, journey_id: UUID, body: JourneyCompletion) -> Done:
    """Complete a journey whose stages and, where it needs them, four levels allow it. Source: mission rows 002-02, 002-31, 000-59."""
    journey = await service.complete_journey(tx, journey_id, body.completed_on)
    return Done(id=journey_id, status=journey.status)
