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
    """(person_id, died_on, erased_on, merged_into)."""
    await _run(connection, PERSONS, rows)


PERSONS = """
INSERT INTO person AS p (person_id, died_on, erased_on, merged_into)
SELECT person_id, min(died_on), min(erased_on), (array_agg(merged_into ORDER BY merged_into))[1]
FROM unnest($1::uuid[], $2::date[], $3::date[], $4::uuid[]) AS n(person_id, died_on, erased_on, merged_into)
GROUP BY person_id ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE
SET died_on = LEAST(p.died_on, EXCLUDED.died_on), erased_on = LEAST(p.erased_on, EXCLUDED.erased_on),
    merged_into = LEAST(p.merged_into, EXCLUDED.merged_into)
"""


async def save_journeys(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, person_id, organisation_id, opened_on, imported)."""
    await _run(connection, JOURNEYS, rows)


JOURNEYS = """
INSERT INTO journey AS j (journey_id, person_id, organisation_id, opened_on, imported)
SELECT DISTINCT ON (journey_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::boolean[]) AS n(journey_id, person_id, organisation_id, opened_on, imported)
ORDER BY journey_id, opened_on
ON CONFLICT (journey_id) DO UPDATE
SET organisation_id = EXCLUDED.organisation_id, opened_on = EXCLUDED.opened_on, imported = EXCLUDED.imported
WHERE j.opened_on IS NULL
"""


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


STARTS = """
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, started_on)
SELECT DISTINCT ON (journey_id, stage, spell) *
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::date[])
    AS n(journey_id, stage, spell, person_id, organisation_id, started_on)
ORDER BY journey_id, stage, spell, started_on
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET started_on = LEAST(s.started_on, EXCLUDED.started_on), organisation_id = LEAST(s.organisation_id, EXCLUDED.organisation_id)
"""


async def save_completions(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, spell, person_id, organisation_id, completed_on)."""
    await _run(connection, STARTS.replace("started_on", "completed_on"), rows)


async def save_leavings(connection: Connection, rows: Sequence[Row]) -> None:
    """(journey_id, stage, spell, person_id, organisation_id, left_on, how)."""
    await _run(connection, LEAVINGS, rows)


LEAVINGS = """
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, left_on, how)
SELECT DISTINCT ON (journey_id, stage, spell) *
FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::date[], $7::text[])
    AS n(journey_id, stage, spell, person_id, organisation_id, left_on, how)
ORDER BY journey_id, stage, spell, left_on
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
    """(referral_id, person_id, stage, region, on_day): a request counts once, on the first day."""
    await _run(connection, PLACES_NOT_FOUND, rows)


PLACES_NOT_FOUND = """
INSERT INTO place_not_found AS p (referral_id, person_id, stage, region, on_day)
SELECT DISTINCT ON (referral_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::date[]) AS n(referral_id, person_id, stage, region, on_day)
ORDER BY referral_id, on_day
ON CONFLICT (referral_id) DO UPDATE SET on_day = LEAST(p.on_day, EXCLUDED.on_day)
"""
