"""All SQL of the facts: one upsert a kind, for many rows at once. Any order of arrival gives the same facts.

`seq`: the place in the person's stream. What may be corrected is as the newest says, within a batch and against the table.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from services.monitoring.fact.domain import Stay, newest
from shared.database import Connection, Row

Save = Callable[[Connection, Sequence[Row]], Awaitable[None]]


async def _run(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    await connection.execute(sql, *(list(column) for column in zip(*rows, strict=True)))


async def save_organisations(connection: Connection, rows: Sequence[Row]) -> None:
    """(organisation_id, seq, level, region, programmes as JSON, is_confirmed): the newest entry wins."""
    await _run(connection, ORGANISATIONS, rows)


ORGANISATIONS = """
INSERT INTO organisation AS o (organisation_id, seq, level, region, programmes, is_confirmed)
SELECT DISTINCT ON (organisation_id) organisation_id, seq, level, region, programmes::jsonb, is_confirmed
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::boolean[])
    AS n(organisation_id, seq, level, region, programmes, is_confirmed)
ORDER BY organisation_id, seq DESC
ON CONFLICT (organisation_id) DO UPDATE
SET seq = EXCLUDED.seq, level = EXCLUDED.level, region = EXCLUDED.region, programmes = EXCLUDED.programmes,
    is_confirmed = EXCLUDED.is_confirmed
WHERE EXCLUDED.seq > o.seq
"""


async def save_persons(connection: Connection, rows: Sequence[Row]) -> None:
    """(person_id, erased_on, merged_into)."""
    await _run(connection, PERSONS, rows)


PERSONS = """
INSERT INTO person AS p (person_id, erased_on, merged_into)
SELECT person_id, min(erased_on), (array_agg(merged_into ORDER BY merged_into))[1]
FROM unnest($1::uuid[], $2::date[], $3::uuid[]) AS n(person_id, erased_on, merged_into)
GROUP BY person_id ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE
SET erased_on = LEAST(p.erased_on, EXCLUDED.erased_on), merged_into = LEAST(p.merged_into, EXCLUDED.merged_into)
"""


async def save_deaths(connection: Connection, rows: Sequence[Row]) -> None:
    """(person_id, seq, died_on), the day None where the death was reversed: the newest counts."""
    await _run(connection, DEATHS, rows)


DEATHS = """
INSERT INTO person AS p (person_id, death_seq, died_on)
SELECT DISTINCT ON (person_id) * FROM unnest($1::uuid[], $2::bigint[], $3::date[]) AS n(person_id, seq, died_on)
ORDER BY person_id, seq DESC
ON CONFLICT (person_id) DO UPDATE SET death_seq = EXCLUDED.death_seq, died_on = EXCLUDED.died_on WHERE EXCLUDED.death_seq > p.death_seq
"""


async def save_pathways(connection: Connection, rows: Sequence[Row]) -> None:
    """(pathway, version, codes as JSON, completes, halfway): a version never changes, so that the first one heard stays."""
    await _run(connection, PATHWAYS, rows)


PATHWAYS = """
INSERT INTO pathway (pathway, version, codes, completes, halfway)
SELECT DISTINCT ON (pathway, version) pathway, version, ARRAY(SELECT jsonb_array_elements_text(codes::jsonb)), completes, halfway
FROM unnest($1::text[], $2::int[], $3::text[], $4::smallint[], $5::smallint[]) AS n(pathway, version, codes, completes, halfway)
ORDER BY pathway, version
ON CONFLICT DO NOTHING
"""


async def save_journeys(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, person_id, organisation_id, opened_on, imported, pathway, version, seq)."""
    await _run(connection, JOURNEYS, rows)


