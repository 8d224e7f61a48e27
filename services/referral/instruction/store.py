"""SQL of instructions."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from shared.database import Tx

SAVE = """
INSERT INTO instruction (instruction_id, regions, due_on) VALUES ($1, $2, $3)
ON CONFLICT (instruction_id) DO UPDATE SET regions = EXCLUDED.regions, due_on = EXCLUDED.due_on
"""
CLOSE = """
INSERT INTO instruction (instruction_id, is_closed, in_error) VALUES ($1, true, $2)
ON CONFLICT (instruction_id) DO UPDATE SET is_closed = true, in_error = instruction.in_error OR EXCLUDED.in_error
"""
LIST = """
SELECT instruction_id, regions, due_on, is_closed FROM instruction
WHERE instruction_id > $1 AND NOT in_error AND regions && ($2::text[] || ARRAY(
    SELECT r.within FROM organisation o JOIN region r ON r.code = coalesce(o.confirmed_region, o.region)
    WHERE o.organisation_id = $3 AND r.within IS NOT NULL))
ORDER BY instruction_id LIMIT $4
"""


class Instruction(BaseModel):
    """An instruction as far as the regions asked need it here; its text is monitoring's."""

    instruction_id: UUID
    regions: list[str]
    due_on: date | None
    is_closed: bool


async def save_instruction(tx: Tx, instruction_id: UUID, regions: Sequence[str], due_on: date) -> None:
    await tx.connection.execute(SAVE, instruction_id, list(regions), due_on)


async def save_closing(tx: Tx, instruction_id: UUID, in_error: bool) -> None:
    await tx.connection.execute(CLOSE, instruction_id, in_error)


async def list_instructions(tx: Tx, after: UUID, regions: Sequence[str], organisation_id: UUID | None, limit: int) -> list[Instruction]:
    """Those that ask one of `regions` or the region of the organisation."""
    return [Instruction(**dict(row)) for row in await tx.connection.fetch(LIST, after, list(regions), organisation_id, limit)]
