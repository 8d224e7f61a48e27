"""All SQL of contacts, one statement a function."""

from uuid import UUID

from services.family.contact.domain import Contact
from shared.database import Record, Tx
from shared.errors import NotFound

SELECT = """SELECT c.*, ARRAY(SELECT ARRAY[a.channel, a.address] FROM contact_address a WHERE a.contact_id = c.contact_id) AS addresses
FROM contact c"""


async def insert_contact(tx: Tx, contact: Contact) -> None:
    await tx.connection.execute(
        "INSERT INTO contact (contact_id, person_id, name, relation, kind, majority, language, organisation_id, added_at,"
        " added_by_organisation_id, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *contact.model_dump(exclude={"addresses", "error_reason", "error_at", "error_by", "error_by_organisation_id"}).values(),
    )


async def insert_addresses(tx: Tx, contact: Contact) -> None:
    await tx.connection.execute(
        "INSERT INTO contact_address (contact_id, channel, address) SELECT $1, * FROM unnest($2::text[], $3::text[])",
        contact.contact_id,
        list(contact.addresses),
        list(contact.addresses.values()),
    )


async def get_contact(tx: Tx, contact_id: UUID) -> Contact:
    row = await tx.connection.fetchrow(f"{SELECT} WHERE contact_id = $1", contact_id)
    if row is None:
        raise NotFound("contact")
    return _contact(row)


async def find_contact(tx: Tx, contact_id: UUID) -> Contact | None:
    row = await tx.connection.fetchrow(f"{SELECT} WHERE contact_id = $1", contact_id)
    return _contact(row) if row else None


async def lock_contact(tx: Tx, contact_id: UUID) -> Contact:
    row = await tx.connection.fetchrow(f"{SELECT} WHERE contact_id = $1 FOR NO KEY UPDATE OF c", contact_id)
    if row is None:
        raise NotFound("contact")
    return _contact(row)


async def list_contacts(tx: Tx, person_id: UUID, in_error: bool, after: UUID, limit: int) -> list[Contact]:
    rows = await tx.connection.fetch(
        f"{SELECT} WHERE person_id = $1 AND contact_id > $2 AND (error_at IS NOT NULL) = $4 ORDER BY contact_id LIMIT $3",
        person_id,
        after,
        limit,
        in_error,
    )
    return [_contact(row) for row in rows]


async def save_language(tx: Tx, contact_id: UUID, language: str) -> None:
    await tx.connection.execute("UPDATE contact SET language = $2 WHERE contact_id = $1", contact_id, language)


async def save_error(tx: Tx, contact_id: UUID, reason: str) -> None:
    """The row's lock is held."""
    await tx.connection.execute(
        "UPDATE contact SET error_reason = $2, error_at = $3, error_by = $4, error_by_organisation_id = $5 WHERE contact_id = $1",
        contact_id,
        reason,
        tx.now,
        tx.caller.sub,
        tx.caller.organisation_id,
    )


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE contact SET person_id = $2 WHERE person_id = $1", person_id, into_id)


async def delete_contacts(tx: Tx, person_id: UUID) -> None:
    """Permissions and addresses go with their contacts."""
    await tx.connection.execute("DELETE FROM contact WHERE person_id = $1", person_id)


def _contact(row: Record) -> Contact:
    return Contact.model_validate({**row, "addresses": dict(row["addresses"])})
