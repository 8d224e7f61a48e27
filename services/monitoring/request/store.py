"""All SQL of referrals as heard. The first one addressed and the newest answer win; repeating a row changes nothing."""

from collections.abc import Sequence

from shared.database import Connection, Row


async def _run(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    await connection.execute(sql, *(list(column) for column in zip(*rows, strict=True)))


async def save_openings(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, code, limit)."""
    await _run(connection, OPENINGS, rows)


OPENINGS = """
INSERT INTO referral AS r (referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq,
    pathway, stage_code, limit_days)
SELECT DISTINCT ON (referral_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::uuid[], $6::text[], $7::boolean[], $8::timestamptz[], $9::bigint[],
            $10::text[], $11::text[], $12::smallint[])
    AS n(referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, code, limit_days)
ORDER BY referral_id, opened_at
ON CONFLICT (referral_id) DO UPDATE
SET journey_id = LEAST(r.journey_id, EXCLUDED.journey_id), from_organisation_id = EXCLUDED.from_organisation_id,
    origin = EXCLUDED.origin, timed = r.timed OR EXCLUDED.timed, opened_at = EXCLUDED.opened_at, opened_seq = EXCLUDED.opened_seq,
    pathway = EXCLUDED.pathway, stage_code = EXCLUDED.stage_code, limit_days = EXCLUDED.limit_days
WHERE r.opened_at IS NULL
"""


async def save_addressings(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, seq, to_organisation_id, at, timed)."""
    await _run(connection, ADDRESSINGS, rows)


ADDRESSINGS = """
INSERT INTO referral AS r
    (referral_id, person_id, journey_id, stage, addressed_seq, addressed_to, addressed_at, last_addressed_seq, timed)
SELECT referral_id, (array_agg(person_id))[1], (array_agg(journey_id ORDER BY journey_id))[1], min(stage),
       min(seq), (array_agg(to_id ORDER BY seq))[1], (array_agg(at ORDER BY seq))[1], max(seq), bool_or(timed)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::timestamptz[], $8::boolean[])
    AS n(referral_id, person_id, journey_id, stage, seq, to_id, at, timed)
GROUP BY referral_id ORDER BY referral_id
ON CONFLICT (referral_id) DO UPDATE
SET addressed_to = CASE WHEN r.addressed_seq <= EXCLUDED.addressed_seq THEN r.addressed_to ELSE EXCLUDED.addressed_to END,
    addressed_at = CASE WHEN r.addressed_seq <= EXCLUDED.addressed_seq THEN r.addressed_at ELSE EXCLUDED.addressed_at END,
    addressed_seq = LEAST(r.addressed_seq, EXCLUDED.addressed_seq),
    last_addressed_seq = GREATEST(r.last_addressed_seq, EXCLUDED.last_addressed_seq),
    journey_id = LEAST(r.journey_id, EXCLUDED.journey_id), timed = r.timed OR EXCLUDED.timed
"""


async def save_answers(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, seq, organisation_id, answer, reason, in_time, at)."""
    await _run(connection, ANSWERS, rows)


ANSWERS = """
INSERT INTO referral AS r
    (referral_id, person_id, journey_id, stage, answer_seq, answered_by, answer, answer_reason, in_time, answered_at)
SELECT DISTINCT ON (referral_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::text[], $8::text[], $9::boolean[],
            $10::timestamptz[])
    AS n(referral_id, person_id, journey_id, stage, seq, organisation_id, answer, reason, in_time, at)
ORDER BY referral_id, seq DESC
ON CONFLICT (referral_id) DO UPDATE
SET answer_seq = EXCLUDED.answer_seq, answered_by = EXCLUDED.answered_by, answer = EXCLUDED.answer,
    answer_reason = EXCLUDED.answer_reason, in_time = EXCLUDED.in_time, answered_at = EXCLUDED.answered_at
WHERE r.answer_seq IS NULL OR EXCLUDED.answer_seq > r.answer_seq
"""


async def save_ends(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, stage, end, reason): ends are terminal, so that there is one."""
    await _run(connection, ENDS, rows)


ENDS = """
INSERT INTO referral AS r (referral_id, person_id, stage, ended, end_reason)
SELECT DISTINCT ON (referral_id) *
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[]) AS n(referral_id, person_id, stage, ended, reason)
ORDER BY referral_id, ended
ON CONFLICT (referral_id) DO UPDATE
SET ended = LEAST(r.ended, EXCLUDED.ended), end_reason = LEAST(r.end_reason, EXCLUDED.end_reason)
"""


async def save_overdue(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, stage): no answer by the due date."""
    await _run(connection, OVERDUE, rows)


OVERDUE = """
INSERT INTO referral AS r (referral_id, person_id, stage, overdue)
SELECT DISTINCT ON (referral_id) *, true
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[]) AS n(referral_id, person_id, stage)
ORDER BY referral_id
ON CONFLICT (referral_id) DO UPDATE SET overdue = true
"""
