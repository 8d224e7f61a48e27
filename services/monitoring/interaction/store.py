"""The SQL that finds referrals and concerns that were to be answered. Its columns: `unit/domain.py`."""

UNITS = """
SELECT 'interaction', pathway, '', '', from_organisation_id, COALESCE(answered_by, addressed_to),
       (sent_at AT TIME ZONE 'UTC')::date,
       CASE WHEN answer IS NOT NULL AND in_time THEN 'in-time' WHEN answer IS NOT NULL THEN 'late'
            WHEN ended IS NOT NULL THEN 'withdrawn' WHEN overdue THEN 'unanswered' ELSE 'waiting' END,
       CASE WHEN from_organisation_id IS NULL THEN 'from-person' ELSE 'referral' END,
       CASE WHEN answer IS NOT NULL THEN GREATEST(floor(extract(epoch FROM answered_at - sent_at) / 3600), 0)::int END, NULL::int
FROM (SELECT *, COALESCE(addressed_at, opened_at) AS sent_at FROM standing_referral WHERE person_id = ANY($1::uuid[]) AND timed) AS r
WHERE sent_at IS NOT NULL AND ended IS DISTINCT FROM 'entered-in-error'
UNION ALL
SELECT 'interaction', '', '', '', NULL::uuid, NULL::uuid, (raised_at AT TIME ZONE 'UTC')::date,
       CASE WHEN answered_at IS NOT NULL AND (escalated_at IS NULL OR answered_at <= escalated_at) THEN 'in-time'
            WHEN answered_at IS NOT NULL THEN 'late' WHEN escalated_at IS NOT NULL THEN 'unanswered' ELSE 'waiting' END,
       'concern', CASE WHEN answered_at IS NOT NULL THEN GREATEST(floor(extract(epoch FROM answered_at - raised_at) / 3600), 0)::int END,
       NULL::int
FROM concern WHERE person_id = ANY($1::uuid[]) AND raised_at IS NOT NULL AND NOT withdrawn
"""
