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
    """Add to the counts, in the order given. A row is a unit's columns and the signed number."""
    await connection.execute(ADD, *(list(column) for column in zip(*rows, strict=True)))


ADD = """
INSERT INTO rollup AS r (figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount, units)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::uuid[], $4::uuid[], $5::date[], $6::text[], $7::text[], $8::int[], $9::bigint[])
ON CONFLICT (figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount)
DO UPDATE SET units = r.units + EXCLUDED.units
"""


async def begin_snapshot(connection: Connection) -> None:
    """All that follows in this transaction sees one moment. Only as the first statement of a transaction."""
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def list_counts(connection: Connection) -> list[Record]:
    """Every count that is not zero, in a unit's columns."""
    return await connection.fetch(
        "SELECT figure, stage::int, organisation_id, to_organisation_id, period, outcome, detail, amount, units"
        " FROM rollup WHERE units <> 0"
    )


async def list_persons(connection: Connection, after: UUID, limit: int) -> list[UUID]:
    """The next pseudonyms in order."""
    rows = await connection.fetch("SELECT person_id FROM person WHERE person_id > $1 ORDER BY person_id LIMIT $2", after, limit)
    return [row["person_id"] for row in rows]


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
