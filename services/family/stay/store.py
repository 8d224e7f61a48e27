"""All SQL of stays and of who holds a journey by them, one statement a function."""

from uuid import UUID

from services.family.stay.domain import StayFact, folded
from shared.database import Connection, Record, Row, Tx, gathered

# The newest fact of a stay wins. An end does not say when and where it began; `must_exist`: it corrects what is kept, and makes nothing.
SAVE_STAYS = """
INSERT INTO stay AS s (journey_id, stage, spell, organisation_id, seq, has_ended, how, started_on)
SELECT n.journey_id, n.stage, n.spell,
       CASE WHEN n.says_start OR o.journey_id IS NULL THEN n.organisation_id ELSE o.organisation_id END, n.seq, n.has_ended, n.how,
       CASE WHEN n.says_start THEN n.started_on WHEN o.journey_id IS NULL THEN DATE '0001-01-01' ELSE o.started_on END
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::bigint[], $6::boolean[], $7::text[], $8::boolean[], $9::date[],
            $10::boolean[])
    AS n(journey_id, stage, spell, organisation_id, seq, has_ended, how, says_start, started_on, must_exist)
LEFT JOIN stay o ON (o.journey_id, o.stage, o.spell) = (n.journey_id, n.stage, n.spell)
WHERE o.journey_id IS NOT NULL OR NOT n.must_exist
ORDER BY 1, 2, 3
ON CONFLICT (journey_id, stage, spell) DO UPDATE SET organisation_id = EXCLUDED.organisation_id, seq = EXCLUDED.seq,
    has_ended = EXCLUDED.has_ended, how = EXCLUDED.how, started_on = EXCLUDED.started_on
WHERE s.seq < EXCLUDED.seq
"""
# Who holds a journey is who started last, by day, stage and spell; before any start the opener. Who has no stay left held it in error.
HOLD = """
WITH stays AS (
    SELECT journey_id, organisation_id,
           max(CASE WHEN stage > 0 THEN ARRAY[d.day, stage, spell] ELSE ARRAY[0, nullif(d.day, 1)] END::bigint[]) AS since
    FROM stay CROSS JOIN LATERAL (SELECT started_on - DATE '0001-01-01' + 1 AS day) AS d
    WHERE journey_id = ANY($3::uuid[]) AND started_on IS NOT NULL GROUP BY 1, 2
), theirs AS (
    SELECT coalesce(p.merged_into, n.person_id) AS person_id, n.organisation_id, n.journey_id
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n(person_id, organisation_id, journey_id)
    JOIN stays USING (journey_id, organisation_id)
    LEFT JOIN person p ON p.person_id = n.person_id LEFT JOIN person k ON k.person_id = p.merged_into
    WHERE p.erased_on IS NULL AND k.erased_on IS NULL
    UNION SELECT person_id, organisation_id, source_id FROM person_organisation WHERE how = 'holder' AND source_id = ANY($3::uuid[])
), ranked AS (
    SELECT t.*, coalesce(s.since, '{}') AS since, max(s.since) OVER (PARTITION BY t.journey_id) AS latest
    FROM theirs t LEFT JOIN stays s USING (journey_id, organisation_id)
)
INSERT INTO person_organisation AS r (person_id, organisation_id, how, source_id, since, related_at, ended_by, ended_at)
SELECT person_id, organisation_id, 'holder', journey_id, since, $4::timestamptz, nullif(latest, since),
       CASE WHEN since = latest THEN NULL ELSE $4::timestamptz END
FROM ranked ORDER BY 1, 2, 4
ON CONFLICT (person_id, organisation_id, how, source_id)
    DO UPDATE SET since = EXCLUDED.since, ended_by = EXCLUDED.ended_by,
        ended_at = CASE WHEN EXCLUDED.ended_at IS NOT NULL THEN coalesce(r.ended_at, EXCLUDED.ended_at) END
    WHERE (r.since, r.ended_by, r.ended_at IS NULL) IS DISTINCT FROM (EXCLUDED.since, EXCLUDED.ended_by, EXCLUDED.ended_at IS NULL)
"""
# What an organisation assigned while it held the person in error alone: it never could have.
END_MADE_IN_ERROR = """
UPDATE person_organisation l SET ended_at = $2
FROM person_organisation h
WHERE h.how = 'holder' AND h.source_id = ANY($1::uuid[]) AND h.since = '{}'
  AND l.person_id = h.person_id AND l.made_by_organisation_id = h.organisation_id AND l.how = 'liaison' AND l.ended_at IS NULL
  AND NOT EXISTS (
      SELECT FROM person_organisation k WHERE k.person_id = h.person_id AND k.organisation_id = h.organisation_id
      AND (k.how IN ('registered', 'heard') OR (k.how = 'holder' AND k.since <> '{}')))
"""
WITHDRAW_STAYS = """
UPDATE stay s SET started_on = NULL, has_ended = true, how = NULL, seq = $2 WHERE s.journey_id = $1 AND s.seq < $2
"""
END_HEARD = """
UPDATE person_organisation r SET ended_at = n.ended_at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n(person_id, organisation_id, ended_at)
LEFT JOIN person p ON p.person_id = n.person_id
WHERE r.person_id = coalesce(p.merged_into, n.person_id) AND r.organisation_id <> n.organisation_id
  AND r.how = 'heard' AND r.ended_at IS NULL
"""


@gathered(9)
async def save_stays(connection: Connection, rows: list[Row]) -> None:
    """Keep facts of stays (`domain.StayFact`): of each stay the newest."""
    await connection.execute(SAVE_STAYS, *zip(*folded(StayFact(*row) for row in rows), strict=True))


async def withdraw_stays(tx: Tx, journey_id: UUID, seq: int) -> None:
    """No stay of this journey told before `seq` ever was, nor its opening."""
    await tx.connection.execute(WITHDRAW_STAYS, journey_id, seq)


async def find_stay(tx: Tx, journey_id: UUID, stage: int, spell: int) -> Record | None:
    return await tx.connection.fetchrow("SELECT * FROM stay WHERE journey_id = $1 AND stage = $2 AND spell = $3", journey_id, stage, spell)


async def goes_on(tx: Tx, journey_id: UUID, stage: int) -> bool:
    """Whether the person stays in this stage, by whichever spell."""
    stays: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM stay WHERE journey_id = $1 AND stage = $2 AND NOT has_ended)", journey_id, stage
    )
    return stays


@gathered(10)
async def hold(connection: Connection, rows: list[Row]) -> None:
    """Make anew who holds these journeys, from their stays: (person_id, organisation_id, journey_id, heard_at).

    A merged person's go to whom they were merged into, an erased one's nowhere.
    """
    people, organisations, journeys, moments = zip(*rows, strict=True)
    await connection.execute(HOLD, people, organisations, journeys, max(moments))


@gathered(11)
async def end_made_in_error(connection: Connection, rows: list[Row]) -> None:
    """End, by (journey_id, ended_at), what was assigned by who held the journey in error."""
    journeys, moments = zip(*rows, strict=True)
    await connection.execute(END_MADE_IN_ERROR, journeys, max(moments))


@gathered(11)
async def end_heard(connection: Connection, rows: list[Row]) -> None:
    """End, by (person_id, organisation_id, ended_at), what others of this person have without a known reason."""
    await connection.execute(END_HEARD, *zip(*rows, strict=True))