JOURNEYS = """
INSERT INTO journey AS j (journey_id, person_id, organisation_id, opened_on, imported, pathway, version, opened_seq)
SELECT DISTINCT ON (journey_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::boolean[], $6::text[], $7::int[], $8::bigint[])
    AS n(journey_id, person_id, organisation_id, opened_on, imported, pathway, version, seq)
ORDER BY journey_id, seq DESC
ON CONFLICT (journey_id) DO UPDATE
SET organisation_id = EXCLUDED.organisation_id, imported = EXCLUDED.imported, pathway = EXCLUDED.pathway, version = EXCLUDED.version,
    opened_on = CASE WHEN EXCLUDED.opened_seq > j.opened_seq THEN EXCLUDED.opened_on ELSE j.opened_on END,
    opened_seq = GREATEST(j.opened_seq, EXCLUDED.opened_seq)
WHERE EXCLUDED.opened_seq > j.opened_seq OR j.pathway IS NULL
"""


async def save_journey_corrections(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, person_id, organisation_id, opened_on, imported, seq), the day None where the journey never was.

    Only the day is corrected: whose the journey is, its opening tells. What was told of a journey that never was counts nowhere.
    """
    await _run(connection, JOURNEY_CORRECTIONS, rows)


JOURNEY_CORRECTIONS = """
WITH told AS (
    SELECT journey_id, (array_agg(person_id))[1] AS person_id, (array_agg(organisation_id ORDER BY seq DESC))[1] AS organisation_id,
           (array_agg(opened_on ORDER BY seq DESC))[1] AS opened_on, bool_or(imported) AS imported, max(seq) AS seq,
           COALESCE(max(seq) FILTER (WHERE opened_on IS NULL), 0) AS void_seq
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::boolean[], $6::bigint[])
        AS n(journey_id, person_id, organisation_id, opened_on, imported, seq)
    GROUP BY journey_id
), stays AS (
    UPDATE spell s
    SET started_on = CASE WHEN s.start_seq < t.void_seq THEN NULL ELSE s.started_on END, start_seq = GREATEST(s.start_seq, t.void_seq),
        completed_on = CASE WHEN s.end_seq < t.void_seq THEN NULL ELSE s.completed_on END,
        left_on = CASE WHEN s.end_seq < t.void_seq THEN NULL ELSE s.left_on END,
        how = CASE WHEN s.end_seq < t.void_seq THEN NULL ELSE s.how END, end_seq = GREATEST(s.end_seq, t.void_seq)
    FROM told t WHERE s.journey_id = t.journey_id AND LEAST(s.start_seq, s.end_seq) < t.void_seq
), skips AS (
    UPDATE skip s SET how = NULL, seq = t.void_seq FROM told t WHERE s.journey_id = t.journey_id AND s.seq < t.void_seq
)
INSERT INTO journey AS j (journey_id, person_id, organisation_id, opened_on, imported, opened_seq, void_seq, completed_seq)
SELECT *, void_seq FROM told ORDER BY journey_id
ON CONFLICT (journey_id) DO UPDATE
SET opened_on = CASE WHEN EXCLUDED.opened_seq > j.opened_seq THEN EXCLUDED.opened_on ELSE j.opened_on END,
    opened_seq = GREATEST(j.opened_seq, EXCLUDED.opened_seq),
    completed_on = CASE WHEN j.completed_seq < EXCLUDED.void_seq THEN NULL ELSE j.completed_on END,
    completed_seq = GREATEST(j.completed_seq, EXCLUDED.void_seq), void_seq = GREATEST(j.void_seq, EXCLUDED.void_seq)
