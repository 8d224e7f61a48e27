"""The SQL that finds journeys and how they stand. Its columns: `unit/domain.py`."""

UNITS = """
SELECT 'journey', j.pathway, '', '', j.organisation_id, NULL::uuid, j.opened_on,
       CASE WHEN s.ended_on IS NOT NULL THEN 'completed' WHEN s.last_left AND NOT s.open THEN 'left' ELSE 'open' END,
       CASE WHEN s.treated AND NOT s.later THEN 'treated-not-complete' WHEN s.treated THEN 'treated' ELSE '' END,
       s.ended_on - s.first_on, NULL::int
FROM standing_journey j
LEFT JOIN pathway w ON w.pathway = j.pathway AND w.version = j.version
CROSS JOIN LATERAL (
    SELECT min(started_on) AS first_on, min(completed_on) FILTER (WHERE stage = w.completes) AS ended_on,
           COALESCE(bool_or(code = 'treatment' AND completed_on IS NOT NULL), false) AS treated,
           COALESCE(bool_or(stage > array_position(w.codes, 'treatment')), false) AS later,
           COALESCE(bool_or(completed_on IS NULL AND left_on IS NULL), false) AS open,
           COALESCE((array_agg(how <> 'transferred' ORDER BY started_on DESC, stage DESC, spell DESC))[1], false) AS last_left
    FROM standing_spell s WHERE s.journey_id = j.journey_id
) s
WHERE j.person_id = ANY($1::uuid[])
UNION ALL
SELECT 'journey-order', pathway, '', '', organisation_id, NULL::uuid, opened_on,
       CASE WHEN row_number() OVER (PARTITION BY person_id, pathway ORDER BY opened_on, journey_id) = 1 THEN 'first' ELSE 'again' END,
       '', NULL::int, NULL::int
FROM standing_journey WHERE person_id = ANY($1::uuid[])
"""
