"""What is asked of organisations: to be known before a person is named to them."""

from uuid import UUID

from services.programme.organisation import store
from shared.database import Tx
from shared.errors import NotYetKnown
from shared.events.referral import OrganisationChanged

TOLD_BY = "referral"
"""The topic that brings organisations."""


async def save(tx: Tx, event: OrganisationChanged) -> None:
    await store.save_organisation(tx, event)


async def must_be_known(tx: Tx, organisation_id: UUID) -> None:
    """Raises NotYetKnown: the caller's own entry may arrive any moment. Source: contracts section 3."""
    if not await store.is_known(tx, organisation_id):
        raise NotYetKnown("organisation_id", TOLD_BY)


async def kind_of(tx: Tx, organisation_id: UUID) -> str:
    """As last heard; empty where it is not known."""
    return await store.find_kind(tx, organisation_id) or ""
