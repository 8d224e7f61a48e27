"""All SQL of the roll-ups: locking persons, moving counts, reading all."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.monitoring.unit.domain import Unit
from shared.database import Connection, Record, Row


async def lock_persons(connection: Connection, persons: Sequence[UUID]) -> set[UUID]:
    """Make the rows that are missing, then lock all in order. Two statements: a waiter must see what was committed meanwhile.

    Returns the persons whose row was missing: a person has a row before it has any fact.
    """
    await connection.execute(BY_INDEX)
    made = await connection.fetch(MAKE_PERSONS, persons)
    await connection.execute("SELECT FROM person WHERE person_id = ANY($1::uuid[]) ORDER BY person_id FOR NO KEY UPDATE", persons)
    return {row["person_id"] for row in made}


BY_INDEX = "SET LOCAL enable_seqscan = off"
"""Plans are made while the tables are small and kept: without this they would read the whole tables for each batch from then on."""
MAKE_PERSONS = "INSERT INTO person (person_id) SELECT unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING RETURNING person_id"


async def list_units(connection: Connection, units: str, persons: Sequence[UUID]) -> list[Record]:
    """All units of all figures of these persons: one statement, whatever their number."""
    return await connection.fetch(units, persons)


async def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Add to the counts. A row is a unit's columns and the signed number."""
    await connection.execute(ADD, *(list(column) for column in zip(*rows, strict=True)))


async def begin_rebuild(connection: Connection) -> bool:
    """Answers False while another rebuild is under way. It waits for batches as long as they may last."""
    await connection.execute("SET LOCAL lock_timeout = '15s'")
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", REBUILD_LOCK))


async def list_differences(connection: Connection, units_of_everybody: str) -> list[Record]:
    """A unit's columns, kept and recomputed, wherever the two differ. One statement: all of it sees one moment."""
    return await _at_length(connection, DIFFERENCES.format(units_of_everybody))


async def add_differences(connection: Connection, units_of_everybody: str) -> list[Record]:
    """The same, and what is missing is added to the counts by the same statement."""
    return await _at_length(connection, ADD_DIFFERENCES.format(units_of_everybody))


async def _at_length(connection: Connection, statement: str) -> list[Record]:
    """From here on the transaction may last longer than others, and sort and group in more memory."""
    await connection.execute(f"SET LOCAL statement_timeout = '{LONGEST}s'; SET LOCAL transaction_timeout = 0; SET LOCAL work_mem = '64MB'")
    return await connection.fetch(statement, timeout=LONGEST)


REBUILD_LOCK = 7_302_010
LONGEST = 3_600
COLUMNS = ", ".join(Unit._fields)
INTO = f"INSERT INTO unit_count AS r ({COLUMNS}, units)"
KEY = "organisation_id, period, amount, figure, stage, to_stage, outcome, detail, to_organisation_id, limit_days, pathway"
"""The columns of a unit as its index has them: what tells most of them apart first, so that few texts are compared."""
BY_PLACE = f"ORDER BY {KEY} ON CONFLICT ({KEY}) DO UPDATE SET units = r.units + EXCLUDED.units"
"""The order in which counts are locked, the same in every transaction."""
TYPES = ["text[]", "text[]", "text[]", "text[]", "uuid[]", "uuid[]", "date[]", "text[]", "text[]", "int[]", "int[]", "bigint[]"]
ADD = f"""
{INTO}
SELECT {COLUMNS}, units FROM unnest({", ".join(f"${place}::{kind}" for place, kind in enumerate(TYPES, 1))}) AS u({COLUMNS}, units)
{BY_PLACE}
"""
DIFFERENCES = f"""
SELECT {COLUMNS}, sum(kept)::bigint AS kept, sum(fresh)::bigint AS fresh
FROM (
    SELECT {COLUMNS}, units::int AS kept, 0 AS fresh FROM unit_count WHERE units <> 0
    UNION ALL
    SELECT {COLUMNS}, 0, 1 FROM ({{}}) AS u({COLUMNS})
) AS compared
GROUP BY {KEY} HAVING sum(kept) <> sum(fresh)
"""
ADD_DIFFERENCES = f"""
WITH found AS MATERIALIZED ({DIFFERENCES}), added AS (
    {INTO} SELECT {COLUMNS}, fresh - kept FROM found {BY_PLACE}
)
SELECT * FROM found
"""


async def find_version(connection: Connection) -> str | None:
    """The version of the figures that the roll-ups were last rebuilt for."""
    found: str | None = await connection.fetchval("SELECT version FROM rollup_version")
    return found


async def save_version(connection: Connection, version: str) -> None:
    await connection.execute(
        "INSERT INTO rollup_version (version) VALUES ($1) ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version", version
    )


async def list_halfway(connection: Connection) -> list[Record]:
    """(pathway, halfway) of the newest version heard of, where it has such a stage."""
    return await connection.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (pathway) pathway, halfway::int FROM pathway ORDER BY pathway, version DESC) AS newest"
        " WHERE halfway IS NOT NULL"
    )


async def list_placed(connection: Connection, before: date) -> list[Record]:
    """The counts of days before `before`, with region and programme of the organisation, and the levels on both sides.

    A stage stands where the newest version of its pathway has it.
    """
    return await connection.fetch(PLACED, before)


PLACED = """
WITH place AS (
    SELECT DISTINCT ON (pathway, code) pathway, code, position::int
    FROM pathway CROSS JOIN LATERAL unnest(codes) WITH ORDINALITY AS c(code, position)
    ORDER BY pathway, code, version DESC
), counted AS (
    SELECT r.*, COALESCE(s.position, substring(r.stage FROM '^stage-([0-9]+)$')::int, 0) AS position,
           COALESCE(t.position, substring(r.to_stage FROM '^stage-([0-9]+)$')::int, 0) AS to_position
    FROM unit_count r
    LEFT JOIN place s ON s.pathway = r.pathway AND s.code = r.stage
    LEFT JOIN place t ON t.pathway = r.pathway AND t.code = r.to_stage
    WHERE r.period < $1 AND r.units <> 0
)
SELECT c.figure, c.pathway, c.stage, c.position, c.to_stage, c.to_position, o.region,
       o.programmes ->> (c.pathway || '/' || c.position) AS programme, c.period, c.outcome, c.detail, c.amount, c.limit_days,
       o.level AS from_level, t.level AS to_level, sum(c.units)::bigint AS units
FROM counted c
LEFT JOIN organisation o ON o.organisation_id = c.organisation_id
LEFT JOIN organisation t ON t.organisation_id = c.to_organisation_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
"""
