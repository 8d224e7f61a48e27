"""The usual dashboard: hand-overs counted from the facts whenever somebody looks."""

QUERY = """
SELECT c.stage, o.region, date_trunc('month', c.completed_on) AS month, count(*) AS completed, count(n.started_on) AS started,
       count(*) FILTER (WHERE n.started_on - c.completed_on <= 7) AS within_7,
       count(*) FILTER (WHERE n.started_on - c.completed_on <= 14) AS within_14,
       count(*) FILTER (WHERE n.started_on - c.completed_on <= 30) AS within_30
FROM spell c
LEFT JOIN spell n ON n.journey_id = c.journey_id AND n.stage = c.stage + 1 AND n.spell = 1
LEFT JOIN organisation o ON o.organisation_id = c.organisation_id
WHERE c.completed_on IS NOT NULL
GROUP BY 1, 2, 3
"""
