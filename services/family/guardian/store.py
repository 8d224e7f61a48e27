"""All SQL of guardians, one statement a function. Who may permit asks this table from permission's own store."""

from uuid import UUID

from services.family.guardian.domain import EndedBecause, Guardianship
from shared.database import Tx

END = "UPDATE guardianship SET ended_at = $2, ended_because = $3 WHERE ended_at IS NULL AND"


async def insert_guardianship(tx: Tx, g: Guardianship) -> None:
    await tx.connection.execute(
        "INSERT INTO guardianship (guardianship_id, contact_id, basis, until, named_at, named_by, named_by_organisation_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *g.model_dump(exclude={"ended_at", "ended_because"}).values(),
    )


async def has_lasting(tx: Tx, contact_id: UUID) -> bool:
    lasting: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM guardianship WHERE contact_id = $1 AND ended_at IS NULL)", contact_id
    )
    return lasting


async def find_person(tx: Tx, guardianship_id: UUID) -> UUID | None:
    """Whose guardian it makes; None: the contact was erased."""
    found: UUID | None = await tx.connection.fetchval(
        "SELECT person_id FROM guardianship JOIN contact USING (contact_id) WHERE guardianship_id = $1", guardianship_id
    )
    return found


async def end_one(tx: Tx, guardianship_id: UUID, because: EndedBecause) -> list[Guardianship]:
    rows = await tx.connection.fetch(f"{END} guardianship_id = $1 RETURNING *", guardianship_id, tx.now, because)
    return [Guardianship.model_validate(dict(row)) for row in rows]


async def end_of_contact(tx: Tx, contact_id: UUID, because: EndedBecause) -> list[Guardianship]:
    rows = await tx.connection.fetch(f"{END} contact_id = $1 RETURNING *", contact_id, tx.now, because)
    return [Guardianship.model_validate(dict(row)) for row in rows]


async def end_of_person(tx: Tx, person_id: UUID, because: EndedBecause) -> list[Guardianship]:
    rows = await tx.connection.fetch(
        f"{END} contact_id IN (SELECT contact_id FROM contact WHERE person_id = $1) RETURNING *", person_id, tx.now, because
    )
    return sorted((Guardianship.model_validate(dict(row)) for row in rows), key=lambda g: g.guardianship_id)


async def list_guardianships(tx: Tx, person_id: UUID) -> list[Guardianship]:
    """Ended ones too, the oldest first."""
    rows = await tx.connection.fetch(
        "SELECT g.* FROM guardianship g JOIN contact USING (contact_id) WHERE person_id = $1 ORDER BY named_at, guardianship_id", person_id
    )
    return [Guardianship.model_validate(dict(row)) for row in rows]
