"""All SQL of the roll-ups: locking persons, moving counts, reading all."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.database import Connection, Record, Row


async def lock_persons(connection: Connection, persons: Sequence[UUID]) -> None:
    """Make the rows that are missing, then lock all in order. Two statements: a waiter must see what was committed meanwhile."""
    await connection.execute("INSERT INTO person (person_id) SELECT unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING", persons)
    await connection.execute("SELECT FROM person WHERE person_id = ANY($1::uuid[]) ORDER BY person_id FOR NO KEY UPDATE", persons)


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
    """From here on the transaction may last longer than others."""
    await connection.execute(f"SET LOCAL statement_timeout = '{LONGEST}s'; SET LOCAL transaction_timeout = 0")
    return await connection.fetch(statement, timeout=LONGEST)


REBUILD_LOCK = 7_302_010
LONGEST = 3_600
INTO = "INSERT INTO rollup AS r (figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, units)"
BY_PLACE = """
ORDER BY figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount
ON CONFLICT (figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount)
DO UPDATE SET units = r.units + EXCLUDED.units
"""
"""The order in which counts are locked, the same in every transaction."""
ADD = f"""
{INTO}
SELECT figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, units
FROM unnest($1::text[], $2::smallint[], $3::uuid[], $4::uuid[], $5::date[], $6::text[], $7::text[], $8::int[], $9::bigint[])
    AS u(figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, units)
{BY_PLACE}
"""
DIFFERENCES = """
SELECT figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount,
       sum(kept)::bigint AS kept, sum(fresh)::bigint AS fresh
FROM (
    SELECT figure, stage::int, organisation_id, to_organisation_id, period, outcome, detail, amount, units AS kept, 0 AS fresh FROM rollup
    UNION ALL
    SELECT figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, 0, count(*)
    FROM ({}) AS u(figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) AS compared
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(kept) <> sum(fresh)
"""
ADD_DIFFERENCES = f"""
WITH found AS MATERIALIZED ({DIFFERENCES}), added AS (
    {INTO}
    SELECT figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, fresh - kept FROM found
    {BY_PLACE}
)
SELECT * FROM found
"""


async def list_placed(connection: Connection, before: date) -> list[Record]:
    """The counts of days before `before`, with region and programme of the organisation, and the levels on both sides."""
    return await connection.fetch(PLACED, before)


PLACED = """
SELECT r.figure, r.stage::int, o.region, o.programmes ->> r.stage::text AS programme, r.period, r.outcome, r.detail, r.amount,
       o.level AS from_level, t.level AS to_level, sum(r.units)::bigint AS units
FROM rollup r
LEFT JOIN organisation o ON o.organisation_id = r.organisation_id
LEFT JOIN organisation t ON t.organisation_id = r.to_organisation_id
WHERE r.period < $1 AND r.units <> 0
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
