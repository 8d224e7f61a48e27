"""Contacts are prompted at intervals while stage 5 lasts (mission row 002-24). The start itself is a message like any other."""

from datetime import timedelta
from uuid import UUID

from services.family.message import service
from services.family.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx

# A deadline may not set its own kind anew (the runner deletes it last), so two kinds take turns.
EVEN = "contacts-prompt"
ODD = "contacts-prompt-again"


async def begin(tx: Tx, person_id: UUID) -> None:
    """The clock starts, or starts again with a new spell."""
    await end(tx, person_id)
    await _set(tx, EVEN, person_id)


async def end(tx: Tx, person_id: UUID) -> None:
    await meet_deadline(tx, EVEN, ODD, subject_id=person_id)


async def on_even(tx: Tx, person_id: UUID) -> None:
    await service.prompt(tx, person_id)
    await _set(tx, ODD, person_id)


async def on_odd(tx: Tx, person_id: UUID) -> None:
    await service.prompt(tx, person_id)
    await _set(tx, EVEN, person_id)


async def _set(tx: Tx, kind: str, person_id: UUID) -> None:
    await set_deadline(tx, kind, person_id, tx.now + timedelta(days=settings().prompt_every_days))
