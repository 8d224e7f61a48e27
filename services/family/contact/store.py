"""All SQL of contacts, one statement a function."""

from uuid import UUID

from services.family.contact.domain import Contact
from shared.database import Tx
from shared.errors import NotFound


async def insert_contact(tx: Tx, contact: Contact) -> None:
    await tx.connection.execute(
        "INSERT INTO contact (contact_id, person_id, name, relation, kind, majority, language, email, organisation_id, added_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *contact.model_dump().values(),
    )


async def get_contact(tx: Tx, contact_id: UUID) -> Contact:
    row = await tx.connection.fetchrow("SELECT * FROM contact WHERE contact_id = $1", contact_id)
    if row is None:
        raise NotFound("contact")
    return Contact.model_validate(dict(row))


async def find_contact(tx: Tx, contact_id: UUID) -> Contact | None:
    row = await tx.connection.fetchrow("SELECT * FROM contact WHERE contact_id = $1", contact_id)
    return Contact.model_validate(dict(row)) if row else None


async def lock_contact(tx: Tx, contact_id: UUID) -> Contact:
    row = await tx.connection.fetchrow("SELECT * FROM contact WHERE contact_id = $1 FOR NO KEY UPDATE", contact_id)
    if row is None:
        raise NotFound("contact")
    return Contact.model_validate(dict(row))


async def list_contacts(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Contact]:
    rows = await tx.connection.fetch(
        "SELECT * FROM contact WHERE person_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3",
        person_id,
        after,
        limit,
    )
    return [Contact.model_validate(dict(row)) for row in rows]


async def save_language(tx: Tx, contact_id: UUID, language: str) -> None:
    await tx.connection.execute("UPDATE contact SET language = $2 WHERE contact_id = $1", contact_id, language)


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE contact SET person_id = $2 WHERE person_id = $1", person_id, into_id)


async def delete_contacts(tx: Tx, person_id: UUID) -> None:
    """Permissions go with their contacts."""
    await tx.connection.execute("DELETE FROM contact WHERE person_id = $1", person_id)
