"""All SQL of units: what persons count for in hand-overs, referrals and stages. Each answers rows of one shape, `Unit`'s.

Columns: figure, stage, organisation_id, to_organisation_id, period (a day), outcome, detail, amount.
"""

from collections.abc import Sequence
from uuid import UUID

from shared.database import Connection, Record

HAND_OVERS = """
WITH ended AS (
    SELECT person_id, journey_id, stage, spell, organisation_id, completed_on, how, COALESCE(completed_on, left_on) AS ended_on,
           CASE WHEN completed_on IS NULL THEN stage ELSE stage + 1 END AS to_stage,
           CASE WHEN spell > 1 THEN started_on END AS since,
           lead(started_on) OVER (PARTITION BY journey_id, stage ORDER BY spell) AS until
    FROM spell WHERE person_id = ANY($1::uuid[])
), counted AS (
    SELECT DISTINCT ON (person_id, stage, to_stage, date_trunc('month', ended_on::timestamp)) *
    FROM ended WHERE (completed_on IS NOT NULL AND stage < 5) OR how = 'transferred'
    ORDER BY person_id, stage, to_stage, date_trunc('month', ended_on::timestamp), ended_on, journey_id, spell
)
SELECT CASE WHEN c.to_stage > c.stage THEN 'handover' ELSE 'transfer' END,
       c.stage::int, c.organisation_id, NULL::uuid, c.ended_on,
       CASE WHEN n.started_on < c.ended_on THEN 'overlapping'
            WHEN n.started_on IS NOT NULL THEN 'started'
            WHEN k.how IS NOT NULL OR r.custody THEN 'exempt'
            WHEN p.died_on IS NOT NULL THEN 'died'
            WHEN r.declined AND r.asked IS NOT TRUE THEN 'declined'
            ELSE 'open' END,
       CASE WHEN n.started_on IS NOT NULL THEN ''
            WHEN k.how IS NOT NULL THEN k.how
            WHEN r.custody THEN 'incarcerated'
            WHEN p.died_on IS NULL AND r.declined AND r.asked IS NOT TRUE THEN COALESCE(r.reason, 'not-known')
            ELSE '' END,
       CASE WHEN n.started_on >= c.ended_on THEN n.started_on - c.ended_on
            WHEN n.started_on IS NULL AND k.how IS NULL AND r.custody IS NOT TRUE AND p.died_on IS NOT NULL
                THEN GREATEST(p.died_on - c.ended_on, 0) END
FROM counted c
CROSS JOIN LATERAL (
    SELECT min(started_on) AS started_on FROM spell n
    WHERE n.journey_id = c.journey_id AND n.stage = c.to_stage AND CASE WHEN c.to_stage = c.stage THEN n.spell > c.spell
        ELSE (n.started_on >= COALESCE(c.since, '-infinity') AND n.started_on < COALESCE(c.until, 'infinity'))
          OR (n.started_on <= c.ended_on AND COALESCE(n.completed_on, n.left_on, 'infinity') >= c.ended_on) END
) n
CROSS JOIN LATERAL (
    SELECT bool_or(ended IS NULL AND (answer IS DISTINCT FROM 'declined' OR COALESCE(last_addressed_seq > answer_seq, false))) AS asked,
           bool_or(answer = 'declined' OR end_reason = 'declined-by-person') AS declined,
           bool_or('returned-to-custody' IN (end_reason, answer_reason)) AS custody,
           (array_agg(COALESCE(end_reason, answer_reason) ORDER BY opened_at DESC))[1] AS reason
    FROM referral r
    WHERE r.person_id = c.person_id AND r.stage = c.to_stage AND (r.journey_id IS NULL OR r.journey_id = c.journey_id)
      AND c.to_stage > c.stage AND r.ended IS DISTINCT FROM 'entered-in-error'
) r
LEFT JOIN skip k ON k.journey_id = c.journey_id AND k.stage = c.to_stage
LEFT JOIN person p ON p.person_id = c.person_id
"""

