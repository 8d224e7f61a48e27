"""Who has a relation to a person, as far as monitoring heard: by stays, journeys and accepted referrals."""

from uuid import UUID

from services.monitoring.relation import store
from shared.database import Tx


async def relates(tx: Tx, stream_id: UUID) -> bool:
    """Whether the caller's organisation may hear of this stream: its own, or of a person it has or had, or has accepted."""
    organisation_id = tx.caller.organisation_id
    return organisation_id is not None and (organisation_id == stream_id or await store.is_related(tx, stream_id, organisation_id))
