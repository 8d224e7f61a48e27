"""SQL of disclosures: written and read, never changed."""

from uuid import UUID

from services.referral.disclosure.domain import Disclosure
from shared.database import Tx


async def insert_disclosure(tx: Tx, person_id: UUID, consent_id: UUID, to_organisation_id: UUID, what: str) -> None:
    statement = "INSERT INTO disclosure (person_id, consent_id, to_organisation_id, what, at) VALUES ($1, $2, $3, $4, $5)"
    await tx.connection.execute(statement, person_id, consent_id, to_organisation_id, what, tx.now)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Disclosure]:
    statement = """
    SELECT disclosure_id, consent_id, to_organisation_id, what, at FROM disclosure
    WHERE person_id = $1 AND disclosure_id > $2 ORDER BY disclosure_id LIMIT $3
    """
    return [Disclosure(**dict(row)) for row in await tx.connection.fetch(statement, person_id, after, limit)]
