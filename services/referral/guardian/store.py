"""SQL of guardians. The stream brings a name before its end."""

from uuid import UUID

from services.referral.guardian.domain import Guardian
from shared.database import Tx
from shared.events.family import GuardianNamed

SAVE = """
INSERT INTO guardian (person_id, contact_id, basis, until, is_ended) VALUES ($1, $2, $3, $4, false)
ON CONFLICT (person_id, contact_id) DO UPDATE SET basis = EXCLUDED.basis, until = EXCLUDED.until, is_ended = false
"""


async def save_guardian(tx: Tx, event: GuardianNamed) -> None:
    await tx.connection.execute(SAVE, event.person_id, event.contact_id, event.basis, event.until)


async def save_end(tx: Tx, person_id: UUID, contact_id: UUID) -> None:
    statement = "UPDATE guardian SET is_ended = true WHERE person_id = $1 AND contact_id = $2"
    await tx.connection.execute(statement, person_id, contact_id)


async def find_guardian(tx: Tx, person_id: UUID, contact_id: UUID) -> Guardian | None:
    statement = "SELECT person_id, contact_id, basis, until, is_ended FROM guardian WHERE person_id = $1 AND contact_id = $2"
    row = await tx.connection.fetchrow(statement, person_id, contact_id)
    return Guardian(**dict(row)) if row else None