"""
FILL_IN = (
    "UPDATE journey SET pathway = 'addiction-rehabilitation', version = 1 WHERE opened_on IS NOT NULL AND pathway IS NULL",
    """
    UPDATE spell s SET code = COALESCE(w.codes[s.stage], 'stage-' || s.stage), next_code = w.codes[s.stage + 1],
        ahead = array_position(w.codes, 'resocialization') - s.stage
    FROM pathway w WHERE s.code IS NULL AND w.pathway = 'addiction-rehabilitation' AND w.version = 1
    """,
    """
    UPDATE referral r SET stage_code = COALESCE(w.codes[r.stage], 'stage-' || r.stage)
    FROM pathway w WHERE r.stage_code IS NULL AND w.pathway = 'addiction-rehabilitation' AND w.version = 1
    """,
)


async def fill_in(connection: Connection) -> None:
    """What a worker of the version before pathways wrote after the migration: it knew the five stages only."""
    for statement in FILL_IN:
        await connection.execute(statement)


async def save_journey_completions(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, person_id, completed_on, seq), the day None where it is not completed; of a journey not heard of the rest is unknown."""
    await _run(connection, JOURNEY_COMPLETIONS, rows)


JOURNEY_COMPLETIONS = """
INSERT INTO journey AS j (journey_id, person_id, completed_on, completed_seq)
SELECT DISTINCT ON (journey_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[]) AS n(journey_id, person_id, completed_on, seq)
ORDER BY journey_id, seq DESC
ON CONFLICT (journey_id) DO UPDATE SET completed_on = EXCLUDED.completed_on, completed_seq = EXCLUDED.completed_seq
WHERE EXCLUDED.completed_seq > j.completed_seq
"""


async def save_stays(connection: Connection, rows: Sequence[Row]) -> None:
    """Of `Stay`: starts, ends and corrections together. Of each half of a stay the newest counts, and the organisation told last."""
    await _run(connection, STAYS, newest(cast(Sequence[Stay], rows)))


WHOSE = """
COALESCE(j.pathway, 'addiction-rehabilitation'), COALESCE(w.codes[n.stage], 'stage-' || n.stage), w.codes[n.stage + 1],
array_position(w.codes, 'resocialization') - n.stage
"""
"""Of a stay: its pathway, codes of its stage and the next, how far resocialization is. The stream brings its journey before it."""
OF_PATHWAY = """
LEFT JOIN journey j ON j.journey_id = n.journey_id
LEFT JOIN pathway w ON w.pathway = COALESCE(j.pathway, 'addiction-rehabilitation') AND w.version = COALESCE(j.version, 1)
"""
STAYS = f"""
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, start_seq, started_on, end_seq, completed_on, left_on, how,
    pathway, code, next_code, ahead)
SELECT n.journey_id, n.stage, n.spell, n.person_id, n.organisation_id,
       GREATEST(n.start_seq, j.void_seq), CASE WHEN n.start_seq < j.void_seq THEN NULL ELSE n.started_on END,
       GREATEST(n.end_seq, j.void_seq), CASE WHEN n.end_seq < j.void_seq THEN NULL ELSE n.completed_on END,
       CASE WHEN n.end_seq < j.void_seq THEN NULL ELSE n.left_on END, CASE WHEN n.end_seq < j.void_seq THEN NULL ELSE n.how END, {WHOSE}
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bigint[], $7::date[], $8::bigint[], $9::date[],
            $10::date[], $11::text[])
    AS n(journey_id, stage, spell, person_id, organisation_id, start_seq, started_on, end_seq, completed_on, left_on, how)
{OF_PATHWAY}
ORDER BY n.journey_id, n.stage, n.spell
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET organisation_id = CASE WHEN GREATEST(EXCLUDED.start_seq, EXCLUDED.end_seq) > GREATEST(s.start_seq, s.end_seq)
                           THEN EXCLUDED.organisation_id ELSE s.organisation_id END,
    started_on = CASE WHEN EXCLUDED.start_seq > s.start_seq THEN EXCLUDED.started_on ELSE s.started_on END,
    completed_on = CASE WHEN EXCLUDED.end_seq > s.end_seq THEN EXCLUDED.completed_on ELSE s.completed_on END,
    left_on = CASE WHEN EXCLUDED.end_seq > s.end_seq THEN EXCLUDED.left_on ELSE s.left_on END,
    how = CASE WHEN EXCLUDED.end_seq > s.end_seq THEN EXCLUDED.how ELSE s.how END,
    start_seq = GREATEST(s.start_seq, EXCLUDED.start_seq), end_seq = GREATEST(s.end_seq, EXCLUDED.end_seq)
"""


