"""All SQL of permissions, one statement a function. The sender locks them from message's own store."""

from datetime import date
from uuid import UUID

from services.family.permission.domain import EndedBecause, Permission
from shared.database import Tx

END = """
WITH theirs AS (
    SELECT p.permission_id FROM permission p JOIN contact c USING (contact_id)
    WHERE {whose} AND p.revoked_at IS NULL
    ORDER BY p.permission_id FOR NO KEY UPDATE OF p
)
UPDATE permission p SET revoked_at = $2, ended_because = $3 FROM theirs WHERE p.permission_id = theirs.permission_id
RETURNING p.contact_id
"""


async def insert_permission(tx: Tx, permission: Permission) -> None:
    await tx.connection.execute(
        "INSERT INTO permission (permission_id, contact_id, topics, channels, given_by, given_on, until, recorded_at,"
        " guardian_id, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *permission.model_dump(exclude={"revoked_at", "ended_because"}).values(),
    )


async def list_permissions(tx: Tx, contact_id: UUID) -> list[Permission]:
    rows = await tx.connection.fetch("SELECT * FROM permission WHERE contact_id = $1 ORDER BY recorded_at, permission_id", contact_id)
    return [Permission.model_validate(dict(row)) for row in rows]


async def save_revoked(tx: Tx, contact_id: UUID, permission_id: UUID) -> Permission | None:
    """Ends a permission once; waits for those who hold it FOR SHARE. None: there is no such one of this contact."""
    row = await tx.connection.fetchrow(
        "UPDATE permission SET revoked_at = coalesce(revoked_at, $3), ended_because = coalesce(ended_because, 'revoked')"
        " WHERE contact_id = $1 AND permission_id = $2 RETURNING *",
        contact_id,
        permission_id,
        tx.now,
    )
    return Permission.model_validate(dict(row)) if row else None


async def is_guardian(tx: Tx, guardian_id: UUID | None, person_id: UUID, on: date) -> bool:
    """Whether this contact is recorded as guardian of this person and was one on that day. The person's lock is held."""
    valid: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM guardianship g JOIN contact c USING (contact_id)"
        " WHERE contact_id = $1 AND c.person_id = $2 AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= $3))",
        guardian_id,
        person_id,
        on,
    )
    return valid


async def end_of_guardians(tx: Tx, person_id: UUID, because: EndedBecause) -> list[UUID]:
    """Ends what guardians gave, alone or with the person; answers the contacts concerned. Locks in the order of ids."""
    return await _end(tx, END.format(whose="c.person_id = $1 AND p.given_by IN ('guardian', 'both')"), person_id, because)


async def end_of_guardian(tx: Tx, guardian_id: UUID, because: EndedBecause) -> list[UUID]:
    """The same of what one guardian gave."""
    return await _end(tx, END.format(whose="p.guardian_id = $1"), guardian_id, because)


async def end_of_contact(tx: Tx, contact_id: UUID) -> None:
    """All that lets this contact be told something."""
    await _end(tx, END.format(whose="p.contact_id = $1"), contact_id, "revoked")


async def _end(tx: Tx, statement: str, whose_id: UUID, because: EndedBecause) -> list[UUID]:
    rows = await tx.connection.fetch(statement, whose_id, tx.now, because)
    return sorted({row["contact_id"] for row in rows})
