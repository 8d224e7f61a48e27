-- A person who goes on in another journey on the same pathway leaves the holder of the one before; what was accepted counts while the registry confirms who did.
-- An older process reads and writes on, and is answered by the new rule; a worker that still runs keeps no ends of stays, so stop it first.

CREATE TABLE stay (
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    spell smallint NOT NULL,
    organisation_id uuid NOT NULL,
    has_ended boolean NOT NULL,
    PRIMARY KEY (journey_id, stage, spell)
);
COMMENT ON TABLE stay IS 'Stays as heard since this migration. A holder whose last start is not here counts as staying: nobody loses a person by what was not kept.';
COMMENT ON COLUMN person_organisation.since IS 'Compared within a source. holder: day, stage, spell of its last start; of the opener 0 and the day it opened; accepted: its seq.';

CREATE VIEW holding AS
WITH held AS NOT MATERIALIZED (
    SELECT r.person_id, r.organisation_id, r.source_id AS journey_id, r.ended_at, CASE WHEN r.since[1] > 0 THEN r.since[1] ELSE r.since[2] END AS day,
        r.since[1] > 0 AND (
            EXISTS (SELECT FROM stay s WHERE s.journey_id = r.source_id AND s.organisation_id = r.organisation_id AND NOT s.has_ended)
            OR NOT EXISTS (
                SELECT FROM stay s WHERE (s.journey_id, s.stage, s.spell) = (r.source_id, r.since[2], r.since[3]))) AS is_open,
        r.since[1] > 0 AS has_started, j.pathway
    FROM person_organisation r LEFT JOIN journey j ON j.journey_id = r.source_id WHERE r.how = 'holder'
)
SELECT h.person_id, h.organisation_id, h.journey_id FROM held h
WHERE h.ended_at IS NULL AND (coalesce(h.is_open, false) OR NOT EXISTS (
    SELECT FROM held o
    WHERE o.person_id = h.person_id AND o.pathway = h.pathway AND o.journey_id <> h.journey_id AND o.organisation_id <> h.organisation_id AND o.has_started
        AND (o.day > h.day OR (o.day = h.day AND o.is_open))));
COMMENT ON VIEW holding IS 'Who has a person by which journey now; nobody once none stays and another organisation started later in another one on the pathway.';

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
                AND (r.journey_id IS NULL OR h.source_id = r.journey_id) AND h.since[2] = r.stage AND h.since[1] > 0
                AND NOT EXISTS (
                    SELECT FROM holding k WHERE k.person_id = h.person_id AND k.journey_id = h.source_id AND k.organisation_id = h.organisation_id)))))
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holding
UNION ALL
SELECT r.person_id, r.organisation_id, 'keeper' FROM person_organisation r
WHERE r.how = 'registered' AND r.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM holding h WHERE h.person_id = r.person_id AND h.organisation_id <> r.organisation_id);

GRANT SELECT ON stay, holding TO throughcare_api, throughcare_worker;
GRANT INSERT, UPDATE ON stay TO throughcare_worker;
