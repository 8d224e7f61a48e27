"""All SQL of instructions."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.monitoring.instruction.domain import Addressed, Correction, What
from shared.database import Connection, Record, Tx
from shared.errors import NotFound

PART = """
SELECT p.addressed_id, p.instruction_id, p.region, p.acknowledgement_due_at, p.acknowledged_at, p.acknowledgement_overdue_at,
       p.implementation_due_at, p.implemented_at, p.implementation_overdue_at, p.evidence,
       i.closed_at IS NOT NULL OR i.error_at IS NOT NULL AS closed
FROM instruction_region p JOIN instruction i USING (instruction_id)
"""


async def insert_instruction(tx: Tx, instruction_id: UUID, title: str, measure: str | None, due_on: date) -> None:
    sql = "INSERT INTO instruction (instruction_id, title, measure, issued_at, due_on) VALUES ($1, $2, $3, $4, $5)"
    await tx.connection.execute(sql, instruction_id, title, measure, tx.now, due_on)


async def insert_parts(
    tx: Tx, instruction_id: UUID, regions: Sequence[str], acknowledgement_due_at: datetime, implementation_due_at: datetime
) -> list[UUID]:
    """Answers the ids of the regions' parts, in the order of `regions`."""
    rows = await tx.connection.fetch(
        "INSERT INTO instruction_region (instruction_id, region, acknowledgement_due_at, implementation_due_at)"
        " SELECT $1, region, $3, $4 FROM unnest($2::text[]) AS r(region) RETURNING addressed_id",
        instruction_id,
        regions,
        acknowledgement_due_at,
        implementation_due_at,
    )
    return [row["addressed_id"] for row in rows]


async def lock_part(tx: Tx, instruction_id: UUID, region: str) -> Addressed:
    """Raises NotFound("instruction")."""
    sql = f"{PART} WHERE p.instruction_id = $1 AND p.region = $2 FOR NO KEY UPDATE OF p"
    return _part(await tx.connection.fetchrow(sql, instruction_id, region))


async def lock_part_of(tx: Tx, addressed_id: UUID) -> Addressed:
    """Raises NotFound("instruction")."""
    return _part(await tx.connection.fetchrow(f"{PART} WHERE p.addressed_id = $1 FOR NO KEY UPDATE OF p", addressed_id))


def _part(row: Record | None) -> Addressed:
    if row is None:
        raise NotFound("instruction")
    return Addressed(**dict(row))


async def save_part(tx: Tx, part: Addressed) -> None:
    await tx.connection.execute(
        "UPDATE instruction_region SET acknowledged_at = $2, acknowledgement_overdue_at = $3, implemented_at = $4,"
        " implementation_overdue_at = $5, evidence = $6 WHERE addressed_id = $1",
        part.addressed_id,
        part.acknowledged_at,
        part.acknowledgement_overdue_at,
        part.implemented_at,
        part.implementation_overdue_at,
        part.evidence,
    )


async def lock_instruction(tx: Tx, instruction_id: UUID) -> Record:
    """Raises NotFound("instruction")."""
    row = await tx.connection.fetchrow("SELECT * FROM instruction WHERE instruction_id = $1 FOR NO KEY UPDATE", instruction_id)
    if row is None:
        raise NotFound("instruction")
    return row


async def save_closing(tx: Tx, instruction_id: UUID) -> None:
    await tx.connection.execute("UPDATE instruction SET closed_at = $2 WHERE instruction_id = $1", instruction_id, tx.now)


async def save_error(tx: Tx, instruction_id: UUID, reason: str) -> None:
    await tx.connection.execute(
        "UPDATE instruction SET error_at = $2, error_reason = $3 WHERE instruction_id = $1", instruction_id, tx.now, reason
    )


async def insert_correction(tx: Tx, part: Addressed, what: What, reason: str) -> None:
    """`part`: as it stood."""
    said_at, evidence = (part.acknowledged_at, None) if what == "acknowledgement" else (part.implemented_at, part.evidence)
    sql = """
    INSERT INTO instruction_correction (addressed_id, what, said_at, evidence, taken_back_at, reason) VALUES ($1, $2, $3, $4, $5, $6)
    """
    await tx.connection.execute(sql, part.addressed_id, what, said_at, evidence, tx.now, reason)


async def list_corrections(tx: Tx, parts: Sequence[Addressed]) -> list[tuple[UUID, Correction]]:
    """With the ids of the parts, in the order in which they were made."""
    sql = "SELECT * FROM instruction_correction WHERE addressed_id = ANY($1::uuid[]) ORDER BY correction_id"
    rows = await tx.connection.fetch(sql, [part.addressed_id for part in parts])
    return [(row["addressed_id"], Correction(**{name: row[name] for name in Correction.model_fields})) for row in rows]


async def list_instructions(
    tx: Tx, regions: Sequence[str] | None, in_error: bool, before: tuple[datetime, UUID], limit: int
) -> list[Record]:
    """Newest first, from `before` on; with `regions` only those addressed to one of them or to a district below."""
    return await tx.connection.fetch(LIST, regions, *before, limit, in_error)


LIST = """
SELECT * FROM instruction i
WHERE (issued_at, instruction_id) < ($2, $3) AND (error_at IS NOT NULL) = $5
  AND ($1::text[] IS NULL OR EXISTS (
      SELECT FROM instruction_region p, unnest($1) AS held(region)
      WHERE p.instruction_id = i.instruction_id AND (p.region = held.region OR starts_with(p.region, held.region || '-'))))
ORDER BY issued_at DESC, instruction_id DESC LIMIT $4
"""


async def list_parts(connection: Connection, instruction_ids: Sequence[UUID]) -> list[Addressed]:
    """By region."""
    sql = f"{PART} WHERE p.instruction_id = ANY($1::uuid[]) ORDER BY p.instruction_id, p.region"
    return [Addressed(**dict(row)) for row in await connection.fetch(sql, instruction_ids)]


async def list_parts_issued_before(connection: Connection, before: date) -> list[tuple[datetime, Addressed]]:
    """With the time of issue; all there ever were, since a ministry issues few."""
    sql = PART.replace("SELECT ", "SELECT i.issued_at, ", 1) + "WHERE i.error_at IS NULL AND (i.issued_at AT TIME ZONE 'UTC')::date < $1"
    return [
        (row["issued_at"], Addressed(**{k: v for k, v in row.items() if k != "issued_at"})) for row in await connection.fetch(sql, before)
    ]
