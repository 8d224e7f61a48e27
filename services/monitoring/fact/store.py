"""All SQL of the facts: one upsert a kind, for many rows at once. Any order of arrival gives the same facts."""

from collections.abc import Awaitable, Callable, Sequence

from shared.database import Connection, Row

Save = Callable[[Connection, Sequence[Row]], Awaitable[None]]


async def _run(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    await connection.execute(sql, *(list(column) for column in zip(*rows, strict=True)))


async def save_organisations(connection: Connection, rows: Sequence[Row]) -> None:
    """(organisation_id, seq, level, region, programmes as JSON): the newest entry wins."""
    await _run(connection, ORGANISATIONS, rows)


ORGANISATIONS = """
INSERT INTO organisation AS o (organisation_id, seq, level, region, programmes)
SELECT DISTINCT ON (organisation_id) organisation_id, seq, level, region, programmes::jsonb
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS n(organisation_id, seq, level, region, programmes)
ORDER BY organisation_id, seq DESC
ON CONFLICT (organisation_id) DO UPDATE
SET seq = EXCLUDED.seq, level = EXCLUDED.level, region = EXCLUDED.region, programmes = EXCLUDED.programmes
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
    """(journey_id, person_id, organisation_id, opened_on, imported, pathway, version)."""
    await _run(connection, JOURNEYS, rows)


JOURNEYS = """
INSERT INTO journey AS j (journey_id, person_id, organisation_id, opened_on, imported, pathway, version)
SELECT DISTINCT ON (journey_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::boolean[], $6::text[], $7::int[])
    AS n(journey_id, person_id, organisation_id, opened_on, imported, pathway, version)
ORDER BY journey_id, opened_on
ON CONFLICT (journey_id) DO UPDATE
SET organisation_id = EXCLUDED.organisation_id, opened_on = EXCLUDED.opened_on, imported = EXCLUDED.imported,
    pathway = EXCLUDED.pathway, version = EXCLUDED.version
WHERE j.opened_on IS NULL
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
    """(journey_id, person_id, completed_on): a journey that was not heard of yet is kept with the rest unknown."""
    await _run(connection, JOURNEY_COMPLETIONS, rows)


JOURNEY_COMPLETIONS = """
INSERT INTO journey AS j (journey_id, person_id, completed_on)
SELECT DISTINCT ON (journey_id) * FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS n(journey_id, person_id, completed_on)
ORDER BY journey_id, completed_on
ON CONFLICT (journey_id) DO UPDATE SET completed_on = LEAST(j.completed_on, EXCLUDED.completed_on)
"""


async def save_starts(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, spell, person_id, organisation_id, started_on)."""
    await _run(connection, STARTS, rows)


WHOSE = """
COALESCE(j.pathway, 'addiction-rehabilitation'), COALESCE(w.codes[n.stage], 'stage-' || n.stage), w.codes[n.stage + 1],
array_position(w.codes, 'resocialization') - n.stage
"""
"""Of a stay: its pathway, codes of its stage and the next, how far resocialization is. The stream brings its journey before it."""
OF_PATHWAY = """
LEFT JOIN journey j ON j.journey_id = n.journey_id
LEFT JOIN pathway w ON w.pathway = COALESCE(j.pathway, 'addiction-rehabilitation') AND w.version = COALESCE(j.version, 1)
"""
STARTS = f"""
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, started_on, pathway, code, next_code, ahead)
SELECT DISTINCT ON (n.journey_id, n.stage, n.spell) n.*, {WHOSE}
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::date[])
    AS n(journey_id, stage, spell, person_id, organisation_id, started_on)
{OF_PATHWAY}
ORDER BY n.journey_id, n.stage, n.spell, n.started_on
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET started_on = LEAST(s.started_on, EXCLUDED.started_on), organisation_id = LEAST(s.organisation_id, EXCLUDED.organisation_id)
"""


async def save_completions(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, spell, person_id, organisation_id, completed_on)."""
    await _run(connection, STARTS.replace("started_on", "completed_on"), rows)


async def save_leavings(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, spell, person_id, organisation_id, left_on, how)."""
    await _run(connection, LEAVINGS, rows)


LEAVINGS = f"""
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, left_on, how, pathway, code, next_code, ahead)
SELECT DISTINCT ON (n.journey_id, n.stage, n.spell) n.*, {WHOSE}
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::date[], $7::text[])
    AS n(journey_id, stage, spell, person_id, organisation_id, left_on, how)
{OF_PATHWAY}
ORDER BY n.journey_id, n.stage, n.spell, n.left_on
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET left_on = LEAST(s.left_on, EXCLUDED.left_on), how = LEAST(s.how, EXCLUDED.how),
    organisation_id = LEAST(s.organisation_id, EXCLUDED.organisation_id)
"""


async def save_skips(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, person_id, how)."""
    await _run(connection, SKIPS, rows)


SKIPS = """
INSERT INTO skip AS s (journey_id, stage, person_id, how)
SELECT DISTINCT ON (journey_id, stage) *
FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[]) AS n(journey_id, stage, person_id, how)
ORDER BY journey_id, stage, how
ON CONFLICT (journey_id, stage) DO UPDATE SET how = LEAST(s.how, EXCLUDED.how)
"""


async def save_relapses(connection: Connection, rows: Sequence[Row]) -> None:
    """(relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn): the newest assessment wins."""
    await _run(connection, RELAPSES, rows)


RELAPSES = """
INSERT INTO relapse AS r (relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn)
SELECT DISTINCT ON (relapse_id, definition) *
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::smallint[], $6::bigint[], $7::date[], $8::boolean[])
    AS n(relapse_id, definition, person_id, journey_id, stage, seq, known_on, withdrawn)
ORDER BY relapse_id, definition, seq DESC
ON CONFLICT (relapse_id, definition) DO UPDATE
SET seq = EXCLUDED.seq, known_on = EXCLUDED.known_on, withdrawn = EXCLUDED.withdrawn, stage = EXCLUDED.stage
WHERE EXCLUDED.seq > r.seq
"""


async def save_concerns(connection: Connection, rows: Sequence[Row]) -> None:
    """(concern_id, person_id, raised_at, answered_at, escalated_at, signs), what an event does not bring left None."""
    await _run(connection, CONCERNS, rows)


CONCERNS = """
INSERT INTO concern AS c (concern_id, person_id, raised_at, answered_at, escalated_at, signs)
SELECT concern_id, (array_agg(person_id ORDER BY person_id))[1], min(raised_at), min(answered_at), min(escalated_at), max(signs)
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::smallint[])
    AS n(concern_id, person_id, raised_at, answered_at, escalated_at, signs)
GROUP BY concern_id ORDER BY concern_id
ON CONFLICT (concern_id) DO UPDATE
SET raised_at = LEAST(c.raised_at, EXCLUDED.raised_at), answered_at = LEAST(c.answered_at, EXCLUDED.answered_at),
    escalated_at = LEAST(c.escalated_at, EXCLUDED.escalated_at), signs = GREATEST(c.signs, EXCLUDED.signs)
"""


async def save_places_not_found(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, stage, region, on_day, pathway): a request counts once, on the first day."""
    await _run(connection, PLACES_NOT_FOUND, rows)


PLACES_NOT_FOUND = """
INSERT INTO place_not_found AS p (referral_id, person_id, stage, region, on_day, pathway)
SELECT DISTINCT ON (referral_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::date[], $6::text[])
    AS n(referral_id, person_id, stage, region, on_day, pathway)
ORDER BY referral_id, on_day
ON CONFLICT (referral_id) DO UPDATE SET on_day = LEAST(p.on_day, EXCLUDED.on_day)
"""
