"""Showing a summary: to the holder or who accepted, under a consent that is valid now or emergency access; each showing is a disclosure."""

from uuid import UUID

from services.programme.functioning import service as functioning
from services.programme.person import service as persons
from services.programme.right import service as rights
from services.programme.summary import domain
from services.programme.summary.domain import Summary
from services.programme.withdrawal import service as withdrawal
from shared.database import Tx
from shared.errors import NotFound

WHAT = "pathway-summary"


async def get_summary(tx: Tx, journey_id: UUID) -> Summary:
    """No consent, no relation and no journey look alike: raises NotFound. Source: mission row 002-03, privacy section 4."""
    try:
        found = await rights.get_whole(tx, journey_id)
    except NotFound as absent:
        raise NotFound("summary") from absent
    journey = found.journey
    consent_id = await persons.find_valid_consent(tx, journey.person_id, *domain.SCOPES)
    if consent_id is None and not await persons.has_emergency_access(tx, journey.person_id):
        raise NotFound("summary")
    await persons.disclose(tx, journey.person_id, journey_id, consent_id, WHAT)
    tx.audit("read-summary", journey.person_id)
    levels, scores = await functioning.get(tx, journey_id), await withdrawal.list_latest(tx, journey_id)
    return domain.summarise(journey, found.pathway, levels, scores)
