"""SQL of disclosures: written and read, never changed."""

from uuid import UUID

from services.referral.disclosure.domain import Disclosure
from shared.database import Tx

INSERT = """
INSERT INTO disclosure (person_id, to_organisation_id, what, consent_id, emergency_access_id, at) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def insert_disclosure(
    tx: Tx, person_id: UUID, to_organisation_id: UUID, what: str, consent_id: UUID | None = None, emergency_access_id: UUID | None = None
) -> None:
    """Under a consent or in an emergency: one of the two."""
    await tx.connection.execute(INSERT, person_id, to_organisation_id, what, consent_id, emergency_access_id, tx.now)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Disclosure]:
    statement = """
    SELECT disclosure_id, consent_id, emergency_access_id, to_organisation_id, what, at FROM disclosure
    WHERE person_id = $1 AND disclosure_id > $2 ORDER BY disclosure_id LIMIT $3
    """
    return [Disclosure(**dict(row)) for row in await tx.connection.fetch(statement, person_id, after, limit)]
