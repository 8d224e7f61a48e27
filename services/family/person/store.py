"""All SQL of persons and of the case relation, one statement a function."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from shared.database import Connection, Record, Row, Tx, gathered

SAVE_ENDS = """
INSERT INTO referral_end (referral_id, spared_organisation_id, seq)
SELECT n.referral_id, n.spared, max(n.seq) FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS n(referral_id, spared, seq)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (referral_id, spared_organisation_id) DO UPDATE SET seq = greatest(referral_end.seq, EXCLUDED.seq)
"""
SAVE_STARTS = """
INSERT INTO referral_start (referral_id, seq)
SELECT n.referral_id, max(n.seq) FROM unnest($1::uuid[], $2::bigint[]) AS n(referral_id, seq) GROUP BY 1 ORDER BY 1
ON CONFLICT (referral_id) DO UPDATE SET seq = greatest(referral_start.seq, EXCLUDED.seq)
"""
# Arrays do not go through unnest by row, so `since` comes as text.
RELATE = """
INSERT INTO person_organisation (person_id, organisation_id, how, source_id, since, related_at, journey_id, stage, pathway)
SELECT coalesce(p.merged_into, n.person_id), n.organisation_id, n.how, n.source_id, max(n.since::bigint[]), min(n.related_at),
       n.journey_id, n.stage, n.pathway
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[], $8::smallint[], $9::text[])
    AS n(person_id, organisation_id, how, source_id, since, related_at, journey_id, stage, pathway)
LEFT JOIN person p ON p.person_id = n.person_id LEFT JOIN person k ON k.person_id = p.merged_into
WHERE p.erased_on IS NULL AND k.erased_on IS NULL
GROUP BY 1, 2, 3, 4, 7, 8, 9 ORDER BY 1, 2, 3, 4
ON CONFLICT (person_id, organisation_id, how, source_id)
    DO UPDATE SET since = greatest(person_organisation.since, EXCLUDED.since) WHERE person_organisation.since < EXCLUDED.since
"""
END_ACCEPTED = """
WITH latest AS (
    SELECT a.source_id, a.organisation_id, (
        SELECT ARRAY[max(e.seq)] FROM referral_end e
        WHERE e.referral_id = a.source_id AND e.spared_organisation_id <> a.organisation_id AND ARRAY[e.seq] > a.since
        HAVING count(*) > 0) AS ended_by
    FROM person_organisation a WHERE a.how = 'accepted' AND a.source_id = ANY($1::uuid[])
), changed AS (
    SELECT r.person_id, r.organisation_id, r.source_id, l.ended_by
    FROM person_organisation r JOIN latest l USING (source_id, organisation_id)
    WHERE r.how = 'accepted' AND r.ended_by IS DISTINCT FROM l.ended_by
    ORDER BY 1, 2, 3 FOR NO KEY UPDATE OF r
)
UPDATE person_organisation r SET ended_by = c.ended_by, ended_at = CASE WHEN c.ended_by IS NOT NULL THEN coalesce(r.ended_at, $2) END
FROM changed c
WHERE (r.person_id, r.organisation_id, r.how, r.source_id) = (c.person_id, c.organisation_id, 'accepted', c.source_id)
"""
ASSIGN = """
INSERT INTO person_organisation (person_id, organisation_id, how, source_id, related_at, made_by, made_by_organisation_id)
SELECT coalesce(p.merged_into, n.person_id), $2, 'liaison', $3, $4, $5, $6
FROM (SELECT $1::uuid AS person_id) n LEFT JOIN person p USING (person_id) LEFT JOIN person k ON k.person_id = p.merged_into
WHERE p.erased_on IS NULL AND k.erased_on IS NULL
ON CONFLICT (person_id, organisation_id) WHERE how = 'liaison' AND ended_at IS NULL
    DO UPDATE SET related_at = $4, made_by = $5, made_by_organisation_id = $6
    WHERE person_organisation.made_by_organisation_id = $2 AND $6 <> $2
