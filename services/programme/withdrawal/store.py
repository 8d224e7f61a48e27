"""All SQL about withdrawal scores."""

from datetime import date
from uuid import UUID

from services.programme.withdrawal.domain import Withdrawal
from shared.database import Tx

SAVE = """
INSERT INTO withdrawal_score AS w (journey_id, scored_on, score, organisation_id, date_reason)
SELECT $1, scored_on, score, $4, $5 FROM unnest($2::date[], $3::smallint[]) AS n(scored_on, score)
ON CONFLICT (journey_id, scored_on) DO UPDATE
SET score = EXCLUDED.score, organisation_id = EXCLUDED.organisation_id, date_reason = EXCLUDED.date_reason
WHERE w.score <> EXCLUDED.score
RETURNING scored_on, score
"""
OF_ANOTHER = """
SELECT EXISTS (
    SELECT FROM withdrawal_score w JOIN unnest($2::date[], $3::smallint[]) AS n(scored_on, score) USING (scored_on)
    WHERE w.journey_id = $1 AND w.score <> n.score AND w.organisation_id IS DISTINCT FROM $4 AND NOT (w.organisation_id IS NULL AND $5)
)
"""
ALL = "SELECT scored_on, score, organisation_id FROM withdrawal_score WHERE journey_id = $1"
FIND = f"{ALL} AND scored_on = $2"
LATEST = "SELECT scored_on, score FROM withdrawal_score WHERE journey_id = $1 ORDER BY scored_on DESC LIMIT $2"


def _said(journey_id: UUID, scores: list[Withdrawal]) -> tuple[UUID, list[date], list[int]]:
    return journey_id, [score.on for score in scores], [score.score for score in scores]


async def has_of_another(tx: Tx, journey_id: UUID, scores: list[Withdrawal], is_alone: bool) -> bool:
    """Whether these would change what another organisation entered; of old rows nobody knows, unless the caller `is_alone`."""
    return bool(await tx.connection.fetchval(OF_ANOTHER, *_said(journey_id, scores), tx.caller.organisation_id, is_alone))


async def save_scores(tx: Tx, journey_id: UUID, scores: list[Withdrawal], date_reason: str | None) -> list[Withdrawal]:
    """Answers those that are new or changed."""
    rows = await tx.connection.fetch(SAVE, *_said(journey_id, scores), tx.caller.organisation_id, date_reason)
    return [Withdrawal(on=row["scored_on"], score=row["score"]) for row in rows]


async def find_score(tx: Tx, journey_id: UUID, day: date) -> tuple[Withdrawal, UUID | None] | None:
    """The score of a day and who entered it, None where that was not kept. Guarded by the journey's lock."""
    row = await tx.connection.fetchrow(FIND, journey_id, day)
    return (Withdrawal(on=row["scored_on"], score=row["score"]), row["organisation_id"]) if row else None


async def list_all(tx: Tx, journey_id: UUID) -> list[tuple[Withdrawal, UUID | None]]:
    """Every day's score and who entered it, by day. Guarded by the journey's lock."""
    rows = await tx.connection.fetch(f"{ALL} ORDER BY scored_on", journey_id)
    return [(Withdrawal(on=row["scored_on"], score=row["score"]), row["organisation_id"]) for row in rows]


async def delete_score(tx: Tx, journey_id: UUID, day: date) -> None:
    await tx.connection.execute("DELETE FROM withdrawal_score WHERE journey_id = $1 AND scored_on = $2", journey_id, day)


async def list_latest(tx: Tx, journey_id: UUID, limit: int) -> list[Withdrawal]:
    """The latest ones, oldest first."""
    rows = await tx.connection.fetch(LATEST, journey_id, limit)
    return [Withdrawal(on=row["scored_on"], score=row["score"]) for row in reversed(rows)]
