"""SQL of enquiries."""

from datetime import date
from uuid import UUID

from services.referral.enquiry.domain import Enquiry, Reach
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = "enquiry_id, kind, text, asked_by, to_organisation_id, region, asked_at, due_on, overdue, answer, answered_at"
INSERT = """
INSERT INTO enquiry (kind, text, asked_by, to_organisation_id, region, asked_at, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING enquiry_id
"""
# By a confirmed organisation, asked by name or on duty in the region; by others through the regions that they answer for.
REACHED = """
(EXISTS (SELECT FROM organisation o WHERE o.organisation_id = $2 AND o.is_confirmed AND (e.to_organisation_id = $2 OR (
    e.to_organisation_id IS NULL AND EXISTS (SELECT FROM region r WHERE r.code = e.region AND r.duty_organisation_id = $2))))
OR (e.to_organisation_id IS NULL AND EXISTS (
    SELECT FROM unnest($3::text[]) AS own WHERE e.region = own OR starts_with(e.region, own || '-'))))
"""
SAVE_ANSWER = "UPDATE enquiry SET answer = $2, answered_at = $3, answered_by_organisation_id = $4 WHERE enquiry_id = $1"
LIST = f"""
SELECT {COLUMNS} FROM enquiry e WHERE enquiry_id > $1 AND (asked_by = $4 OR {REACHED}) ORDER BY enquiry_id LIMIT $5
"""


async def insert_enquiry(tx: Tx, asked: tuple[str, str], to_organisation_id: UUID | None, region: str, due_on: date) -> UUID:
    """`asked` is (kind, text)."""
    enquiry_id: UUID = await tx.connection.fetchval(INSERT, *asked, tx.caller.sub, to_organisation_id, region, tx.now, due_on)
    return enquiry_id


async def is_reached(tx: Tx, enquiry_id: UUID, reach: Reach) -> bool:
    statement = f"SELECT EXISTS (SELECT FROM enquiry e WHERE enquiry_id = $1 AND {REACHED})"
    answer: bool = await tx.connection.fetchval(statement, enquiry_id, *reach)
    return answer


async def lock_enquiry(tx: Tx, enquiry_id: UUID) -> Enquiry:
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM enquiry WHERE enquiry_id = $1 FOR NO KEY UPDATE", enquiry_id)
    if row is None:
        raise NotFound("enquiry")
    return Enquiry(**dict(row))


async def save_answer(tx: Tx, enquiry_id: UUID, text: str) -> None:
    await tx.connection.execute(SAVE_ANSWER, enquiry_id, text, tx.now, tx.caller.organisation_id)


async def save_overdue(tx: Tx, enquiry_id: UUID) -> None:
    await tx.connection.execute("UPDATE enquiry SET overdue = true WHERE enquiry_id = $1", enquiry_id)


async def list_enquiries(tx: Tx, after: UUID, reach: Reach, limit: int) -> list[Enquiry]:
    """The caller's own, and those in its reach."""
    return [Enquiry(**dict(row)) for row in await tx.connection.fetch(LIST, after, *reach, tx.caller.sub, limit)]
