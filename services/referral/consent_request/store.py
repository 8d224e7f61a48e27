"""SQL of requests for a consent."""

from uuid import UUID

from services.referral.consent_request.domain import Answer, ConsentRequest
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = """
consent_request_id, referral_id, person_id, scope, purpose, discloser_organisation_id, to_organisation_id, asked_at, status, consent_id
"""
INSERT = f"INSERT INTO consent_request ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
OPEN = f"SELECT {COLUMNS} FROM consent_request WHERE referral_id = $1 AND to_organisation_id = $2 AND scope = $3 AND status = 'asked'"
LIST = f"""
SELECT {COLUMNS} FROM consent_request
WHERE consent_request_id > $3 AND (person_id = $1 OR to_organisation_id = $2 OR (discloser_organisation_id = $2
    AND EXISTS (SELECT FROM case_relation r WHERE r.person_id = consent_request.person_id AND r.organisation_id = $2)))
ORDER BY consent_request_id LIMIT $4
"""


async def insert_request(tx: Tx, request: ConsentRequest) -> None:
    await tx.connection.execute(INSERT, *request.model_dump().values())


async def find_open(tx: Tx, referral_id: UUID, organisation_id: UUID, scope: str) -> ConsentRequest | None:
    """The same question, not answered yet. Call with the referral locked."""
    row = await tx.connection.fetchrow(OPEN, referral_id, organisation_id, scope)
    return ConsentRequest(**dict(row)) if row else None


async def lock_request(tx: Tx, consent_request_id: UUID) -> ConsentRequest:
    statement = f"SELECT {COLUMNS} FROM consent_request WHERE consent_request_id = $1 FOR NO KEY UPDATE"
    row = await tx.connection.fetchrow(statement, consent_request_id)
    if row is None:
        raise NotFound("consent-request")
    return ConsentRequest(**dict(row))


async def save_answer(tx: Tx, consent_request_id: UUID, status: Answer, consent_id: UUID | None) -> None:
    statement = "UPDATE consent_request SET status = $2, consent_id = $3, answered_at = $4 WHERE consent_request_id = $1"
    await tx.connection.execute(statement, consent_request_id, status, consent_id, tx.now)


async def list_requests(tx: Tx, own: UUID | None, organisation_id: UUID | None, after: UUID, limit: int) -> list[ConsentRequest]:
    """Of the person itself, or those that the organisation asked or is asked by."""
    return [ConsentRequest(**dict(row)) for row in await tx.connection.fetch(LIST, own, organisation_id, after, limit)]