"""


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


async def save_death(tx: Tx, person_id: UUID, on: date | None, seq: int) -> None:
    """The row's lock is held. None: the person lives."""
    await tx.connection.execute("UPDATE person SET died_on = $2, death_seq = $3 WHERE person_id = $1", person_id, on, seq)


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


@gathered(9)
async def save_ends(connection: Connection, rows: list[Row]) -> None:
    """Keep (referral_id, spared_organisation_id, seq, ended_at): it ends what that referral gave earlier, but to the one spared."""
    ids, spared, seqs, moments = zip(*rows, strict=True)
    await connection.execute(SAVE_ENDS, ids, spared, seqs)
    await connection.execute(END_ACCEPTED, sorted(set(ids)), max(moments))


@gathered(9)
async def save_starts(connection: Connection, rows: list[Row]) -> None:
    """Keep (referral_id, seq): it was taken up."""
    await connection.execute(SAVE_STARTS, *zip(*rows, strict=True))


@gathered(10)
async def relate(connection: Connection, rows: list[Row]) -> None:
    """Keep (person_id, organisation_id, how, source_id, since, related_at, journey_id, stage, pathway) and end what it ends.

    A merged person's go to whom they were merged into, an erased one's nowhere.
    """
    await connection.execute(RELATE, *zip(*rows, strict=True))
    if sources := sorted({row[3] for row in rows if row[2] == "accepted"}):
        await connection.execute(END_ACCEPTED, sources, max(row[5] for row in rows))


@gathered(10)
async def assign(connection: Connection, rows: list[Row]) -> None:
    """Keep (person_id, organisation_id, source_id, related_at, made_by, made_by_organisation_id).

    One that lasts already stays as it is, unless the organisation had assigned itself.
    """
    await connection.executemany(ASSIGN, rows)


async def end_assignment(tx: Tx, person_id: UUID, organisation_id: UUID) -> bool:
    """Whether there was one to end."""
    status = await tx.connection.execute(
        "UPDATE person_organisation SET ended_at = $3"
        " WHERE person_id = $1 AND organisation_id = $2 AND how = 'liaison' AND ended_at IS NULL",
        person_id,
        organisation_id,
        tx.now,
    )
    return status != "UPDATE 0"


async def list_assignments(tx: Tx, person_id: UUID) -> list[Record]:
    return await tx.connection.fetch(
        "SELECT organisation_id, related_at AS started_at, ended_at, made_by, made_by_organisation_id FROM person_organisation"
        " WHERE person_id = $1 AND how = 'liaison' ORDER BY related_at, source_id",
        person_id,
    )


async def is_related(tx: Tx, person_id: UUID, organisation_id: UUID, relations: Collection[str]) -> bool:
    """Whether the organisation has one of these relations now."""
    related: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM relation WHERE person_id = $1 AND organisation_id = $2 AND relation = ANY($3))",
        person_id,
        organisation_id,
        relations,
    )
    return related


async def move_relations(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    """To whom the person was merged into, ended ones too; to an erased one nothing. Of two assignments that last one stays."""
    await tx.connection.execute(
        """
        INSERT INTO person_organisation
            (person_id, organisation_id, how, source_id, related_at, since, journey_id, stage, pathway, ended_at, ended_by, made_by,
             made_by_organisation_id)
        SELECT $2, organisation_id, how, source_id, related_at, since, journey_id, stage, pathway, ended_at, ended_by, made_by,
               made_by_organisation_id
        FROM person_organisation WHERE person_id = $1
        AND NOT EXISTS (SELECT FROM person WHERE person_id = $2 AND erased_on IS NOT NULL) ORDER BY organisation_id, how, source_id
        ON CONFLICT DO NOTHING
        """,
        person_id,
        into_id,
    )


async def delete_relations(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute("DELETE FROM person_organisation WHERE person_id = $1", person_id)


async def insert_historic(tx: Tx, subject_id: UUID) -> None:
    await tx.connection.execute("INSERT INTO historic VALUES ($1) ON CONFLICT DO NOTHING", subject_id)
