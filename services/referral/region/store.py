"""SQL of the region tree."""

from uuid import UUID

from services.referral.region.domain import Region
from shared.database import Tx

LIST = "SELECT code, parent_code, kind, name, duty_organisation_id FROM region ORDER BY code"
SAVE = """
INSERT INTO region (code, parent_code, kind, name, within)
SELECT code, $1, 'district', name, $1 FROM unnest($2::text[], $3::text[]) AS d(code, name)
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name
"""


async def find_kind(tx: Tx, code: str) -> str | None:
    kind: str | None = await tx.connection.fetchval("SELECT kind FROM region WHERE code = $1", code)
    return kind


async def find_answering(tx: Tx, code: str) -> str | None:
    answering: str | None = await tx.connection.fetchval("SELECT coalesce(within, code) FROM region WHERE code = $1", code)
    return answering


async def get_state(tx: Tx) -> str:
    state: str = await tx.connection.fetchval("SELECT code FROM region WHERE kind = 'state'")
    return state


async def save_duty(tx: Tx, code: str, organisation_id: UUID | None) -> None:
    await tx.connection.execute("UPDATE region SET duty_organisation_id = $2 WHERE code = $1", code, organisation_id)


async def list_regions(tx: Tx) -> list[Region]:
    return [Region(**dict(row)) for row in await tx.connection.fetch(LIST)]


async def save_districts(tx: Tx, region: str, districts: list[Region]) -> None:
    await tx.connection.execute(SAVE, region, [d.code for d in districts], [d.name for d in districts])
