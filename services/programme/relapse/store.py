"""All SQL about relapses."""

from uuid import UUID

from services.programme.journey.domain import Spell
from services.programme.relapse.domain import Relapse
from shared.database import Tx

COLUMNS = """
relapse_id, stage, spell, definition, week, known_on, reopens, withdrawn, status, reason,
wants, wanted_after, reopened_from, reopened_journey"""
SAVE = f"""
INSERT INTO relapse (journey_id, {COLUMNS})
SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::int[], $7::date[], $8::int[], $9::boolean[], $10::text[],
    $11::text[], $12::int[], $13::int[], $14::text[], $15::boolean[])
ON CONFLICT (relapse_id) DO UPDATE SET week = EXCLUDED.week, known_on = EXCLUDED.known_on, reopens = EXCLUDED.reopens,
    withdrawn = EXCLUDED.withdrawn, status = EXCLUDED.status, reason = EXCLUDED.reason, wants = EXCLUDED.wants,
    wanted_after = EXCLUDED.wanted_after, reopened_from = EXCLUDED.reopened_from, reopened_journey = EXCLUDED.reopened_journey
"""
LIST = f"""
SELECT {COLUMNS} FROM relapse
WHERE journey_id = $1 AND (stage, spell) IN (SELECT * FROM unnest($4::int[], $5::int[])) AND relapse_id > $2 ORDER BY relapse_id LIMIT $3
"""
OF_JOURNEY = f"SELECT {COLUMNS} FROM relapse WHERE journey_id = $1 ORDER BY known_on, relapse_id"


async def save_relapses(tx: Tx, journey_id: UUID, relapses: list[Relapse]) -> None:
    """New ones, and those that changed."""
    rows = [tuple(relapse.model_dump().values()) for relapse in relapses]
    await tx.connection.execute(SAVE, journey_id, *map(list, zip(*rows, strict=True)))


async def delete_relapses(tx: Tx, relapse_ids: list[UUID]) -> None:
    """Those of stays that never were; the correction keeps what they said."""
    await tx.connection.execute("DELETE FROM relapse WHERE relapse_id = ANY($1::uuid[])", relapse_ids)


async def list_relapses(tx: Tx, journey_id: UUID, spells: list[Spell], after: UUID, limit: int) -> list[Relapse]:
    """Those of these spells."""
    places = [spell.stage for spell in spells], [spell.number for spell in spells]
    return [Relapse.model_validate(dict(row)) for row in await tx.connection.fetch(LIST, journey_id, after, limit, *places)]


async def list_of_journey(tx: Tx, journey_id: UUID) -> list[Relapse]:
    """All that is kept, withdrawn and refuted ones too."""
    return [Relapse.model_validate(dict(row)) for row in await tx.connection.fetch(OF_JOURNEY, journey_id)]
