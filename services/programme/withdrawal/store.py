"""All SQL about withdrawal scores."""

from uuid import UUID

from services.programme.withdrawal.domain import Withdrawal
from shared.database import Tx

SAVE = """
INSERT INTO withdrawal_score AS w (journey_id, scored_on, score)
SELECT $1, scored_on, score FROM unnest($2::date[], $3::smallint[]) AS n(scored_on, score)
ON CONFLICT (journey_id, scored_on) DO UPDATE SET score = EXCLUDED.score WHERE w.score <> EXCLUDED.score
RETURNING scored_on, score
"""
LATEST = "SELECT scored_on, score FROM withdrawal_score WHERE journey_id = $1 ORDER BY scored_on DESC LIMIT $2"


async def save_scores(tx: Tx, journey_id: UUID, scores: list[Withdrawal]) -> list[Withdrawal]:
    """Answers those that are new or changed."""
    rows = await tx.connection.fetch(SAVE, journey_id, [score.on for score in scores], [score.score for score in scores])
    return [Withdrawal(on=row["scored_on"], score=row["score"]) for row in rows]


async def list_latest(tx: Tx, journey_id: UUID, limit: int) -> list[Withdrawal]:
    """The latest ones, oldest first."""
    rows = await tx.connection.fetch(LATEST, journey_id, limit)
    return [Withdrawal(on=row["scored_on"], score=row["score"]) for row in reversed(rows)]
