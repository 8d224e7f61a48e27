"""All SQL about organisations as heard."""

from uuid import UUID

from shared.database import Tx

SAVE = """
INSERT INTO organisation (organisation_id, level, kind, region) VALUES ($1, $2, $3, $4)
ON CONFLICT (organisation_id) DO UPDATE SET level = EXCLUDED.level, kind = EXCLUDED.kind, region = EXCLUDED.region
"""


async def save_organisation(tx: Tx, organisation_id: UUID, level: str, kind: str, region: str) -> None:
    await tx.connection.execute(SAVE, organisation_id, level, kind, region)


async def is_known(tx: Tx, organisation_id: UUID) -> bool:
    return bool(await tx.connection.fetchval("SELECT EXISTS (SELECT FROM organisation WHERE organisation_id = $1)", organisation_id))
