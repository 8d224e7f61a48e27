"""Keeping what family told of concerns for the organisation that holds the person."""

from typing import Literal
from uuid import UUID

from services.referral.concern import store
from services.referral.concern.store import Concern
from shared.database import Tx

State = Literal["raised", "read", "escalated", "answered", "entered-in-error"]


async def heard(tx: Tx, person_id: UUID, concern_id: UUID, severity: str | None, state: State) -> None:
    """An escalated concern counts as severe. Source: mission rows 000-08, 000-10."""
    await store.save_concern(tx, concern_id, person_id, "severe" if state == "escalated" else severity, state)


async def list_concerns(tx: Tx, after: UUID, state: State | None, limit: int) -> list[Concern]:
    """Concerns about the persons the caller's organisation holds now; those on the page are audited as read. Source: mission row 000-08."""
    if tx.caller.organisation_id is None:
        return []
    found = await store.list_held(tx, tx.caller.organisation_id, after, state, limit + 1)
    for concern in found[:limit]:
        tx.audit("read-concern", concern.person_id)
    return found
