"""All SQL about scores and goals."""

from uuid import UUID

from services.programme.functioning.domain import Functioning
from shared.database import Tx

SAVE = """
INSERT INTO functioning (journey_id, state) VALUES ($1, $2::jsonb) ON CONFLICT (journey_id) DO UPDATE SET state = EXCLUDED.state
"""


async def get_functioning(tx: Tx, journey_id: UUID) -> Functioning:
    """Nothing scored yet: an empty one. Guarded by the journey's lock."""
    state = await tx.connection.fetchval("SELECT state FROM functioning WHERE journey_id = $1", journey_id)
    return Functioning.model_validate_json(state) if state else Functioning()


async def save_functioning(tx: Tx, journey_id: UUID, functioning: Functioning) -> None:
    await tx.connection.execute(SAVE, journey_id, functioning.model_dump_json())
