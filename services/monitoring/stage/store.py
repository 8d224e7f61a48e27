"""The SQL that finds the first starts of stages among the facts. Which columns it answers: `unit/domain.py`."""

UNITS = """
WITH first AS (
    SELECT DISTINCT ON (person_id, pathway, code) person_id, pathway, code, organisation_id, started_on
    FROM spell WHERE person_id = ANY($1::uuid[]) AND started_on IS NOT NULL
    ORDER BY person_id, pathway, code, started_on, journey_id, spell
)
SELECT 'stage', f.pathway, f.code, '', f.organisation_id, NULL::uuid, f.started_on,
       CASE WHEN s.completed THEN 'completed' WHEN s.open THEN 'open' ELSE 'left' END,
       CASE WHEN s.completed OR s.open THEN '' ELSE COALESCE(s.how, 'not-known') END, NULL::int, NULL::int
FROM first f
CROSS JOIN LATERAL (
    SELECT bool_or(completed_on IS NOT NULL) AS completed, bool_or(completed_on IS NULL AND left_on IS NULL) AS open,
           (array_agg(how ORDER BY started_on DESC, spell DESC))[1] AS how
    FROM spell s WHERE s.person_id = f.person_id AND s.pathway = f.pathway AND s.code = f.code
) s
"""
