"""SQL of emergency accesses: kept for review, never removed."""

from datetime import datetime
from uuid import UUID

from services.referral.emergency.domain import EmergencyAccess
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = """
emergency_access_id, person_id, organisation_id, reason, taken_by, taken_at, ends_at AS until, ended_at, reviewed_at, justified, finding
"""
INSERT = """
INSERT INTO emergency_access (emergency_access_id, person_id, organisation_id, reason, taken_by, taken_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
RUNNING = """
SELECT emergency_access_id FROM emergency_access
WHERE person_id = $1 AND organisation_id = $2 AND ends_at > $3 AND ended_at IS NULL ORDER BY ends_at DESC LIMIT 1
"""
LIST = f"""
SELECT {COLUMNS} FROM emergency_access e
WHERE emergency_access_id > $3 AND (person_id = $1
    OR EXISTS (SELECT FROM person p WHERE p.person_id = e.person_id AND p.registered_by = $2 AND p.erased_on IS NULL))
ORDER BY emergency_access_id LIMIT $4
"""
REVIEW = "UPDATE emergency_access SET reviewed_at = $2, justified = $3, finding = $4, reviewed_by = $5 WHERE emergency_access_id = $1"


async def insert_access(tx: Tx, a: EmergencyAccess) -> None:
    values = (a.emergency_access_id, a.person_id, a.organisation_id, a.reason, a.taken_by, a.taken_at, a.until)
    await tx.connection.execute(INSERT, *values)


async def find_running(tx: Tx, person_id: UUID, organisation_id: UUID, now: datetime) -> UUID | None:
    found: UUID | None = await tx.connection.fetchval(RUNNING, person_id, organisation_id, now)
    return found


async def lock_access(tx: Tx, emergency_access_id: UUID) -> EmergencyAccess:
    statement = f"SELECT {COLUMNS} FROM emergency_access WHERE emergency_access_id = $1 FOR NO KEY UPDATE"
    row = await tx.connection.fetchrow(statement, emergency_access_id)
    if row is None:
        raise NotFound("emergency-access")
    return EmergencyAccess(**dict(row))


async def save_end(tx: Tx, emergency_access_id: UUID) -> None:
    await tx.connection.execute("UPDATE emergency_access SET ended_at = $2 WHERE emergency_access_id = $1", emergency_access_id, tx.now)


async def save_review(tx: Tx, emergency_access_id: UUID, justified: bool, finding: str | None) -> None:
    await tx.connection.execute(REVIEW, emergency_access_id, tx.now, justified, finding, tx.caller.sub)


async def list_accesses(tx: Tx, own: UUID | None, registered_by: UUID | None, after: UUID, limit: int) -> list[EmergencyAccess]:
    """Of the person itself, or of the persons whom the organisation registered."""
    return [EmergencyAccess(**dict(row)) for row in await tx.connection.fetch(LIST, own, registered_by, after, limit)]
