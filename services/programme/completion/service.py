"""Completing a journey: lock, decide, save, append."""

from datetime import date
from uuid import UUID

from services.programme.completion import domain
from services.programme.functioning import service as functioning
from services.programme.journey import service as journeys
from services.programme.journey.domain import Journey
from services.programme.right import service as rights
from shared.database import Tx


async def complete_journey(tx: Tx, journey_id: UUID, completed_on: date) -> Journey:
    """Raises Refused naming every gap, NotFound. Source: mission rows 002-02, 002-31."""
    async with rights.locked_to_complete(tx, journey_id) as found:
        levels = await functioning.get(tx, journey_id)
        journey, events = domain.complete_journey(found.journey, found.pathway, levels, completed_on, journeys.days(tx, found))
        await journeys.save(tx, journey)
        tx.append(journey.person_id, *events)
        return journey