REFERRALS = """
WITH first AS (
    SELECT DISTINCT ON (person_id, stage, relapse) *,
           CASE WHEN relapse THEN 'referral-after-relapse' ELSE 'referral' END AS figure
    FROM (
        SELECT *, origin IS NOT DISTINCT FROM 'relapse' AS relapse,
               COALESCE(addressed_to, CASE WHEN answer = 'accepted' THEN answered_by END) AS whom,
               COALESCE(addressed_seq, answer_seq) AS since, COALESCE(addressed_at, answered_at) AS since_at
        FROM referral WHERE person_id = ANY($1::uuid[]) AND ended IS DISTINCT FROM 'entered-in-error'
    ) AS r
    WHERE whom IS NOT NULL ORDER BY person_id, stage, relapse, since, referral_id
)
SELECT f.figure, f.stage::int, f.whom, NULL::uuid,
       CASE WHEN j.imported AND NOT f.timed THEN COALESCE(j.opened_on, (f.since_at AT TIME ZONE 'UTC')::date)
            ELSE (f.since_at AT TIME ZONE 'UTC')::date END,
       CASE WHEN s.started THEN 'started'
            WHEN f.answer IS NOT NULL THEN f.answer
            WHEN f.ended IS NOT NULL THEN 'withdrawn'
            ELSE 'unanswered' END,
       CASE WHEN f.answer = 'declined' AND s.started IS NOT TRUE THEN COALESCE(f.answer_reason, 'not-known') ELSE '' END, NULL::int
FROM first f
LEFT JOIN journey j ON j.journey_id = f.journey_id
CROSS JOIN LATERAL (
    SELECT bool_or(true) AS started FROM spell s
    WHERE s.person_id = f.person_id AND s.stage = f.stage AND s.organisation_id = f.whom AND s.started_on IS NOT NULL
      AND (NOT f.relapse OR s.spell > 1)
) s
"""

STAGES = """
WITH first AS (
    SELECT DISTINCT ON (person_id, stage) person_id, stage, organisation_id, started_on
    FROM spell WHERE person_id = ANY($1::uuid[]) AND started_on IS NOT NULL
    ORDER BY person_id, stage, started_on, journey_id, spell
)
SELECT 'stage', f.stage::int, f.organisation_id, NULL::uuid, f.started_on,
       CASE WHEN s.completed THEN 'completed' WHEN s.open THEN 'open' ELSE 'left' END,
       CASE WHEN s.completed OR s.open THEN '' ELSE COALESCE(s.how, 'not-known') END, NULL::int
FROM first f
CROSS JOIN LATERAL (
    SELECT bool_or(completed_on IS NOT NULL) AS completed, bool_or(completed_on IS NULL AND left_on IS NULL) AS open,
           (array_agg(how ORDER BY started_on DESC, spell DESC))[1] AS how
    FROM spell s WHERE s.person_id = f.person_id AND s.stage = f.stage
) s
UNION ALL
SELECT 'relapse', f.stage::int, f.organisation_id, NULL::uuid, f.started_on, r.definition, '', NULL::int
FROM first f
JOIN (
    SELECT DISTINCT person_id, stage, definition FROM relapse WHERE person_id = ANY($1::uuid[]) AND NOT withdrawn
) r ON r.person_id = f.person_id AND r.stage = f.stage
"""

RESOCIALIZATION = """
WITH counted AS (
    SELECT DISTINCT ON (person_id, stage) person_id, journey_id, stage, organisation_id, completed_on
    FROM spell WHERE person_id = ANY($1::uuid[]) AND stage IN (3, 4) AND completed_on IS NOT NULL
    ORDER BY person_id, stage, completed_on, journey_id, spell
)
SELECT 'resocialization', c.stage::int, c.organisation_id, NULL::uuid, c.completed_on,
       CASE WHEN five.completed THEN 'completed' WHEN five.started THEN 'started'
            WHEN k.how IS NOT NULL OR p.died_on IS NOT NULL OR four.how IN ('died', 'incarcerated') OR r.custody THEN 'exempt'
            ELSE 'neither' END,
       CASE WHEN five.started THEN ''
            WHEN k.how IS NOT NULL THEN k.how
            WHEN p.died_on IS NOT NULL OR four.how = 'died' THEN 'died'
            WHEN four.how = 'incarcerated' OR r.custody THEN 'incarcerated'
            WHEN r.reason IS NOT NULL THEN 'declined-' || r.reason
            WHEN four.completed THEN 'not-started-5'
            WHEN four.open THEN 'in-4'
            WHEN four.how IS NOT NULL THEN 'left-4-' || four.how
            ELSE 'not-started-4' END, NULL::int
FROM counted c
CROSS JOIN LATERAL (
    SELECT bool_or(started_on IS NOT NULL) AS started, bool_or(completed_on IS NOT NULL) AS completed
    FROM spell s WHERE s.journey_id = c.journey_id AND s.stage = 5
) five
CROSS JOIN LATERAL (
    SELECT bool_or(completed_on IS NOT NULL) AS completed, bool_or(completed_on IS NULL AND left_on IS NULL) AS open,
           CASE WHEN NOT bool_or(completed_on IS NOT NULL) THEN (array_agg(how ORDER BY spell DESC))[1] END AS how
    FROM spell s WHERE s.journey_id = c.journey_id AND s.stage = 4
) four
CROSS JOIN LATERAL (
    SELECT bool_or('returned-to-custody' IN (end_reason, answer_reason)) AS custody,
           max(COALESCE(end_reason, answer_reason)) FILTER (WHERE answer = 'declined' OR end_reason = 'declined-by-person') AS reason
    FROM referral r
    WHERE r.person_id = c.person_id AND r.stage = 5 AND (r.journey_id IS NULL OR r.journey_id = c.journey_id)
      AND r.ended IS DISTINCT FROM 'entered-in-error'
) r
LEFT JOIN skip k ON k.journey_id = c.journey_id AND k.stage = 5
LEFT JOIN person p ON p.person_id = c.person_id
"""

