"""The SQL that finds relapses among the facts, at the first start of their stage. Its columns: `unit/domain.py`."""

UNITS = """
WITH first AS (
    SELECT DISTINCT ON (person_id, pathway, code) person_id, pathway, code, organisation_id, started_on
    FROM standing_spell WHERE person_id = ANY($1::uuid[]) AND started_on IS NOT NULL
    ORDER BY person_id, pathway, code, started_on, journey_id, spell
), met AS (
    SELECT DISTINCT r.person_id, s.pathway, s.code, r.definition
    FROM relapse r
    JOIN standing_spell s ON s.journey_id = r.journey_id AND s.stage = r.stage AND s.spell = COALESCE(r.spell, s.spell)
    WHERE r.person_id = ANY($1::uuid[]) AND NOT r.withdrawn
)
SELECT 'relapse', f.pathway, f.code, '', f.organisation_id, NULL::uuid, f.started_on, m.definition, '', NULL::int, NULL::int
FROM met m JOIN first f ON f.person_id = m.person_id AND f.pathway = m.pathway AND f.code = m.code
"""
