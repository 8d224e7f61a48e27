"""SQL of concerns. What is heard out of order is kept: a later state never goes back."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.database import Tx

STATES = ("raised", "read", "escalated", "answered", "entered-in-error")
SAVE = """
INSERT INTO concern (concern_id, person_id, severity, state, heard_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (concern_id) DO UPDATE
SET severity = coalesce(EXCLUDED.severity, concern.severity),
    state = CASE WHEN array_position($6::text[], EXCLUDED.state) > array_position($6::text[], concern.state)
        THEN EXCLUDED.state ELSE concern.state END
"""
LIST = """
SELECT c.concern_id, c.person_id, c.severity, c.state, c.heard_at FROM concern c
WHERE c.concern_id > $2 AND c.state = ANY(CASE WHEN $3::text IS NULL THEN '{raised,read,escalated,answered}' ELSE ARRAY[$3] END)
    AND EXISTS (SELECT FROM holder h JOIN organisation o USING (organisation_id)
        WHERE h.person_id = c.person_id AND h.organisation_id = $1 AND o.is_confirmed)
ORDER BY c.concern_id LIMIT $4
"""


class Concern(BaseModel):
    """A concern as far as the holder must know: of whom, how severe, how it stands."""

    concern_id: UUID
    person_id: UUID
    severity: str | None
    state: str
    heard_at: datetime


async def save_concern(tx: Tx, concern_id: UUID, person_id: UUID, severity: str | None, state: str) -> None:
    await tx.connection.execute(SAVE, concern_id, person_id, severity, state, tx.now, list(STATES))


async def list_held(tx: Tx, organisation_id: UUID, after: UUID, state: str | None, limit: int) -> list[Concern]:
    """Concerns about persons whom the organisation holds now; none for one that is not confirmed."""
    return [Concern(**dict(row)) for row in await tx.connection.fetch(LIST, organisation_id, after, state, limit)]
