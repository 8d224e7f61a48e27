"""All SQL about adaptation steps."""

from uuid import UUID

from services.programme.adaptation.domain import AdaptationStep
from shared.database import Tx

SAVE = """
INSERT INTO adaptation_step (step_id, journey_id, kind, planned_on, reached_on, organisation_id, reached_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (step_id) DO UPDATE SET kind = EXCLUDED.kind, planned_on = EXCLUDED.planned_on, reached_on = EXCLUDED.reached_on,
    reached_by = EXCLUDED.reached_by
"""
SELECT = (
    "SELECT step_id, kind, planned_on, reached_on, organisation_id AS entered_by, reached_by FROM adaptation_step WHERE journey_id = $1"
)
FIND = f"{SELECT} AND step_id = $2"
ALL = f"{SELECT} ORDER BY planned_on, step_id"
LIST = f"{ALL} LIMIT 200"


async def save_step(tx: Tx, journey_id: UUID, step: AdaptationStep) -> None:
    said = (step.step_id, journey_id, step.kind, step.planned_on, step.reached_on, step.entered_by, step.reached_by)
    await tx.connection.execute(SAVE, *said)


async def find_step(tx: Tx, journey_id: UUID, step_id: UUID) -> AdaptationStep | None:
    """Guarded by the journey's lock."""
    row = await tx.connection.fetchrow(FIND, journey_id, step_id)
    return AdaptationStep.model_validate(dict(row)) if row else None


async def list_all(tx: Tx, journey_id: UUID) -> list[AdaptationStep]:
    """Guarded by the journey's lock."""
    return [AdaptationStep.model_validate(dict(row)) for row in await tx.connection.fetch(ALL, journey_id)]


async def delete_step(tx: Tx, step_id: UUID) -> None:
    await tx.connection.execute("DELETE FROM adaptation_step WHERE step_id = $1", step_id)


async def list_steps(tx: Tx, journey_id: UUID) -> list[AdaptationStep]:
    return [AdaptationStep.model_validate(dict(row)) for row in await tx.connection.fetch(LIST, journey_id)]
