"""All SQL of persons and of the case relation, one statement a function."""

from datetime import date
from uuid import UUID

from shared.database import Connection, Record, Row, Tx, gathered


async def save_registered(tx: Tx, person_id: UUID, region: str, life_period: str) -> None:
    await tx.connection.execute(
        "INSERT INTO person (person_id, region, life_period) VALUES ($1, $2, $3)"
        " ON CONFLICT (person_id) DO UPDATE SET region = $2, life_period = $3 WHERE person.erased_on IS NULL",
        person_id,
        region,
        life_period,
    )


async def save_adult(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute(
        "INSERT INTO person (person_id, life_period) VALUES ($1, 'adult')"
        " ON CONFLICT (person_id) DO UPDATE SET life_period = 'adult' WHERE person.erased_on IS NULL",
        person_id,
    )


async def save_died(tx: Tx, person_id: UUID, on: date) -> None:
    await tx.connection.execute(
        "INSERT INTO person (person_id, died_on) VALUES ($1, $2)"
        " ON CONFLICT (person_id) DO UPDATE SET died_on = $2 WHERE person.erased_on IS NULL",
        person_id,
        on,
    )


async def save_erased(tx: Tx, person_id: UUID, on: date) -> None:
    """The tombstone: everything else known of the person goes."""
    await tx.connection.execute(
        "INSERT INTO person (person_id, erased_on) VALUES ($1, $2)"
        " ON CONFLICT (person_id) DO UPDATE SET erased_on = $2, region = NULL, life_period = NULL, died_on = NULL",
        person_id,
        on,
    )


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    """Also for those who had been merged into this person before, so that one step finds where anybody is kept now."""
    await tx.connection.execute(
        """
        WITH earlier AS (UPDATE person SET merged_into = $2 WHERE merged_into = $1)
        INSERT INTO person (person_id, merged_into) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET merged_into = $2
        """,
        person_id,
        into_id,
    )


async def find_person(tx: Tx, person_id: UUID) -> Record | None:
    return await tx.connection.fetchrow("SELECT * FROM person WHERE person_id = $1", person_id)


async def lock_person(tx: Tx, person_id: UUID) -> Record:
    """Locks the person's row, making it first where no topic has brought it yet."""
    row = await tx.connection.fetchrow(
        "INSERT INTO person AS p (person_id) VALUES ($1) ON CONFLICT (person_id) DO UPDATE SET region = p.region RETURNING p.*", person_id
    )
    assert row is not None, "an upsert that always updates returns its row"
    return row


@gathered(10)
async def relate(connection: Connection, rows: list[Row]) -> None:
    """Keep (person_id, organisation_id, how, related_at); a merged person's go to whom they were merged into, an erased one's nowhere."""
    await connection.execute(
        """
        INSERT INTO person_organisation (person_id, organisation_id, how, related_at)
        SELECT coalesce(p.merged_into, n.person_id), n.organisation_id, n.how, min(n.related_at)
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) AS n(person_id, organisation_id, how, related_at)
        LEFT JOIN person p ON p.person_id = n.person_id
        WHERE p.erased_on IS NULL
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING
        """,
        *zip(*rows, strict=True),
    )


async def is_related(tx: Tx, person_id: UUID, organisation_id: UUID) -> bool:
    related: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM person_organisation WHERE person_id = $1 AND organisation_id = $2)", person_id, organisation_id
    )
    return related


async def move_relations(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    """To whom the person was merged into; to an erased one nothing."""
    await tx.connection.execute(
        "INSERT INTO person_organisation (person_id, organisation_id, how, related_at)"
        " SELECT $2, organisation_id, how, related_at FROM person_organisation WHERE person_id = $1"
        " AND NOT EXISTS (SELECT FROM person WHERE person_id = $2 AND erased_on IS NOT NULL) ORDER BY organisation_id, how"
        " ON CONFLICT DO NOTHING",
        person_id,
        into_id,
    )


async def delete_relations(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute("DELETE FROM person_organisation WHERE person_id = $1", person_id)


async def insert_historic(tx: Tx, subject_id: UUID) -> None:
    await tx.connection.execute("INSERT INTO historic VALUES ($1) ON CONFLICT DO NOTHING", subject_id)
