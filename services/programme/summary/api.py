"""The summary of a journey on the wire."""

from uuid import UUID

from services.programme.summary import service
from services.programme.summary.domain import Summary
from shared.command import CurrentTx, queries
from shared.policy import allows, roles

router_queries = queries("summary")


@router_queries.get("/journeys/{journey_id}/summary")
@allows(roles("clinician", "coordinator", "system"))
async def get_summary(tx: CurrentTx, journey_id: UUID) -> Summary:
    """The stages before the one that completes the journey, for the organisation that takes the person on, under a valid consent.

    Source: mission rows 002-03, 002-38.
    """
    return await service.get_summary(tx, journey_id)
