-- A person who goes on in another journey on the same pathway leaves the holder of the one before; an acceptance counts while the registry confirms who accepted;
-- a consent ends with the one by which its discloser knew what it told. An older process reads and writes on.

ALTER TABLE journey ADD COLUMN opened_on date;
COMMENT ON COLUMN journey.opened_on IS 'Null where it was heard of by an older process: then its opener holds it until a start in it.';

CREATE OR REPLACE VIEW holder AS
SELECT person_id, journey_id, organisation_id FROM (
    SELECT DISTINCT ON (j.person_id, j.journey_id) j.person_id, j.journey_id, j.pathway,
        coalesce(s.organisation_id, CASE WHEN NOT j.by_acceptance THEN j.organisation_id END) AS organisation_id,
        coalesce(s.started_on, j.opened_on) AS since, EXISTS (
            SELECT FROM spell x WHERE x.journey_id = j.journey_id AND x.organisation_id = s.organisation_id
                AND x.started_on IS NOT NULL AND x.ended IS NULL) AS is_open
    FROM journey j LEFT JOIN spell s ON s.journey_id = j.journey_id AND s.started_on IS NOT NULL
    ORDER BY j.person_id, j.journey_id, s.started_on DESC NULLS LAST, s.stage DESC, s.spell DESC
) AS held
WHERE organisation_id IS NOT NULL AND (is_open OR NOT EXISTS (
    SELECT FROM spell o JOIN journey k USING (journey_id)
    WHERE o.person_id = held.person_id AND k.pathway = held.pathway AND o.journey_id <> held.journey_id AND o.organisation_id <> held.organisation_id
        AND (o.started_on > held.since OR (o.started_on = held.since AND o.ended IS NULL))));
COMMENT ON VIEW holder IS 'Who has a person by which journey: the stay started last, before any start the opener; nobody once none stays and another started later on the pathway.';

CREATE FUNCTION holds(asked_person uuid, asking uuid, asked_pathway text, asked_journey uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM holder h JOIN journey j USING (journey_id)
        WHERE h.person_id = asked_person AND h.organisation_id = asking AND j.pathway = asked_pathway
            AND (asked_journey IS NULL OR h.journey_id = asked_journey
                OR NOT EXISTS (SELECT FROM holder o WHERE o.person_id = asked_person AND o.journey_id = asked_journey)))
$$;
COMMENT ON FUNCTION holds IS 'Whether the organisation is holder by this journey; where that has none, or null is asked for, by one on the pathway.';
REVOKE EXECUTE ON FUNCTION holds FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holds TO throughcare_api, throughcare_worker;

CREATE OR REPLACE VIEW case_relation AS
SELECT person_id, registered_by AS organisation_id, 'registrar' AS relation FROM person WHERE erased_on IS NULL
UNION ALL
SELECT person_id, to_organisation_id, 'acceptor' FROM referral r
WHERE status IN ('accepted', 'in-progress', 'on-hold')
    AND NOT (has_started AND EXISTS (
        SELECT FROM spell s WHERE s.person_id = r.person_id AND s.organisation_id = r.to_organisation_id))
    AND NOT EXISTS (SELECT FROM organisation o WHERE o.organisation_id = r.to_organisation_id AND NOT o.is_confirmed)
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holder
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM spell
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM journey WHERE NOT by_acceptance;

ALTER TABLE consent ADD COLUMN rests_on uuid REFERENCES consent;
COMMENT ON COLUMN consent.rests_on IS 'The consent by which the discloser itself knew what it tells; null where it needed none. It ends with that one.';
CREATE INDEX consent_rests_on ON consent (rests_on) WHERE rests_on IS NOT NULL;
