"""The SQL that finds the first starts of stages among the facts. Its columns: `unit/domain.py`."""

UNITS = """
SELECT 'stage', pathway, code, '',
       (array_agg(organisation_id ORDER BY started_on, journey_id, spell) FILTER (WHERE started_on IS NOT NULL))[1], NULL::uuid,
       min(started_on),
       CASE WHEN bool_or(completed_on IS NOT NULL) THEN 'completed' WHEN bool_or(completed_on IS NULL AND left_on IS NULL) THEN 'open'
            ELSE 'left' END,
       CASE WHEN bool_or(completed_on IS NOT NULL) OR bool_or(completed_on IS NULL AND left_on IS NULL) THEN ''
            ELSE COALESCE((array_agg(how ORDER BY started_on DESC, spell DESC, journey_id))[1], 'not-known') END,
       NULL::int, NULL::int
FROM standing_spell WHERE person_id = ANY($1::uuid[]) GROUP BY person_id, pathway, code HAVING min(started_on) IS NOT NULL
"""
