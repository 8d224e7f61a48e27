"""All SQL of concerns, one statement a function. Codes and words stand in different columns, so that an erasure takes the words alone."""

import json
from datetime import datetime
from uuid import UUID

from services.family.concern.domain import Concern, Reader, SeenSign
from services.family.person.domain import RIGHTS
from shared.database import Record, Row, Tx
from shared.errors import NotFound

# Whom the link names, if this caller may use it; else the caller's own person; else nobody: one statement, whatever is known.
INSERT = """
INSERT INTO concern (concern_id, raised_by, raised_by_organisation_id, raised_at, severity, signs, changes, description, worldview,
                     region, person_id, linked)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,
       coalesce($10, p.region, g.region), coalesce(l.person_id, o.person_id), l.person_id IS NOT NULL
FROM (SELECT $11::uuid AS link, $12::uuid AS own, $13::uuid AS organisation_id) a
LEFT JOIN contact o ON o.contact_id = a.own AND o.error_at IS NULL
LEFT JOIN contact l ON l.contact_id = a.link AND l.error_at IS NULL AND (l.contact_id = a.own OR EXISTS (
    SELECT FROM relation r WHERE r.person_id = l.person_id AND r.organisation_id = a.organisation_id AND r.relation = ANY($14)))
LEFT JOIN person p ON p.person_id = coalesce(l.person_id, o.person_id)
LEFT JOIN organisation g ON g.organisation_id = a.organisation_id
"""
# $1 the reading organisation, $2 the relations that count, $3 the regions on duty. An unconfirmed organisation reads none.
UNCONFIRMED = "SELECT FROM organisation u WHERE NOT u.is_confirmed AND u.organisation_id ="
READING = f"""SELECT FROM relation r WHERE r.person_id = c.person_id AND r.relation = ANY($2::text[])
    AND NOT EXISTS ({UNCONFIRMED} r.organisation_id)"""
# What an erasure left of a concern (its changes are gone) reaches nobody.
REACHED = f"""(EXISTS ({READING} AND r.organisation_id = $1) OR (
    c.changes IS NOT NULL AND NOT EXISTS ({READING}) AND NOT EXISTS ({UNCONFIRMED} $1)
    AND EXISTS (SELECT FROM unnest($3::text[]) AS held(code)
                WHERE c.region IS NULL OR c.region = held.code OR starts_with(c.region, held.code || '-'))))"""


async def insert_concern(tx: Tx, c: Concern, link: UUID | None, own: UUID | None, organisation_id: UUID | None) -> None:
    """Keep it; the statement finds the person by the link that `own` or `organisation_id` may use, else by `own`."""
    await tx.connection.execute(INSERT, *_columns(c), link, own, organisation_id, RIGHTS["read-case"])


def _columns(c: Concern) -> Row:
    changes = json.dumps({s.sign: s.model_dump(exclude={"sign"}) for s in c.signs})
    return (
        c.concern_id,
        c.raised_by,
        c.raised_by_organisation_id,
        c.raised_at,
        c.severity,
        [s.sign for s in c.signs],
        changes,
        c.description,
        c.worldview,
        c.region,
    )


def _concern(row: Record) -> Concern:
    changes = json.loads(row["changes"] or "{}")
    signs = [SeenSign(sign=code, **changes.get(code, {})) for code in row["signs"]]
    return Concern.model_validate({**row, "signs": signs, "former_answers": json.loads(row["former_answers"])})


async def lock_concern(tx: Tx, concern_id: UUID) -> Concern:
    row = await tx.connection.fetchrow("SELECT * FROM concern WHERE concern_id = $1 FOR NO KEY UPDATE", concern_id)
    if row is None:
        raise NotFound("concern")
    return _concern(row)


async def lock_raised(tx: Tx, raised_by: str, person_id: UUID) -> list[Concern]:
    """What this `sub` raised of a person."""
    rows = await tx.connection.fetch(
        "SELECT * FROM concern WHERE raised_by = $1 AND person_id = $2 ORDER BY concern_id FOR NO KEY UPDATE", raised_by, person_id
    )
    return [_concern(row) for row in rows]


async def is_reached(tx: Tx, concern_id: UUID, reader: Reader) -> bool:
    """Whether somebody reads this concern: for the person's organisations, else for who is on duty in its region."""
    reached: bool = await tx.connection.fetchval(
        f"SELECT EXISTS (SELECT FROM concern c WHERE c.concern_id = $4 AND {REACHED})", *_reader(reader), concern_id
    )
    return reached


