"""SQL of the region tree."""

from services.referral.region.domain import Region
from shared.database import Tx

LIST = "SELECT code, parent_code, kind, name FROM region ORDER BY code"
SAVE = """
INSERT INTO region (code, parent_code, kind, name, within)
SELECT code, $1, 'district', name, $1 FROM unnest($2::text[], $3::text[]) AS d(code, name)
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name
"""


async def find_kind(tx: Tx, code: str) -> str | None:
    kind: str | None = await tx.connection.fetchval("SELECT kind FROM region WHERE code = $1", code)
    return kind


async def list_regions(tx: Tx) -> list[Region]:
    return [Region(**dict(row)) for row in await tx.connection.fetch(LIST)]


async def save_districts(tx: Tx, region: str, districts: list[Region]) -> None:
    await tx.connection.execute(SAVE, region, [d.code for d in districts], [d.name for d in districts])
