"""What is asked of organisations: to be known before a person is named to them."""

from uuid import UUID

from services.programme.organisation import store
from shared.database import Tx
from shared.errors import Conflict
from shared.events.referral import OrganisationChanged

NOT_YET_KNOWN = "not-yet-known"


async def save(tx: Tx, event: OrganisationChanged) -> None:
    await store.save_organisation(tx, event.organisation_id, event.level, event.kind, event.region)


async def must_be_known(tx: Tx, organisation_id: UUID) -> None:
    """Raises Conflict: its entry may arrive any moment. Source: contracts section 3."""
    if not await store.is_known(tx, organisation_id):
        raise not_yet_known()


def not_yet_known() -> Conflict:
    return Conflict(NOT_YET_KNOWN, retry_after=1)