async def list_reached(tx: Tx, reader: Reader, in_error: bool, before: tuple[datetime, UUID], limit: int) -> list[Concern]:
    """Those that reach the reader and those its organisation raised, newest first: those that stand, or those entered in error.

    What its organisation raised and another entered in error is among both.
    """
    rows = await tx.connection.fetch(
        f"SELECT * FROM (SELECT c.*, {REACHED} AS is_reached FROM concern c) c"
        " WHERE (is_reached OR raised_by_organisation_id = $1) AND (raised_at, concern_id) < ($4, $5)"
        " AND CASE WHEN $7 THEN error_at IS NOT NULL ELSE error_at IS NULL"
        "     OR (raised_by_organisation_id = $1 AND error_by_organisation_id IS DISTINCT FROM $1) END"
        " ORDER BY raised_at DESC, concern_id DESC LIMIT $6",
        *_reader(reader),
        *before,
        limit,
        in_error,
    )
    return [_concern(row) for row in rows]


def _reader(reader: Reader) -> tuple[object, ...]:
    return reader.organisation_id, RIGHTS["read-case"], reader.regions


async def list_raised(tx: Tx, raiser: tuple[str, UUID | None], in_error: bool, before: tuple[datetime, UUID], limit: int) -> list[Concern]:
    """By a `sub`, newest first: those that stand, or those entered in error; what somebody else entered so is among both.

    The other part of `raiser`: the contact that asks; one that was entered in error sees none.
    """
    rows = await tx.connection.fetch(
        "SELECT c.* FROM concern c WHERE raised_by = $1 AND (c.raised_at, c.concern_id) < ($2, $3)"
        " AND NOT EXISTS (SELECT FROM contact o WHERE o.contact_id = $5 AND o.error_at IS NOT NULL)"
        " AND CASE WHEN $6 THEN c.error_at IS NOT NULL ELSE c.error_at IS NULL OR c.error_by <> c.raised_by END"
        " ORDER BY c.raised_at DESC, c.concern_id DESC LIMIT $4",
        raiser[0],
        *before,
        limit,
        raiser[1],
        in_error,
    )
    return [_concern(row) for row in rows]


async def save_concern(tx: Tx, c: Concern) -> None:
    await tx.connection.execute(
        "UPDATE concern SET read_at = $2, answered_at = $3, measure = $4, note = $5, escalated_at = $6, answered_by = $7,"
        " answered_by_organisation_id = $8, former_answers = $9 WHERE concern_id = $1",
        c.concern_id,
        c.read_at,
        c.answered_at,
        c.measure,
        c.note,
        c.escalated_at,
        c.answered_by,
        c.answered_by_organisation_id,
        json.dumps([former.model_dump(mode="json") for former in c.former_answers]),
    )


async def save_error(tx: Tx, c: Concern) -> None:
    await tx.connection.execute(
        "UPDATE concern SET error_reason = $2, error_at = $3, error_by = $4, error_by_organisation_id = $5 WHERE concern_id = $1",
        c.concern_id,
        c.error_reason,
        c.error_at,
        c.error_by,
        c.error_by_organisation_id,
    )


async def save_told(tx: Tx, concern_id: UUID) -> None:
    await tx.connection.execute("UPDATE concern SET told_at = $2 WHERE concern_id = $1", concern_id, tx.now)


async def list_untold(tx: Tx, person_id: UUID) -> list[UUID]:
    """The linked ones of a person that stand and that the other services have not heard of."""
    rows = await tx.connection.fetch(
        "SELECT concern_id FROM concern WHERE person_id = $1 AND linked AND told_at IS NULL AND error_at IS NULL ORDER BY concern_id",
        person_id,
    )
    return [row["concern_id"] for row in rows]


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE concern SET person_id = $2 WHERE person_id = $1", person_id, into_id)


async def save_erased(tx: Tx, person_id: UUID) -> None:
    """The link and the words go, the codes stay."""
    await tx.connection.execute(
        "UPDATE concern SET person_id = NULL, linked = false, description = NULL, changes = NULL, note = NULL, former_answers = '[]'"
        " WHERE person_id = $1",
        person_id,
    )
