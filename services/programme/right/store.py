"""All SQL about relations to a person: registered, accepted, opened or had a stay."""

from uuid import UUID

from shared.database import Tx


async def has_relation(tx: Tx, person_id: UUID, organisation_id: UUID) -> bool:
    """Any of them. What an organisation accepted counts while the registry confirms it."""
    return bool(await tx.connection.fetchval("SELECT relates($1, $2)", person_id, organisation_id))
