"""SQL of enquiries."""

from datetime import date
from uuid import UUID

from services.referral.enquiry.domain import Enquiry
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = "enquiry_id, kind, text, asked_by, to_organisation_id, asked_at, due_on, overdue, answer, answered_at"
INSERT = """
INSERT INTO enquiry (kind, text, asked_by, to_organisation_id, asked_at, due_on) VALUES ($1, $2, $3, $4, $5, $6) RETURNING enquiry_id
"""
SAVE_ANSWER = "UPDATE enquiry SET answer = $2, answered_at = $3, answered_by_organisation_id = $4 WHERE enquiry_id = $1"
LIST = f"""
SELECT {COLUMNS} FROM enquiry
WHERE enquiry_id > $1 AND (asked_by = $2 OR ($3::uuid IS NOT NULL AND (to_organisation_id = $3 OR to_organisation_id IS NULL)))
ORDER BY enquiry_id LIMIT $4
"""


async def insert_enquiry(tx: Tx, asked: tuple[str, str], to_organisation_id: UUID | None, due_on: date) -> UUID:
    """`asked` is (kind, text)."""
    enquiry_id: UUID = await tx.connection.fetchval(INSERT, *asked, tx.caller.sub, to_organisation_id, tx.now, due_on)
    return enquiry_id


async def lock_enquiry(tx: Tx, enquiry_id: UUID) -> Enquiry:
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM enquiry WHERE enquiry_id = $1 FOR NO KEY UPDATE", enquiry_id)
    if row is None:
        raise NotFound("enquiry")
    return Enquiry(**dict(row))


async def save_answer(tx: Tx, enquiry_id: UUID, text: str) -> None:
    await tx.connection.execute(SAVE_ANSWER, enquiry_id, text, tx.now, tx.caller.organisation_id)


async def save_overdue(tx: Tx, enquiry_id: UUID) -> None:
    await tx.connection.execute("UPDATE enquiry SET overdue = true WHERE enquiry_id = $1", enquiry_id)


async def list_enquiries(tx: Tx, after: UUID, organisation_id: UUID | None, limit: int) -> list[Enquiry]:
    """The caller's own, and those that `organisation_id` may answer."""
    return [Enquiry(**dict(row)) for row in await tx.connection.fetch(LIST, after, tx.caller.sub, organisation_id, limit)]
