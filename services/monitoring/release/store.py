"""All SQL of releases: inserted once, never changed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from services.monitoring.release.domain import Before
from services.monitoring.row.domain import Row
from shared.database import Tx


class Made(NamedTuple):
    """What a release says of itself beside its tables."""

    as_of: datetime
    closed_until: date
    threshold: int
    limits: Mapping[str, Any]
    definitions: Mapping[str, str]
    awaiting_revision: Sequence[str] | None


async def insert_release(tx: Tx, made: Made) -> bool:
    """Returns whether it was new: a release as of this very moment stays the one it is."""
    sql = """
    INSERT INTO release (as_of, closed_until, made_at, threshold, limits, definitions, awaiting_revision)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7::text[]) ON CONFLICT DO NOTHING
    """
    told = (orjson.dumps(made.limits).decode(), orjson.dumps(made.definitions).decode(), made.awaiting_revision)
    return await tx.connection.execute(sql, made.as_of, made.closed_until, tx.now, made.threshold, *told) == "INSERT 0 1"


async def find_before(tx: Tx, as_of: datetime) -> Before | None:
    """The newest release as of an earlier moment."""
    sql = "SELECT closed_until, months FROM release LEFT JOIN release_digest USING (as_of) WHERE as_of < $1 ORDER BY as_of DESC LIMIT 1"
    row = await tx.connection.fetchrow(sql, as_of)
    return Before(f"{row['closed_until']:%Y-%m}", orjson.loads(row["months"]) if row["months"] else None) if row else None


async def insert_digests(tx: Tx, as_of: datetime, months: Mapping[str, str]) -> None:
    await tx.connection.execute("INSERT INTO release_digest (as_of, months) VALUES ($1, $2::jsonb)", as_of, orjson.dumps(months).decode())


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


async def find_definitions(tx: Tx, as_of: datetime) -> dict[str, str] | None:
    """The texts of a release; None where it kept none."""
    found = await tx.connection.fetchval("SELECT definitions FROM release WHERE as_of = $1", as_of)
    texts: dict[str, str] | None = orjson.loads(found) if found else None
    return texts


async def list_releases(tx: Tx, before: datetime, limit: int) -> list[tuple[Any, ...]]:
    """(as_of, closed_until, made_at, threshold, awaiting_revision, limits), newest first."""
    sql = """
    SELECT as_of, closed_until, made_at, threshold, awaiting_revision, limits FROM release WHERE as_of < $1 ORDER BY as_of DESC LIMIT $2
    """
    return [
        (*tuple(row)[:5], orjson.loads(row["limits"]) if row["limits"] else None) for row in await tx.connection.fetch(sql, before, limit)
    ]
