"""All SQL of referrals as heard: the newest opening, the first one addressed, the newest answer. Repeating a row changes nothing."""

from collections.abc import Sequence

from shared.database import Connection, Row


async def _run(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    await connection.execute(sql, *(list(column) for column in zip(*rows, strict=True)))


async def save_openings(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, code, limit, to)."""
    await _run(connection, OPENINGS, rows)


OPENINGS = """
INSERT INTO referral AS r (referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq,
    pathway, stage_code, limit_days, opened_to, is_told_again, opened_last_at)
SELECT DISTINCT ON (referral_id) referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed,
    min(opened_at) OVER of_referral, opened_seq, pathway, code, limit_days, to_id, count(*) OVER of_referral > 1, opened_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::uuid[], $6::text[], $7::boolean[], $8::timestamptz[], $9::bigint[],
            $10::text[], $11::text[], $12::smallint[], $13::uuid[])
    AS n(referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, code, limit_days,
         to_id)
WINDOW of_referral AS (PARTITION BY referral_id)
ORDER BY referral_id, opened_seq DESC
ON CONFLICT (referral_id) DO UPDATE
SET journey_id = LEAST(r.journey_id, EXCLUDED.journey_id), timed = r.timed OR EXCLUDED.timed,
    opened_at = LEAST(r.opened_at, EXCLUDED.opened_at), opened_seq = GREATEST(r.opened_seq, EXCLUDED.opened_seq),
    is_told_again = r.opened_at IS NOT NULL OR EXCLUDED.is_told_again,
    opened_last_at = CASE WHEN r.opened_at IS NULL OR EXCLUDED.opened_seq > COALESCE(r.opened_seq, 0) THEN EXCLUDED.opened_last_at
        ELSE r.opened_last_at END,
    (from_organisation_id, origin, pathway, stage_code, limit_days, opened_to) = (
        SELECT EXCLUDED.from_organisation_id, EXCLUDED.origin, EXCLUDED.pathway, EXCLUDED.stage_code, EXCLUDED.limit_days,
               EXCLUDED.opened_to
        WHERE r.opened_at IS NULL OR EXCLUDED.opened_seq > COALESCE(r.opened_seq, 0)
        UNION ALL SELECT r.from_organisation_id, r.origin, r.pathway, r.stage_code, r.limit_days, r.opened_to LIMIT 1)
WHERE r.opened_at IS NULL OR EXCLUDED.opened_seq IS DISTINCT FROM r.opened_seq
"""


async def save_addressings(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, seq, to_organisation_id, at, timed)."""
    await _run(connection, ADDRESSINGS, rows)


ADDRESSINGS = """
INSERT INTO referral AS r (referral_id, person_id, journey_id, stage, addressed_seq, addressed_to, addressed_at, last_addressed_seq,
    last_addressed_to, last_addressed_at, timed)
SELECT referral_id, (array_agg(person_id))[1], (array_agg(journey_id ORDER BY journey_id))[1], min(stage),
       min(seq), (array_agg(to_id ORDER BY seq))[1], (array_agg(at ORDER BY seq))[1], max(seq), (array_agg(to_id ORDER BY seq DESC))[1],
       (array_agg(at ORDER BY seq DESC))[1], bool_or(timed)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::timestamptz[], $8::boolean[])
    AS n(referral_id, person_id, journey_id, stage, seq, to_id, at, timed)
GROUP BY referral_id ORDER BY referral_id
ON CONFLICT (referral_id) DO UPDATE
SET addressed_to = CASE WHEN r.addressed_seq <= EXCLUDED.addressed_seq THEN r.addressed_to ELSE EXCLUDED.addressed_to END,
    addressed_at = CASE WHEN r.addressed_seq <= EXCLUDED.addressed_seq THEN r.addressed_at ELSE EXCLUDED.addressed_at END,
    addressed_seq = LEAST(r.addressed_seq, EXCLUDED.addressed_seq),
    (last_addressed_to, last_addressed_at) = (
        SELECT r.last_addressed_to, r.last_addressed_at WHERE r.last_addressed_seq >= EXCLUDED.last_addressed_seq
        UNION ALL SELECT EXCLUDED.last_addressed_to, EXCLUDED.last_addressed_at LIMIT 1),
    last_addressed_seq = GREATEST(r.last_addressed_seq, EXCLUDED.last_addressed_seq),
    journey_id = LEAST(r.journey_id, EXCLUDED.journey_id), timed = r.timed OR EXCLUDED.timed
"""


async def save_answers(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, journey_id, stage, seq, organisation_id, answer, reason, in_time, at)."""
    await _run(connection, ANSWERS, rows)


ANSWERS = """
INSERT INTO referral AS r
    (referral_id, person_id, journey_id, stage, answer_seq, answered_by, answer, answer_reason, in_time, answered_at, answer_last_at)
SELECT DISTINCT ON (referral_id) referral_id, person_id, journey_id, stage, seq, organisation_id, answer, reason, in_time,
    min(at) OVER (PARTITION BY referral_id, organisation_id, answer), at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::text[], $8::text[], $9::boolean[],
            $10::timestamptz[])
    AS n(referral_id, person_id, journey_id, stage, seq, organisation_id, answer, reason, in_time, at)
ORDER BY referral_id, seq DESC
ON CONFLICT (referral_id) DO UPDATE
SET answer_seq = EXCLUDED.answer_seq, answered_by = EXCLUDED.answered_by, answer = EXCLUDED.answer,
    answer_reason = EXCLUDED.answer_reason, in_time = EXCLUDED.in_time, answer_last_at = EXCLUDED.answer_last_at, answered_at = CASE
        WHEN (r.answered_by, r.answer) = (EXCLUDED.answered_by, EXCLUDED.answer) THEN LEAST(r.answered_at, EXCLUDED.answered_at)
        ELSE EXCLUDED.answered_at END
WHERE r.answer_seq IS NULL OR EXCLUDED.answer_seq > r.answer_seq
"""


async def save_ends(connection: Connection, rows: Sequence[Row]) -> None:
    """(referral_id, person_id, stage, ended, reason, seq): the newest counts, since what ended may be entered in error later."""
    await _run(connection, ENDS, rows)


ENDS = """
INSERT INTO referral AS r (referral_id, person_id, stage, ended, end_reason, end_seq, error_seq)
SELECT DISTINCT ON (referral_id) *, COALESCE(max(seq) FILTER (WHERE ended = 'entered-in-error') OVER (PARTITION BY referral_id), 0)
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::bigint[])
    AS n(referral_id, person_id, stage, ended, reason, seq)
ORDER BY referral_id, seq DESC
ON CONFLICT (referral_id) DO UPDATE
SET error_seq = GREATEST(r.error_seq, EXCLUDED.error_seq), end_seq = GREATEST(r.end_seq, EXCLUDED.end_seq),
    ended = CASE WHEN EXCLUDED.end_seq > r.end_seq THEN EXCLUDED.ended ELSE r.ended END,
    end_reason = CASE WHEN EXCLUDED.end_seq > r.end_seq THEN EXCLUDED.end_reason ELSE r.end_reason END
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
