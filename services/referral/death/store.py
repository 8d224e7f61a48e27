"""SQL of deaths: what was said of one, never edited, and what one stopped, kept until it is reversed."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.database import Record, Tx

Change = Literal["reported", "confirmed", "withdrawn", "reversed"]
INSERT_ENTRY = """
INSERT INTO death_entry (person_id, at, change, died_on, organisation_id, said_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
KEEP_STOPPED = """
INSERT INTO stopped_by_death (referral_id, person_id, status, answer_due_at, handover_due_at)
SELECT r.referral_id, r.person_id, r.status, a.due_at, h.due_at FROM referral r
LEFT JOIN deadline a ON a.kind = 'answer-due' AND a.subject_id = r.referral_id
LEFT JOIN deadline h ON h.kind = 'handover-due' AND h.subject_id = r.referral_id
WHERE r.person_id = $1 AND (r.status IN ('draft', 'requested', 'accepted', 'on-hold') OR h.due_at IS NOT NULL)
ON CONFLICT (referral_id) DO NOTHING
"""
TAKE_STOPPED = "DELETE FROM stopped_by_death WHERE person_id = $1 RETURNING referral_id, status, answer_due_at, handover_due_at"


async def insert_entry(tx: Tx, person_id: UUID, change: Change, on: date | None, organisation_id: UUID | None, reason: str | None) -> None:
    """`organisation_id`: whose it is; who said it is the caller."""
    said_by = None if tx.caller.is_process else tx.caller.sub
    await tx.connection.execute(INSERT_ENTRY, person_id, tx.now, change, on, organisation_id, said_by, reason)


async def find_reporter(tx: Tx, person_id: UUID) -> UUID | None:
    """The organisation that reported a death last."""
    statement = "SELECT organisation_id FROM death_entry WHERE person_id = $1 AND change = 'reported' ORDER BY death_entry_id DESC LIMIT 1"
    found: UUID | None = await tx.connection.fetchval(statement, person_id)
    return found


async def keep_stopped(tx: Tx, person_id: UUID) -> None:
    """The referrals that wait for something, as they stand before a death ends that."""
    await tx.connection.execute(KEEP_STOPPED, person_id)


async def take_stopped(tx: Tx, person_id: UUID) -> list[Record]:
    """The same, given back once, in the order of their ids."""
    return sorted(await tx.connection.fetch(TAKE_STOPPED, person_id), key=lambda row: str(row["referral_id"]))
