"""Keeping what the registry says of organisations. An organisation that was never heard of counts as confirmed: it was from before."""

from services.family.organisation import store
from shared.database import Tx
from shared.events.referral import OrganisationChanged


async def hear(tx: Tx, event: OrganisationChanged) -> None:
    """The newest entry counts."""
    seq = tx.cause.seq if tx.cause else 0
    await store.save_organisation(tx, event.organisation_id, event.region, event.confirmed, seq)
