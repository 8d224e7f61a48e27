"""Keeping what the registry says of organisations. One that was never heard of is named nowhere; where it was named before, it counts as
confirmed.
"""

from uuid import UUID

from services.family.organisation import store
from shared.database import Tx
from shared.errors import NotYetKnown
from shared.events.referral import OrganisationChanged


async def hear(tx: Tx, event: OrganisationChanged) -> None:
    """The newest entry counts."""
    seq = tx.cause.seq if tx.cause else 0
    await store.save_organisation(tx, event.organisation_id, event.region, event.confirmed, seq)


async def must_be_known(tx: Tx, organisation_id: UUID | None) -> None:
    """Raises NotYetKnown for an organisation of which the registry has not told; None is none."""
    if organisation_id is not None and not await store.is_known(tx, organisation_id):
        raise NotYetKnown("organisation_id", "referral")
