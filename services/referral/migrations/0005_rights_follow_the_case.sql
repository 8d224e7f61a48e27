-- Rights follow the case: a relation comes from a registration, an accepted referral that is still open, or a stay. Deaths need a second
-- person, consents may name a guardian, who is asked may ask for a consent, and an emergency opens a person for 24 hours.
-- An older process reads and writes on; it asks the view as before and is answered by the new rule.

CREATE OR REPLACE VIEW case_relation AS
SELECT person_id, registered_by AS organisation_id, 'registrar' AS relation FROM person WHERE erased_on IS NULL
UNION ALL
SELECT person_id, to_organisation_id, 'acceptor' FROM referral WHERE status IN ('accepted', 'in-progress', 'on-hold')
UNION ALL
SELECT person_id, organisation_id, 'holder' FROM holder
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM spell
UNION ALL
SELECT person_id, organisation_id, 'former-holder' FROM journey;
COMMENT ON VIEW case_relation IS 'Which organisations have a relation to a person, by which fact; without one the person does not exist for them.';

CREATE TABLE guardian (
    person_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    basis text NOT NULL,
    until date,
    is_ended boolean NOT NULL,
    PRIMARY KEY (person_id, contact_id)
);
COMMENT ON TABLE guardian IS 'Contacts that family named as guardians; the contacts themselves are family''s.';

ALTER TABLE consent ADD COLUMN guardian_id uuid;
COMMENT ON COLUMN consent.guardian_id IS 'The guardian who gave it or took part; null where the person gave it alone, and in rows from before it was kept.';

CREATE TABLE consent_request (
    consent_request_id uuid PRIMARY KEY,
    referral_id uuid NOT NULL REFERENCES referral,
    person_id uuid NOT NULL,
    scope text NOT NULL,
    purpose text NOT NULL,
    discloser_organisation_id uuid NOT NULL,
    to_organisation_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('asked', 'given', 'refused')),
    answered_at timestamptz,
    consent_id uuid REFERENCES consent
);
COMMENT ON COLUMN consent_request.purpose IS 'personal';
CREATE INDEX consent_request_referral ON consent_request (referral_id);
CREATE INDEX consent_request_person ON consent_request (person_id, consent_request_id);
CREATE INDEX consent_request_discloser ON consent_request (discloser_organisation_id, consent_request_id);
CREATE INDEX consent_request_to ON consent_request (to_organisation_id, consent_request_id);

CREATE TABLE emergency_access (
    emergency_access_id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    organisation_id uuid NOT NULL,
    reason text NOT NULL,
    taken_by text NOT NULL,
    taken_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by text,
    justified boolean,
    finding text
);
COMMENT ON COLUMN emergency_access.reason IS 'personal';
COMMENT ON COLUMN emergency_access.taken_by IS 'personal';
COMMENT ON COLUMN emergency_access.reviewed_by IS 'personal';
COMMENT ON COLUMN emergency_access.finding IS 'personal';
CREATE INDEX emergency_access_person ON emergency_access (person_id, organisation_id, ends_at);

ALTER TABLE disclosure
    ALTER COLUMN consent_id DROP NOT NULL,
    ADD COLUMN emergency_access_id uuid REFERENCES emergency_access,
    ADD CONSTRAINT disclosure_has_a_ground CHECK (num_nonnulls(consent_id, emergency_access_id) = 1);

ALTER TABLE person
    ADD COLUMN death_reported_on date,
    ADD COLUMN death_reported_by uuid;
COMMENT ON COLUMN person.died_on IS 'Confirmed by a second person, or imported.';
COMMENT ON COLUMN person.death_reported_on IS 'Waits for a second person.';
COMMENT ON COLUMN person.death_reported_by IS 'The fingerprint (of its sub) of who reported it; another one confirms.';

CREATE TABLE death_entry (
    death_entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    at timestamptz NOT NULL,
    change text NOT NULL CHECK (change IN ('reported', 'confirmed', 'withdrawn', 'reversed')),
    died_on date NOT NULL,
    organisation_id uuid,
    said_by text,
    reason text
);
COMMENT ON TABLE death_entry IS 'Append-only: what was said of a death. said_by is null where another service told.';
COMMENT ON COLUMN death_entry.said_by IS 'personal';
COMMENT ON COLUMN death_entry.reason IS 'personal';
CREATE INDEX death_entry_person ON death_entry (person_id, death_entry_id);

CREATE TABLE stopped_by_death (
    referral_id uuid PRIMARY KEY REFERENCES referral,
    person_id uuid NOT NULL,
    status text NOT NULL,
    answer_due_at timestamptz,
    handover_due_at timestamptz
);
COMMENT ON TABLE stopped_by_death IS 'How referrals stood, and which deadlines ran, before a death; taken when it is reversed.';
CREATE INDEX stopped_by_death_person ON stopped_by_death (person_id);

-- Deaths from before: what they cancelled is open again after a reversal; which hand-over limit ran then is not known any more.
INSERT INTO stopped_by_death (referral_id, person_id, status, answer_due_at)
SELECT r.referral_id, r.person_id, h.from_status,
    CASE WHEN h.from_status = 'requested' THEN (r.due_on + 1)::timestamp AT TIME ZONE 'UTC' END
FROM referral r JOIN person p USING (person_id)
JOIN LATERAL (SELECT from_status, to_status, reason FROM referral_history h
    WHERE h.referral_id = r.referral_id ORDER BY history_id DESC LIMIT 1) h ON true
WHERE p.died_on IS NOT NULL AND h.reason = 'died' AND h.to_status = r.status AND r.status IN ('cancelled', 'entered-in-error');

GRANT SELECT ON guardian TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON guardian TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON consent_request, emergency_access TO throughcare_api;
GRANT SELECT, UPDATE ON emergency_access TO throughcare_worker;
GRANT UPDATE (revoked_at) ON consent TO throughcare_worker;
GRANT SELECT, INSERT ON death_entry TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT, DELETE ON stopped_by_death TO throughcare_api, throughcare_worker;