JOURNEYS = """
SELECT 'journey', 0, j.organisation_id, NULL::uuid, j.opened_on,
       CASE WHEN s.ended_on IS NOT NULL THEN 'completed' WHEN s.last_left AND NOT s.open THEN 'left' ELSE 'open' END,
       CASE WHEN s.treated AND NOT s.later THEN 'treated-not-complete' WHEN s.treated THEN 'treated' ELSE '' END,
       s.ended_on - s.first_on
FROM journey j
CROSS JOIN LATERAL (
    SELECT min(started_on) AS first_on, min(completed_on) FILTER (WHERE stage = 5) AS ended_on,
           COALESCE(bool_or(stage = 2 AND completed_on IS NOT NULL), false) AS treated, COALESCE(bool_or(stage > 2), false) AS later,
           COALESCE(bool_or(completed_on IS NULL AND left_on IS NULL), false) AS open,
           COALESCE((array_agg(how <> 'transferred' ORDER BY started_on DESC, stage DESC, spell DESC))[1], false) AS last_left
    FROM spell s WHERE s.journey_id = j.journey_id
) s
WHERE j.person_id = ANY($1::uuid[]) AND j.opened_on IS NOT NULL
UNION ALL
SELECT 'journey-order', 0, organisation_id, NULL::uuid, opened_on,
       CASE WHEN row_number() OVER (PARTITION BY person_id ORDER BY opened_on, journey_id) = 1 THEN 'first' ELSE 'again' END, '', NULL::int
FROM journey WHERE person_id = ANY($1::uuid[]) AND opened_on IS NOT NULL
"""

INTERACTIONS = """
SELECT 'interaction', 0, from_organisation_id, COALESCE(answered_by, addressed_to), (sent_at AT TIME ZONE 'UTC')::date,
       CASE WHEN answer IS NOT NULL AND in_time THEN 'in-time' WHEN answer IS NOT NULL THEN 'late'
            WHEN ended IS NOT NULL THEN 'withdrawn' WHEN overdue THEN 'unanswered' ELSE 'waiting' END,
       CASE WHEN from_organisation_id IS NULL THEN 'from-person' ELSE 'referral' END,
       CASE WHEN answer IS NOT NULL THEN GREATEST(floor(extract(epoch FROM answered_at - sent_at) / 3600), 0)::int END
FROM (SELECT *, COALESCE(addressed_at, opened_at) AS sent_at FROM referral WHERE person_id = ANY($1::uuid[]) AND timed) AS r
WHERE sent_at IS NOT NULL AND ended IS DISTINCT FROM 'entered-in-error'
UNION ALL
SELECT 'interaction', 0, NULL::uuid, NULL::uuid, (raised_at AT TIME ZONE 'UTC')::date,
       CASE WHEN answered_at IS NOT NULL AND (escalated_at IS NULL OR answered_at <= escalated_at) THEN 'in-time'
            WHEN answered_at IS NOT NULL THEN 'late' WHEN escalated_at IS NOT NULL THEN 'unanswered' ELSE 'waiting' END,
       'concern', CASE WHEN answered_at IS NOT NULL THEN GREATEST(floor(extract(epoch FROM answered_at - raised_at) / 3600), 0)::int END
FROM concern WHERE person_id = ANY($1::uuid[]) AND raised_at IS NOT NULL
UNION ALL
SELECT 'no-place', stage::int, NULL::uuid, NULL::uuid, on_day, 'not-found', COALESCE(region, 'not-known'), NULL::int
FROM place_not_found WHERE person_id = ANY($1::uuid[])
"""

FIGURES = (HAND_OVERS, REFERRALS, STAGES, RESOCIALIZATION, JOURNEYS, INTERACTIONS)
OF_THESE = "\nUNION ALL\n".join(f"({figure})" for figure in FIGURES)
OF_EVERYBODY = OF_THESE.replace("= ANY($1::uuid[])", "IS NOT NULL")
"""All rows of all figures of all persons, as one query."""


async def list_units(connection: Connection, persons: Sequence[UUID]) -> list[Record]:
    """All rows of all figures of these persons: one statement, whatever their number."""
    return await connection.fetch(OF_THESE, persons)
