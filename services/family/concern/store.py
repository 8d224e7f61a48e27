"""All SQL of concerns, one statement a function. Codes and words stand in different columns, so that an erasure takes the words alone."""

import json
from datetime import datetime
from uuid import UUID

from services.family.concern.domain import Concern, SeenSign
from shared.database import Record, Row, Tx
from shared.errors import NotFound

REACHED = """(EXISTS (SELECT FROM person_organisation r WHERE r.person_id = c.person_id AND r.organisation_id = $1 AND r.ended_at IS NULL)
    OR c.raised_by_organisation_id = $1 OR ($2 AND c.person_id IS NULL AND c.raised_by_organisation_id IS NULL))"""


async def insert_concern(tx: Tx, c: Concern) -> None:
    await tx.connection.execute(
        "INSERT INTO concern (concern_id, person_id, linked, raised_by, raised_by_organisation_id, raised_at, severity, signs, changes,"
        " description, worldview) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *_columns(c),
    )


def _columns(c: Concern) -> Row:
    changes = json.dumps({s.sign: s.model_dump(exclude={"sign"}) for s in c.signs})
    return (
        c.concern_id,
        c.person_id,
        c.linked,
        c.raised_by,
        c.raised_by_organisation_id,
        c.raised_at,
        c.severity,
        [s.sign for s in c.signs],
        changes,
        c.description,
        c.worldview,
    )


def _concern(row: Record) -> Concern:
    changes = json.loads(row["changes"] or "{}")
    signs = [SeenSign(sign=code, **changes.get(code, {})) for code in row["signs"]]
    return Concern.model_validate({**row, "signs": signs})


async def lock_concern(tx: Tx, concern_id: UUID) -> Concern:
    row = await tx.connection.fetchrow("SELECT * FROM concern WHERE concern_id = $1 FOR NO KEY UPDATE", concern_id)
    if row is None:
        raise NotFound("concern")
    return _concern(row)


async def is_reached(tx: Tx, concern_id: UUID, organisation_id: UUID | None, is_safeguarding: bool) -> bool:
    """Whether an organisation reads this concern: its family's, one it raised, or for safeguarding one that reaches nobody else."""
    reached: bool = await tx.connection.fetchval(
        f"SELECT EXISTS (SELECT FROM concern c WHERE c.concern_id = $3 AND {REACHED})", organisation_id, is_safeguarding, concern_id
    )
    return reached


async def list_reached(
    tx: Tx, organisation_id: UUID | None, is_safeguarding: bool, before: tuple[datetime, UUID], limit: int
) -> list[Concern]:
    """Newest first."""
    rows = await tx.connection.fetch(
        f"SELECT c.* FROM concern c WHERE {REACHED} AND (c.raised_at, c.concern_id) < ($3, $4)"
        " ORDER BY c.raised_at DESC, c.concern_id DESC LIMIT $5",
        organisation_id,
        is_safeguarding,
        *before,
        limit,
    )
    return [_concern(row) for row in rows]


async def list_raised(tx: Tx, raised_by: str, before: tuple[datetime, UUID], limit: int) -> list[Concern]:
    """Newest first."""
    rows = await tx.connection.fetch(
        "SELECT c.* FROM concern c WHERE raised_by = $1 AND (c.raised_at, c.concern_id) < ($2, $3)"
        " ORDER BY c.raised_at DESC, c.concern_id DESC LIMIT $4",
        raised_by,
        *before,
        limit,
    )
    return [_concern(row) for row in rows]


async def save_concern(tx: Tx, c: Concern) -> None:
    await tx.connection.execute(
        "UPDATE concern SET read_at = $2, answered_at = $3, measure = $4, note = $5, escalated_at = $6 WHERE concern_id = $1",
        c.concern_id,
        c.read_at,
        c.answered_at,
        c.measure,
        c.note,
        c.escalated_at,
    )


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE concern SET person_id = $2 WHERE person_id = $1", person_id, into_id)


async def save_erased(tx: Tx, person_id: UUID) -> None:
    """The link and the words go, the codes stay."""
    await tx.connection.execute(
        "UPDATE concern SET person_id = NULL, linked = false, description = NULL, changes = NULL, note = NULL WHERE person_id = $1",
        person_id,
    )
