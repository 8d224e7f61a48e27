"""SQL of consents."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.referral.consent.domain import Consent
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = """
consent_id, person_id, scope, discloser_organisation_id, to_organisation_id, purpose, given_on, given_by, how, until, guardian_id,
    rests_on, revoked_at
"""
INSERT = """
INSERT INTO consent (consent_id, person_id, scope, discloser_organisation_id, to_organisation_id, purpose, given_on, given_by, how, until,
    guardian_id, rests_on, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
# What an organisation was let tell is shown no longer than it has a relation itself: none is left to who accepted and was cancelled.
# What was asked for by a referral is shown no longer than that referral asks the one who asked, or a stay came of it.
# Both hold of every consent on which it rests, too.
VALID = """
SELECT consent_id FROM consent c
WHERE person_id = $1 AND to_organisation_id = $2 AND scope = ANY($3::text[]) AND revoked_at IS NULL AND (until IS NULL OR until >= $4)
    AND NOT EXISTS (
        WITH RECURSIVE ground AS (
            SELECT c.consent_id, c.rests_on, c.discloser_organisation_id, c.to_organisation_id
            UNION SELECT g.consent_id, g.rests_on, g.discloser_organisation_id, g.to_organisation_id
            FROM consent g JOIN ground ON g.consent_id = ground.rests_on)
        SELECT FROM ground
        WHERE NOT EXISTS (SELECT FROM case_relation r WHERE r.person_id = $1 AND r.organisation_id = ground.discloser_organisation_id)
            OR EXISTS (SELECT FROM consent_request q JOIN referral f USING (referral_id) WHERE q.consent_id = ground.consent_id
                AND NOT f.has_started AND (f.to_organisation_id IS DISTINCT FROM ground.to_organisation_id
                    OR f.status IN ('rejected', 'cancelled', 'failed', 'entered-in-error'))))
ORDER BY until DESC NULLS FIRST, consent_id LIMIT 1
FOR SHARE OF c
"""
RESTING = f"""
WITH RECURSIVE resting AS (
    SELECT consent_id FROM consent WHERE rests_on = ANY($1::uuid[])
    UNION SELECT c.consent_id FROM consent c JOIN resting r ON c.rests_on = r.consent_id)
SELECT {COLUMNS} FROM consent WHERE consent_id IN (SELECT consent_id FROM resting) AND revoked_at IS NULL
ORDER BY consent_id FOR NO KEY UPDATE
"""


async def insert_consent(tx: Tx, consent: Consent) -> None:
    values = consent.model_dump(exclude={"revoked_at"})
    await tx.connection.execute(INSERT, *values.values(), tx.now)


async def lock_consent(tx: Tx, person_id: UUID, consent_id: UUID) -> Consent:
    statement = f"SELECT {COLUMNS} FROM consent WHERE consent_id = $1 AND person_id = $2 FOR NO KEY UPDATE"
    row = await tx.connection.fetchrow(statement, consent_id, person_id)
    if row is None:
        raise NotFound("consent")
    return Consent(**dict(row))


async def is_recipient(tx: Tx, person_id: UUID, consent_id: UUID) -> bool:
    """Whether the consent lets the caller's organisation be told."""
    statement = "SELECT EXISTS (SELECT FROM consent WHERE consent_id = $1 AND person_id = $2 AND to_organisation_id = $3)"
    return bool(await tx.connection.fetchval(statement, consent_id, person_id, tx.caller.organisation_id))


async def lock_given_by(tx: Tx, person_id: UUID, givers: Sequence[str]) -> list[Consent]:
    """Those still standing, whoever of `givers` gave them."""
    statement = f"""
    SELECT {COLUMNS} FROM consent WHERE person_id = $1 AND given_by = ANY($2::text[]) AND revoked_at IS NULL
    ORDER BY consent_id FOR NO KEY UPDATE
    """
    return [Consent(**dict(row)) for row in await tx.connection.fetch(statement, person_id, list(givers))]


async def lock_resting(tx: Tx, consent_ids: Sequence[UUID]) -> list[Consent]:
    """Those still standing that rest on one of these, at any remove."""
    rows = await tx.connection.fetch(RESTING, list(consent_ids))
    return [Consent(**dict(row)) for row in rows]


async def save_revocation(tx: Tx, consent_id: UUID) -> None:
    await tx.connection.execute("UPDATE consent SET revoked_at = $2 WHERE consent_id = $1", consent_id, tx.now)


async def list_consents(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Consent]:
    statement = f"SELECT {COLUMNS} FROM consent WHERE person_id = $1 AND consent_id > $2 ORDER BY consent_id LIMIT $3"
    return [Consent(**dict(row)) for row in await tx.connection.fetch(statement, person_id, after, limit)]


async def get_until(tx: Tx, consent_id: UUID) -> date | None:
    until: date | None = await tx.connection.fetchval("SELECT until FROM consent WHERE consent_id = $1", consent_id)
    return until


async def find_valid(tx: Tx, person_id: UUID, to_organisation_id: UUID, today: date, scopes: Sequence[str]) -> UUID | None:
    """A consent by which `to` may be told one of `scopes`, locked against a revocation until this transaction ends."""
    found: UUID | None = await tx.connection.fetchval(VALID, person_id, to_organisation_id, list(scopes), today)
    return found
