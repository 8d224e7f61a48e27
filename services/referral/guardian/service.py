"""Keeping what family told of guardians, and answering from it."""

from uuid import UUID

from services.referral.guardian import store
from services.referral.guardian.domain import Guardian
from shared.database import Tx
from shared.events.family import GuardianEnded, GuardianNamed


async def named(tx: Tx, event: GuardianNamed) -> None:
    await store.save_guardian(tx, event)


async def ended(tx: Tx, event: GuardianEnded) -> None:
    await store.save_end(tx, event.person_id, event.contact_id)


async def find_guardian(tx: Tx, person_id: UUID, contact_id: UUID | None) -> Guardian | None:
    """Also one whose guardianship ended; None for a contact that family did not name."""
    return await store.find_guardian(tx, person_id, contact_id) if contact_id else None
