"""All SQL about adaptation steps."""

from uuid import UUID

from services.programme.adaptation.domain import AdaptationStep
from shared.database import Tx

SAVE = """
INSERT INTO adaptation_step (step_id, journey_id, kind, planned_on, reached_on) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (step_id) DO UPDATE SET reached_on = EXCLUDED.reached_on
"""
LIST = "SELECT step_id, kind, planned_on, reached_on FROM adaptation_step WHERE journey_id = $1 ORDER BY planned_on, step_id LIMIT 200"


async def save_step(tx: Tx, journey_id: UUID, step: AdaptationStep) -> None:
    await tx.connection.execute(SAVE, step.step_id, journey_id, step.kind, step.planned_on, step.reached_on)


async def find_step(tx: Tx, journey_id: UUID, step_id: UUID) -> AdaptationStep | None:
    """Guarded by the journey's lock."""
    return next((step for step in await list_steps(tx, journey_id) if step.step_id == step_id), None)


async def list_steps(tx: Tx, journey_id: UUID) -> list[AdaptationStep]:
    return [AdaptationStep.model_validate(dict(row)) for row in await tx.connection.fetch(LIST, journey_id)]
