-- Who opened a journey by an acceptance has what the acceptance gives; who started a stay has what the stay gives, and no longer.

ALTER TABLE journey ADD COLUMN by_acceptance boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN journey.by_acceptance IS 'Opened by who accepted a referral: opening alone makes it no holder.';

CREATE OR REPLACE VIEW holder AS
SELECT person_id, journey_id, organisation_id FROM (
    SELECT DISTINCT ON (j.person_id, j.journey_id) j.person_id, j.journey_id,
        coalesce(s.organisation_id, CASE WHEN NOT j.by_acceptance THEN j.organisation_id END) AS organisation_id
    FROM journey j LEFT JOIN spell s ON s.journey_id = j.journey_id AND s.started_on IS NOT NULL
    ORDER BY j.person_id, j.journey_id, s.started_on DESC NULLS LAST, s.stage DESC, s.spell DESC
) AS held WHERE organisation_id IS NOT NULL;

CREATE OR REPLACE VIEW case_relation AS
SELECT person_id, registered_by AS organisation_id, 'registrar' AS relation FROM person WHERE erased_on IS NULL
UNION ALL
SELECT person_id, to_organisation_id, 'acceptor' FROM referral r
WHERE status IN ('accepted', 'in-progress', 'on-hold') AND NOT (has_started AND EXISTS (
    SELECT FROM spell s WHERE s.person_id = r.person_id AND s.organisation_id = r.to_organisation_id))
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holder
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM spell
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM journey WHERE NOT by_acceptance;
