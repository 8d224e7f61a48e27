-- An acceptance that names no journey ends with a stay on its own pathway alone. An older process reads and writes on; what it keeps says no pathway.

ALTER TABLE person_organisation ADD COLUMN pathway text;
COMMENT ON COLUMN person_organisation.pathway IS 'With stage: what an accepted referral is for; null in rows from before, which may end with a stay on any.';

CREATE OR REPLACE VIEW relation AS
SELECT r.person_id, r.organisation_id,
       CASE r.how WHEN 'registered' THEN 'registrar' WHEN 'accepted' THEN 'acceptor' WHEN 'liaison' THEN 'liaison' ELSE 'holder' END AS relation
FROM person_organisation r
WHERE r.ended_at IS NULL AND r.how <> 'holder'
  AND (r.how <> 'liaison' OR (
      r.made_by_organisation_id IS DISTINCT FROM r.organisation_id
      AND NOT EXISTS (SELECT FROM person d WHERE d.person_id = r.person_id AND d.died_on IS NOT NULL)))
  AND (r.how <> 'accepted' OR NOT (
      EXISTS (SELECT FROM organisation o WHERE o.organisation_id = r.organisation_id AND NOT o.is_confirmed)
      OR (EXISTS (SELECT FROM referral_start s WHERE s.referral_id = r.source_id AND s.seq > r.since[1])
          AND EXISTS (
              SELECT FROM person_organisation h
              WHERE h.person_id = r.person_id AND h.how = 'holder' AND h.organisation_id = r.organisation_id
                AND (h.source_id = r.journey_id OR (r.journey_id IS NULL AND (r.pathway IS NULL OR EXISTS (
                    SELECT FROM journey j WHERE j.journey_id = h.source_id AND j.pathway = r.pathway)))) AND h.since[1] > 0
                AND (h.since[2] = r.stage OR EXISTS (
                    SELECT FROM stay s
                    WHERE s.journey_id = h.source_id AND s.organisation_id = r.organisation_id AND s.stage = r.stage AND s.started_on IS NOT NULL))
                AND NOT EXISTS (
                    SELECT FROM holding k WHERE k.person_id = h.person_id AND k.journey_id = h.source_id AND k.organisation_id = h.organisation_id)))))
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holding
UNION ALL
SELECT r.person_id, r.organisation_id, 'keeper' FROM person_organisation r
WHERE r.how = 'registered' AND r.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM holding h WHERE h.person_id = r.person_id AND h.organisation_id <> r.organisation_id);
