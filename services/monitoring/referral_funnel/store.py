"""The SQL that finds first referrals among the facts. Its columns: `unit/domain.py`."""

UNITS = """
WITH first AS (
    SELECT DISTINCT ON (person_id, path, code, relapse) *,
           CASE WHEN relapse THEN 'referral-after-relapse' ELSE 'referral' END AS figure
    FROM (
        SELECT r.*, r.origin IS NOT DISTINCT FROM 'relapse' AS relapse, j.imported, j.opened_on,
               COALESCE(j.pathway, r.pathway) AS path, COALESCE(w.codes[r.stage], r.stage_code, 'stage-' || r.stage) AS code,
               COALESCE(r.addressed_to, CASE WHEN r.answer = 'accepted' THEN r.answered_by END) AS whom,
               COALESCE(r.addressed_seq, r.answer_seq) AS since, COALESCE(r.addressed_at, r.answered_at) AS since_at
        FROM standing_referral r
        LEFT JOIN standing_journey j ON j.journey_id = r.journey_id
        LEFT JOIN pathway w ON w.pathway = j.pathway AND w.version = j.version
        WHERE r.person_id = ANY($1::uuid[]) AND r.ended IS DISTINCT FROM 'entered-in-error'
    ) AS r
    WHERE whom IS NOT NULL ORDER BY person_id, path, code, relapse, since, referral_id
)
SELECT f.figure, f.path, f.code, '', f.whom, NULL::uuid,
       CASE WHEN f.imported AND NOT f.timed THEN COALESCE(f.opened_on, (f.since_at AT TIME ZONE 'UTC')::date)
            ELSE (f.since_at AT TIME ZONE 'UTC')::date END,
       CASE WHEN s.started THEN 'started'
            WHEN f.answer IS NOT NULL THEN f.answer
            WHEN f.ended IS NOT NULL THEN 'withdrawn'
            ELSE 'unanswered' END,
       CASE WHEN f.answer = 'declined' AND s.started IS NOT TRUE THEN COALESCE(f.answer_reason, 'not-known') ELSE '' END,
       NULL::int, NULL::int
FROM first f
CROSS JOIN LATERAL (
    SELECT bool_or(true) AS started FROM standing_spell s
    WHERE s.person_id = f.person_id AND s.pathway = f.path AND s.code = f.code AND s.organisation_id = f.whom
      AND s.started_on IS NOT NULL AND (NOT f.relapse OR s.spell > 1)
) s
"""
