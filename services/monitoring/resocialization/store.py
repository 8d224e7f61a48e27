"""The SQL that finds who should have come to resocialization. Its columns: `unit/domain.py`.

`ahead`: how many stages after a stay resocialization is; none of a pathway without that stage.
"""

UNITS = """
WITH counted AS (
    SELECT DISTINCT ON (s.person_id, s.pathway, s.code)
           s.person_id, s.journey_id, s.pathway, s.code, s.stage, s.spell, s.organisation_id, s.completed_on, s.stage + s.ahead AS last
    FROM standing_spell s
    WHERE s.person_id = ANY($1::uuid[]) AND s.completed_on IS NOT NULL AND s.ahead IN (1, 2)
    ORDER BY s.person_id, s.pathway, s.code, s.completed_on, s.journey_id, s.spell
), asked AS MATERIALIZED (
    SELECT c.journey_id, c.stage, c.spell, bool_or('returned-to-custody' IN (r.end_reason, r.answer_reason)) AS custody,
           max(COALESCE(r.end_reason, r.answer_reason))
               FILTER (WHERE r.answer = 'declined' OR r.end_reason = 'declined-by-person') AS reason
    FROM counted c JOIN standing_referral r ON r.person_id = c.person_id
    WHERE r.person_id = ANY($1::uuid[]) AND r.ended IS DISTINCT FROM 'entered-in-error'
      AND CASE WHEN r.journey_id IS NULL THEN r.pathway = c.pathway AND r.stage_code = 'resocialization'
               ELSE r.journey_id = c.journey_id AND r.stage = c.last END
    GROUP BY c.journey_id, c.stage, c.spell
)
SELECT 'resocialization', c.pathway, c.code, '', c.organisation_id, NULL::uuid, c.completed_on,
       CASE WHEN final.completed THEN 'completed' WHEN final.started THEN 'started'
            WHEN k.how IS NOT NULL OR p.died_on IS NOT NULL OR before.how IN ('died', 'incarcerated') OR r.custody THEN 'exempt'
            ELSE 'neither' END,
       CASE WHEN final.started THEN ''
            WHEN k.how IS NOT NULL THEN k.how
            WHEN p.died_on IS NOT NULL OR before.how = 'died' THEN 'died'
            WHEN before.how = 'incarcerated' OR r.custody THEN 'incarcerated'
            WHEN r.reason IS NOT NULL THEN 'declined-' || r.reason
            WHEN before.completed THEN 'not-started-' || c.last
            WHEN before.open THEN 'in-' || c.last - 1
            WHEN before.how IS NOT NULL THEN 'left-' || c.last - 1 || '-' || before.how
            ELSE 'not-started-' || c.last - 1 END, NULL::int, NULL::int
FROM counted c
CROSS JOIN LATERAL (
    SELECT bool_or(started_on IS NOT NULL) AS started, bool_or(completed_on IS NOT NULL) AS completed
    FROM standing_spell s WHERE s.journey_id = c.journey_id AND s.stage = c.last
) final
CROSS JOIN LATERAL (
    SELECT bool_or(completed_on IS NOT NULL) AS completed, bool_or(completed_on IS NULL AND left_on IS NULL) AS open,
           CASE WHEN NOT bool_or(completed_on IS NOT NULL) THEN (array_agg(how ORDER BY spell DESC))[1] END AS how
    FROM standing_spell s WHERE s.journey_id = c.journey_id AND s.stage = c.last - 1
) before
LEFT JOIN asked r ON r.journey_id = c.journey_id AND r.stage = c.stage AND r.spell = c.spell
LEFT JOIN standing_skip k ON k.journey_id = c.journey_id AND k.stage = c.last
LEFT JOIN person p ON p.person_id = c.person_id
"""
