-- Who accepts what it sent itself has no relation by that. An older process reads and writes on.

CREATE OR REPLACE VIEW case_relation AS
SELECT person_id, registered_by AS organisation_id, 'registrar' AS relation FROM person WHERE erased_on IS NULL
UNION ALL
SELECT person_id, to_organisation_id, 'acceptor' FROM referral r
WHERE status IN ('accepted', 'in-progress', 'on-hold') AND from_organisation_id IS DISTINCT FROM to_organisation_id
    AND NOT (has_started AND EXISTS (
        SELECT FROM spell s WHERE s.person_id = r.person_id AND s.organisation_id = r.to_organisation_id))
    AND NOT EXISTS (SELECT FROM organisation o WHERE o.organisation_id = r.to_organisation_id AND NOT o.is_confirmed)
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holder
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM spell
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM journey WHERE NOT by_acceptance;
