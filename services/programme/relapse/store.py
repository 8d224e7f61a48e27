"""All SQL about relapses."""

from uuid import UUID

from services.programme.journey.domain import Spell
from services.programme.relapse.domain import Relapse
from shared.database import Tx

SAVE = """
INSERT INTO relapse (relapse_id, journey_id, stage, spell, definition, week, known_on, reopens, withdrawn)
SELECT n.relapse_id, $1, n.stage, n.spell, n.definition, n.week, n.known_on, n.reopens, n.withdrawn
FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::int[], $7::date[], $8::int[], $9::boolean[])
    AS n(relapse_id, stage, spell, definition, week, known_on, reopens, withdrawn)
ON CONFLICT (relapse_id) DO UPDATE SET week = EXCLUDED.week, known_on = EXCLUDED.known_on, withdrawn = EXCLUDED.withdrawn
"""
LIST = """
SELECT relapse_id, stage, spell, definition, week, known_on, reopens, withdrawn FROM relapse
WHERE journey_id = $1 AND (stage, spell) IN (SELECT * FROM unnest($4::int[], $5::int[])) AND relapse_id > $2 ORDER BY relapse_id LIMIT $3
"""
REPORTED = """
SELECT relapse_id, stage, spell, definition, week, known_on, reopens, withdrawn FROM relapse
WHERE journey_id = $1 AND stage = $2 AND spell = $3 AND definition = $4 AND NOT withdrawn ORDER BY known_on, relapse_id
"""


async def save_relapses(tx: Tx, journey_id: UUID, relapses: list[Relapse]) -> None:
    """New ones, and those whose week moved or that were withdrawn; what one reopened stays as it was."""
    rows = [(r.relapse_id, r.stage, r.spell, r.definition, r.week, r.known_on, r.reopens, r.withdrawn) for r in relapses]
    await tx.connection.execute(SAVE, journey_id, *map(list, zip(*rows, strict=True)))


async def list_relapses(tx: Tx, journey_id: UUID, spells: list[Spell], after: UUID, limit: int) -> list[Relapse]:
    """Those of these spells."""
    places = [spell.stage for spell in spells], [spell.number for spell in spells]
    return [Relapse.model_validate(dict(row)) for row in await tx.connection.fetch(LIST, journey_id, after, limit, *places)]


async def list_reported(tx: Tx, journey_id: UUID, spell: Spell, definition: str) -> list[Relapse]:
    """What was reported of one spell under this definition and stands."""
    rows = await tx.connection.fetch(REPORTED, journey_id, spell.stage, spell.number, definition)
    return [Relapse.model_validate(dict(row)) for row in rows]
