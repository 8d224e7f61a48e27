"""All SQL about organisations as heard."""

from uuid import UUID

from shared.database import Tx
from shared.events.referral import OrganisationChanged

SAVE = """
INSERT INTO organisation (organisation_id, level, kind, region, confirmed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organisation_id) DO UPDATE
SET level = EXCLUDED.level, kind = EXCLUDED.kind, region = EXCLUDED.region, confirmed = EXCLUDED.confirmed
"""


async def save_organisation(tx: Tx, event: OrganisationChanged) -> None:
    await tx.connection.execute(SAVE, event.organisation_id, event.level, event.kind, event.region, event.confirmed)


async def is_known(tx: Tx, organisation_id: UUID) -> bool:
    return bool(await tx.connection.fetchval("SELECT EXISTS (SELECT FROM organisation WHERE organisation_id = $1)", organisation_id))


async def find_kind(tx: Tx, organisation_id: UUID) -> str | None:
    kind: str | None = await tx.connection.fetchval("SELECT kind FROM organisation WHERE organisation_id = $1", organisation_id)
    return kind
