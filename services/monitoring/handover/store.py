"""The SQL that finds hand-overs among the facts. Its columns: `unit/domain.py`."""

UNITS = """
WITH ended AS (
    SELECT person_id, journey_id, pathway, stage, code, spell, organisation_id, completed_on, how,
           COALESCE(completed_on, left_on) AS ended_on,
           CASE WHEN completed_on IS NULL THEN stage ELSE stage + 1 END AS to_stage,
           CASE WHEN completed_on IS NULL THEN code ELSE next_code END AS to_code,
           CASE WHEN spell > 1 THEN started_on END AS since,
           lead(started_on) OVER (PARTITION BY journey_id, stage ORDER BY spell) AS until
    FROM standing_spell WHERE person_id = ANY($1::uuid[])
), counted AS (
    SELECT DISTINCT ON (person_id, pathway, code, to_code, date_trunc('month', ended_on::timestamp)) *
    FROM ended WHERE (completed_on IS NOT NULL AND to_code IS NOT NULL) OR how = 'transferred'
    ORDER BY person_id, pathway, code, to_code, date_trunc('month', ended_on::timestamp), ended_on, journey_id, spell
), asked AS MATERIALIZED (
    SELECT c.journey_id, c.stage, c.spell,
           bool_or(r.ended IS NULL AND (r.answer IS DISTINCT FROM 'declined' OR COALESCE(r.last_addressed_seq > r.answer_seq, false)))
               AS waits,
           bool_or(r.answer = 'declined' OR r.end_reason = 'declined-by-person') AS declined,
           bool_or('returned-to-custody' IN (r.end_reason, r.answer_reason)) AS custody,
           (array_agg(COALESCE(r.end_reason, r.answer_reason) ORDER BY r.opened_at DESC, r.opened_seq DESC))[1] AS reason,
           (array_agg(r.limit_days ORDER BY r.opened_seq DESC) FILTER (WHERE r.limit_days IS NOT NULL))[1] AS limit_days
    FROM counted c JOIN standing_referral r ON r.person_id = c.person_id
    WHERE c.to_stage > c.stage AND r.person_id = ANY($1::uuid[]) AND r.ended IS DISTINCT FROM 'entered-in-error'
      AND CASE WHEN r.journey_id IS NULL THEN r.pathway = c.pathway AND r.stage_code = c.to_code
               ELSE r.journey_id = c.journey_id AND r.stage = c.to_stage END
    GROUP BY c.journey_id, c.stage, c.spell
)
SELECT CASE WHEN c.to_stage > c.stage THEN 'handover' ELSE 'transfer' END,
       c.pathway, c.code, c.to_code, c.organisation_id, NULL::uuid, c.ended_on,
       CASE WHEN n.started_on < c.ended_on THEN 'overlapping'
            WHEN n.started_on IS NOT NULL THEN 'started'
            WHEN k.how IS NOT NULL OR r.custody THEN 'exempt'
            WHEN p.died_on IS NOT NULL THEN 'died'
            WHEN r.declined AND r.waits IS NOT TRUE THEN 'declined'
            ELSE 'open' END,
       CASE WHEN n.started_on IS NOT NULL THEN ''
            WHEN k.how IS NOT NULL THEN k.how
            WHEN r.custody THEN 'incarcerated'
            WHEN p.died_on IS NULL AND r.declined AND r.waits IS NOT TRUE THEN COALESCE(r.reason, 'not-known')
            ELSE '' END,
       CASE WHEN n.started_on >= c.ended_on THEN n.started_on - c.ended_on
            WHEN n.started_on IS NULL AND k.how IS NULL AND r.custody IS NOT TRUE AND p.died_on IS NOT NULL
                THEN GREATEST(p.died_on - c.ended_on, 0) END,
       r.limit_days
FROM counted c
CROSS JOIN LATERAL (
    SELECT min(started_on) AS started_on FROM standing_spell n
    WHERE n.journey_id = c.journey_id AND n.stage = c.to_stage AND CASE WHEN c.to_stage = c.stage THEN n.spell > c.spell
        ELSE (n.started_on >= COALESCE(c.since, '-infinity') AND n.started_on < COALESCE(c.until, 'infinity'))
          OR (n.started_on <= c.ended_on AND COALESCE(n.completed_on, n.left_on, 'infinity') >= c.ended_on) END
) n
LEFT JOIN asked r ON r.journey_id = c.journey_id AND r.stage = c.stage AND r.spell = c.spell
LEFT JOIN standing_skip k ON k.journey_id = c.journey_id AND k.stage = c.to_stage
LEFT JOIN person p ON p.person_id = c.person_id
"""
