"""Keeping instructions for those whose regions are asked. Source: mission row 002-13."""

from uuid import UUID

from services.referral.instruction import store
from services.referral.instruction.store import Instruction
from shared.database import Tx
from shared.events.monitoring import InstructionClosed, InstructionIssued


async def issued(tx: Tx, event: InstructionIssued) -> None:
    await store.save_instruction(tx, event.instruction_id, event.regions, event.due_on)


async def closed(tx: Tx, event: InstructionClosed) -> None:
    await store.save_closing(tx, event.instruction_id, event.in_error)


async def list_instructions(tx: Tx, after: UUID, limit: int) -> list[Instruction]:
    """Those for the caller's own regions and for the region of its organisation."""
    return await store.list_instructions(tx, after, tx.caller.regions, tx.caller.organisation_id, limit + 1)
