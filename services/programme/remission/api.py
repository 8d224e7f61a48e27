"""Remission on the wire."""

from uuid import UUID

from services.programme.remission import service
from services.programme.remission.domain import Remission
from shared.command import CurrentTx, queries
from shared.policy import allows, roles

router_queries = queries("relapses")


@router_queries.get("/journeys/{journey_id}/remission")
@allows(roles("clinician", "system"))
async def get_remission(tx: CurrentTx, journey_id: UUID) -> Remission:
    """Days since the last confirmed use over observed days; not the clock of the relapse definitions. Source: mission row 002-26."""
    return await service.get_remission(tx, journey_id)
