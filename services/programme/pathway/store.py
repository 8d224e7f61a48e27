"""All SQL about pathways."""

from uuid import UUID

from services.programme.pathway.domain import Pathway, PathwayStatus
from shared.database import Record, Tx
from shared.errors import NotFound

CURRENT = "SELECT body FROM pathway WHERE code = $1 AND status = 'published' ORDER BY version DESC LIMIT 1"
VERSIONS = "SELECT pathway_id, status, body FROM pathway WHERE code = $1 ORDER BY version DESC LIMIT 200"
CODES = """
SELECT DISTINCT ON (code) pathway_id, status, body FROM pathway
WHERE code > $1 ORDER BY code, status = 'published' DESC, version DESC LIMIT $2
"""


async def find_current(tx: Tx, code: str) -> Pathway | None:
    """The highest published version."""
    body = await tx.connection.fetchval(CURRENT, code)
    return Pathway.model_validate_json(body) if body else None


async def get_pathway(tx: Tx, pathway_id: UUID) -> Pathway:
    return Pathway.model_validate_json(await tx.connection.fetchval("SELECT body FROM pathway WHERE pathway_id = $1", pathway_id))


async def list_versions(tx: Tx, code: str) -> list[Record]:
    return list(await tx.connection.fetch(VERSIONS, code))


async def list_pathways(tx: Tx, after: str, limit: int) -> list[Record]:
    """One version a code: the published one opened on now, else the newest."""
    return list(await tx.connection.fetch(CODES, after, limit))


async def next_version(tx: Tx, code: str) -> int:
    """Two at once take the same number and one is refused by the table's key."""
    number: int = await tx.connection.fetchval("SELECT coalesce(max(version), 0) + 1 FROM pathway WHERE code = $1", code)
    return number


async def insert_pathway(tx: Tx, pathway: Pathway) -> UUID:
    pathway_id: UUID = await tx.connection.fetchval(
        "INSERT INTO pathway (code, version, status, body) VALUES ($1, $2, 'draft', $3::jsonb) RETURNING pathway_id",
        pathway.code,
        pathway.version,
        pathway.model_dump_json(),
    )
    return pathway_id


async def lock_status(tx: Tx, code: str, version: int) -> tuple[UUID, PathwayStatus]:
    """Raises NotFound."""
    row = await tx.connection.fetchrow(
        "SELECT pathway_id, status FROM pathway WHERE code = $1 AND version = $2 FOR NO KEY UPDATE", code, version
    )
    if row is None:
        raise NotFound("pathway")
    return row["pathway_id"], row["status"]


async def save_status(tx: Tx, pathway_id: UUID, status: PathwayStatus) -> None:
    await tx.connection.execute("UPDATE pathway SET status = $2 WHERE pathway_id = $1", pathway_id, status)