async def save_skips(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, person_id, how, seq), `how` None where the stage was not skipped: the newest counts."""
    await _run(connection, SKIPS, rows)


SKIPS = """
INSERT INTO skip AS s (journey_id, stage, person_id, how, seq)
SELECT DISTINCT ON (n.journey_id, n.stage) n.journey_id, n.stage, n.person_id,
       CASE WHEN n.seq < j.void_seq THEN NULL ELSE n.how END, GREATEST(n.seq, j.void_seq)
FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::bigint[]) AS n(journey_id, stage, person_id, how, seq)
LEFT JOIN journey j ON j.journey_id = n.journey_id
ORDER BY n.journey_id, n.stage, n.seq DESC
ON CONFLICT (journey_id, stage) DO UPDATE SET how = EXCLUDED.how, seq = EXCLUDED.seq WHERE EXCLUDED.seq > s.seq
"""


async def save_relapses(connection: Connection, rows: Sequence[Row]) -> None:
    """(relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn, spell): the newest assessment wins."""
    await _run(connection, RELAPSES, rows)


RELAPSES = """
INSERT INTO relapse AS r (relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn, spell)
SELECT DISTINCT ON (relapse_id, definition) *
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::smallint[], $6::bigint[], $7::date[], $8::boolean[], $9::smallint[])
    AS n(relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn, spell)
ORDER BY relapse_id, definition, seq DESC
ON CONFLICT (relapse_id, definition) DO UPDATE
SET seq = EXCLUDED.seq, known_on = EXCLUDED.known_on, withdrawn = EXCLUDED.withdrawn, stage = EXCLUDED.stage, spell = EXCLUDED.spell
WHERE EXCLUDED.seq > r.seq
"""


async def save_concerns(connection: Connection, rows: Sequence[Row]) -> None:
    """(concern_id, person_id, raised_at, answered_at, escalated_at, signs, withdrawn), what an event does not bring left None."""
    await _run(connection, CONCERNS, rows)


CONCERNS = """
INSERT INTO concern AS c (concern_id, person_id, raised_at, answered_at, escalated_at, signs, withdrawn)
SELECT concern_id, (array_agg(person_id ORDER BY person_id))[1], min(raised_at), min(answered_at), min(escalated_at), max(signs),
    bool_or(withdrawn)
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::smallint[], $7::boolean[])
    AS n(concern_id, person_id, raised_at, answered_at, escalated_at, signs, withdrawn)
GROUP BY concern_id ORDER BY concern_id
ON CONFLICT (concern_id) DO UPDATE
SET raised_at = LEAST(c.raised_at, EXCLUDED.raised_at), answered_at = LEAST(c.answered_at, EXCLUDED.answered_at),
    escalated_at = LEAST(c.escalated_at, EXCLUDED.escalated_at), signs = GREATEST(c.signs, EXCLUDED.signs),
    withdrawn = c.withdrawn OR EXCLUDED.withdrawn
"""


async def save_places_not_found(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, stage, region, on_day, pathway, seq): a request counts once, on the first day."""
    await _run(connection, PLACES_NOT_FOUND, rows)


PLACES_NOT_FOUND = """
INSERT INTO place_not_found AS p (referral_id, person_id, stage, region, on_day, pathway, seq)
SELECT DISTINCT ON (referral_id) referral_id, person_id, stage, region, on_day, pathway, max(seq) OVER (PARTITION BY referral_id)
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::date[], $6::text[], $7::bigint[])
    AS n(referral_id, person_id, stage, region, on_day, pathway, seq)
ORDER BY referral_id, on_day
ON CONFLICT (referral_id) DO UPDATE SET on_day = LEAST(p.on_day, EXCLUDED.on_day), seq = GREATEST(p.seq, EXCLUDED.seq)
"""
