"""SQL of motivating acts and what came of them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.database import Tx

INSERT = """
INSERT INTO motivation (referral_id, kind, by_role, acted_on, organisation_id) VALUES ($1, $2, $3, $4, $5) RETURNING motivation_id
"""
FIGURES = """
WITH answered AS (
    SELECT r.referral_id, coalesce((
        SELECT h.to_status = 'accepted' FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.change = 'status' AND h.to_status IN ('requested', 'rejected', 'accepted')
        ORDER BY h.history_id DESC LIMIT 1), false) AS accepted
    FROM referral r WHERE r.from_organisation_id = $1 AND r.status NOT IN ('draft', 'requested', 'entered-in-error')
        AND EXISTS (SELECT FROM case_relation c WHERE c.person_id = r.person_id AND c.organisation_id = $1)
)
SELECT k.kind,
    count(*) FILTER (WHERE m.kind IS NOT NULL) AS answered_with,
    count(*) FILTER (WHERE m.kind IS NOT NULL AND a.accepted) AS accepted_with,
    count(*) FILTER (WHERE m.kind IS NULL) AS answered_without,
    count(*) FILTER (WHERE m.kind IS NULL AND a.accepted) AS accepted_without
FROM unnest($2::text[]) WITH ORDINALITY AS k(kind, place) CROSS JOIN answered a
LEFT JOIN LATERAL (
    SELECT m.kind FROM motivation m WHERE m.referral_id = a.referral_id AND m.kind = k.kind AND m.error_at IS NULL LIMIT 1) m ON true
GROUP BY k.kind, k.place ORDER BY k.place
"""


class Acceptance(BaseModel):
    """Of the answered referrals of an organisation, how many were accepted: with an act of this kind and without.

    Those count whose persons it has a relation to.
    """

    kind: str
    answered_with: int
    accepted_with: int
    answered_without: int
    accepted_without: int


class Act(BaseModel):
    """A motivating act as it is shown. `error_at`: it was entered in error."""

    motivation_id: UUID
    kind: str
    by_role: str
    acted_on: date
    organisation_id: UUID
    error_at: datetime | None = None
    error_reason: str | None = None
    error_by_organisation_id: UUID | None = None


async def insert_act(tx: Tx, referral_id: UUID, act: tuple[str, str, date], organisation_id: UUID) -> UUID:
    motivation_id: UUID = await tx.connection.fetchval(INSERT, referral_id, *act, organisation_id)
    return motivation_id


async def find_maker(tx: Tx, referral_id: UUID, motivation_id: UUID) -> UUID | None:
    """The organisation that entered this act of this referral."""
    statement = "SELECT organisation_id FROM motivation WHERE motivation_id = $2 AND referral_id = $1"
    made_by: UUID | None = await tx.connection.fetchval(statement, referral_id, motivation_id)
    return made_by


async def save_error(tx: Tx, motivation_id: UUID, reason: str) -> None:
    """What was said first stays."""
    statement = """
    UPDATE motivation SET error_at = $2, error_reason = $3, error_by_organisation_id = $4 WHERE motivation_id = $1 AND error_at IS NULL
    """
    await tx.connection.execute(statement, motivation_id, tx.now, reason, tx.caller.organisation_id)


async def list_acts(tx: Tx, referral_id: UUID, in_error: bool) -> list[Act]:
    statement = """
    SELECT motivation_id, kind, by_role, acted_on, organisation_id, error_at, error_reason, error_by_organisation_id
    FROM motivation WHERE referral_id = $1 AND (error_at IS NOT NULL) = $2 ORDER BY acted_on, motivation_id
    """
    return [Act(**dict(row)) for row in await tx.connection.fetch(statement, referral_id, in_error)]


async def count_acceptance(tx: Tx, organisation_id: UUID, kinds: list[str]) -> list[Acceptance]:
    return [Acceptance(**dict(row)) for row in await tx.connection.fetch(FIGURES, organisation_id, kinds)]
