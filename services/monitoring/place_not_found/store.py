"""The SQL that finds requests without a place. Its columns: `unit/domain.py`."""

UNITS = """
SELECT 'no-place', COALESCE(j.pathway, n.pathway), COALESCE(w.codes[n.stage], r.stage_code, d.codes[n.stage], 'stage-' || n.stage), '',
       NULL::uuid, NULL::uuid, n.on_day, 'not-found', COALESCE(n.region, ''), NULL::int, NULL::int
FROM place_not_found n
LEFT JOIN standing_referral r ON r.referral_id = n.referral_id
LEFT JOIN standing_journey j ON j.journey_id = r.journey_id
LEFT JOIN pathway w ON w.pathway = j.pathway AND w.version = j.version
LEFT JOIN pathway d ON d.pathway = n.pathway AND d.version = 1 AND n.pathway = 'addiction-rehabilitation'
WHERE n.person_id = ANY($1::uuid[]) AND r.ended IS DISTINCT FROM 'entered-in-error' AND (n.seq = 0 OR n.seq >= COALESCE(r.void_seq, 0))
"""
