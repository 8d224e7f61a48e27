"""All SQL of permissions, one statement a function. The sender locks them from message's own store."""

from uuid import UUID

from services.family.permission.domain import EndedBecause, Permission
from shared.database import Tx


async def insert_permission(tx: Tx, permission: Permission) -> None:
    await tx.connection.execute(
        "INSERT INTO permission (permission_id, contact_id, topics, channels, given_by, given_on, until, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
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


async def end_of_guardians(tx: Tx, person_id: UUID, because: EndedBecause) -> list[UUID]:
    """Ends what a guardian gave, alone or with the person; answers the contacts concerned. Locks in the order of ids."""
    rows = await tx.connection.fetch(
        """
        WITH theirs AS (
            SELECT p.permission_id FROM permission p JOIN contact c USING (contact_id)
            WHERE c.person_id = $1 AND p.given_by IN ('guardian', 'both') AND p.revoked_at IS NULL
            ORDER BY p.permission_id FOR NO KEY UPDATE OF p
        )
        UPDATE permission p SET revoked_at = $2, ended_because = $3 FROM theirs WHERE p.permission_id = theirs.permission_id
        RETURNING p.contact_id
        """,
        person_id,
        tx.now,
        because,
    )
    return sorted({row["contact_id"] for row in rows})
