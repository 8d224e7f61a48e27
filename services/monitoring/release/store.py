"""All SQL of releases: inserted once, never changed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import orjson

from services.monitoring.release.domain import Row
from shared.database import Record, Tx


async def insert_release(tx: Tx, as_of: datetime, closed_until: date) -> bool:
    """Answers whether it was new: a release as of this very moment stays the one it is."""
    sql = "INSERT INTO release (as_of, closed_until, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    return await tx.connection.execute(sql, as_of, closed_until, tx.now) == "INSERT 0 1"


async def insert_tables(tx: Tx, as_of: datetime, tables: Mapping[str, Sequence[Row]]) -> None:
    await tx.connection.execute(
        "INSERT INTO release_table (as_of, name, rows) SELECT $1, name, rows::jsonb FROM unnest($2::text[], $3::text[]) AS t(name, rows)",
        as_of,
        list(tables),
        [orjson.dumps(rows).decode() for rows in tables.values()],
    )


async def find_as_of(tx: Tx, as_of: datetime | None) -> datetime | None:
    """The release as of exactly that moment, without one the newest."""
    sql = "SELECT as_of FROM release WHERE $1::timestamptz IS NULL OR as_of = $1 ORDER BY as_of DESC LIMIT 1"
    found: datetime | None = await tx.connection.fetchval(sql, as_of)
    return found


async def list_rows(tx: Tx, as_of: datetime, name: str) -> list[Row]:
    """The rows of a released table, in their order; none of a table that had nothing to show."""
    found = await tx.connection.fetchval("SELECT rows FROM release_table WHERE as_of = $1 AND name = $2", as_of, name)
    rows: list[Row] = orjson.loads(found) if found else []
    return rows


async def list_releases(tx: Tx, before: datetime, limit: int) -> list[Record]:
    """Newest first."""
    sql = "SELECT * FROM release WHERE as_of < $1 ORDER BY as_of DESC LIMIT $2"
    return await tx.connection.fetch(sql, before, limit)
