"""What is heard of concerns: raised, escalated, answered. What was said stays in family."""

from uuid import UUID

from services.programme.concern import store
from shared.database import Tx
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernWithdrawn

SEVERE = "severe"


async def hear(tx: Tx, event: ConcernRaised) -> None:
    await store.save_concern(tx, event.concern_id, event.person_id, event.severity)


async def escalate(tx: Tx, event: ConcernEscalated) -> None:
    """Source: mission row 000-10."""
    await store.save_concern(tx, event.concern_id, event.person_id, SEVERE)


async def close(tx: Tx, event: ConcernAnswered | ConcernWithdrawn) -> None:
    """It was answered, or entered in error: it waits for nobody."""
    await store.save_answer(tx, event.concern_id, event.person_id)


async def count_open(tx: Tx, person_id: UUID) -> int:
    return await store.count_open(tx, person_id)
