"""All SQL about concerns as heard."""

from uuid import UUID

from shared.database import Tx

RAISED = """
INSERT INTO concern (concern_id, person_id, severity) VALUES ($1, $2, $3)
ON CONFLICT (concern_id) DO UPDATE SET severity = EXCLUDED.severity
"""
ANSWERED = """
INSERT INTO concern (concern_id, person_id, answered) VALUES ($1, $2, true) ON CONFLICT (concern_id) DO UPDATE SET answered = true
"""


async def save_concern(tx: Tx, concern_id: UUID, person_id: UUID, severity: str) -> None:
    await tx.connection.execute(RAISED, concern_id, person_id, severity)


async def save_answer(tx: Tx, concern_id: UUID, person_id: UUID) -> None:
    await tx.connection.execute(ANSWERED, concern_id, person_id)


async def count_open(tx: Tx, person_id: UUID) -> int:
    count: int = await tx.connection.fetchval("SELECT count(*) FROM concern WHERE person_id = $1 AND NOT answered", person_id)
    return count
