"""SQL of relations."""

from uuid import UUID

from shared.database import Tx


async def is_related(tx: Tx, person_id: UUID, organisation_id: UUID) -> bool:
    """One answer and no row: the login of the API reads no fact of a person."""
    answer: bool = await tx.connection.fetchval("SELECT relates($1, $2)", person_id, organisation_id)
    return answer
