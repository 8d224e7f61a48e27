-- Referral's own tables: regions, organisations, persons, consents, referrals, and what other services told. Regions are filled in 0002.

CREATE TABLE region (
    code text PRIMARY KEY,
    parent_code text REFERENCES region,
    kind text NOT NULL CHECK (kind IN ('state', 'region', 'district')),
    name text NOT NULL,
    within text,
    CHECK ((kind = 'state') = (parent_code IS NULL)),
    CHECK ((kind = 'state') = (within IS NULL))
);
COMMENT ON COLUMN region.within IS 'The enclosing region itself (a region is within itself); null for the state, which covers all.';

CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    name text NOT NULL,
    level text NOT NULL CHECK (level IN ('macro', 'meso', 'micro')),
    kind text NOT NULL,
    region text NOT NULL REFERENCES region,
    position_confirmed_on date,
    changed_at timestamptz NOT NULL
);

CREATE TABLE offered_service (
    organisation_id uuid NOT NULL REFERENCES organisation,
    stage smallint NOT NULL CHECK (stage BETWEEN 1 AND 5),
    programme text NOT NULL,
    setting text NOT NULL,
    status text NOT NULL,
    places_free int CHECK (places_free >= 0),
    places_as_of date,
    PRIMARY KEY (organisation_id, stage, programme)
);
CREATE INDEX offered_service_stage ON offered_service (stage, organisation_id);

CREATE VIEW qualified AS
SELECT s.organisation_id, s.stage, r.within, bool_or(o.position_confirmed_on IS NOT NULL) AS position_confirmed
FROM offered_service s JOIN organisation o USING (organisation_id) JOIN region r ON r.code = o.region
WHERE s.status = 'active' AND (s.places_free IS NULL OR s.places_free > 0)
GROUP BY s.organisation_id, s.stage, r.within;
COMMENT ON VIEW qualified IS 'Who could take a person for a stage now, and in which region (null: anywhere). Unknown places count as free.';

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    name text NOT NULL,
    birth_on date,
    region text NOT NULL REFERENCES region,
    life_period text NOT NULL CHECK (life_period IN ('minor', 'adult')),
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    died_on date,
    erased_on date
);
COMMENT ON COLUMN person.name IS 'personal';
COMMENT ON COLUMN person.birth_on IS 'personal';
CREATE INDEX person_registered_by ON person (registered_by, person_id);

CREATE TABLE person_category (
    person_id uuid NOT NULL REFERENCES person,
    code text NOT NULL,
    since date NOT NULL,
    until date,
    PRIMARY KEY (person_id, code, since)
);

CREATE TABLE consent (
    consent_id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    scope text NOT NULL,
    discloser_organisation_id uuid NOT NULL,
    to_organisation_id uuid NOT NULL,
    purpose text NOT NULL,
    given_on date NOT NULL,
    given_by text NOT NULL,
    how text NOT NULL,
    until date,
    revoked_at timestamptz,
    recorded_at timestamptz NOT NULL
);
COMMENT ON COLUMN consent.purpose IS 'personal';
CREATE INDEX consent_person ON consent (person_id, consent_id);

CREATE TABLE disclosure (
    disclosure_id uuid PRIMARY KEY DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    consent_id uuid NOT NULL REFERENCES consent,
    to_organisation_id uuid NOT NULL,
    what text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE disclosure IS 'Append-only: the list the person can read.';
CREATE INDEX disclosure_person ON disclosure (person_id, disclosure_id);

CREATE TABLE referral (
    referral_id uuid PRIMARY KEY DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    journey_id uuid,
    stage smallint NOT NULL CHECK (stage BETWEEN 1 AND 5),
    status text NOT NULL,
    from_organisation_id uuid,
    to_organisation_id uuid,
    region text,
    origin text NOT NULL,
    source text NOT NULL,
    due_on date,
    replaces uuid REFERENCES referral,
    imported boolean NOT NULL,
    has_started boolean NOT NULL,
    place_found boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    due_key date NOT NULL GENERATED ALWAYS AS (coalesce(due_on, DATE '9999-12-31')) STORED
);
CREATE UNIQUE INDEX referral_open ON referral (person_id, stage)
    WHERE status IN ('draft', 'requested', 'accepted', 'in-progress', 'on-hold');
COMMENT ON INDEX referral_open IS 'A person has at most one open referral a stage.';
CREATE INDEX referral_in ON referral (to_organisation_id, due_key, referral_id);
CREATE INDEX referral_out ON referral (from_organisation_id, due_key, referral_id);
CREATE INDEX referral_person ON referral (person_id, due_key, referral_id);

CREATE TABLE referral_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    referral_id uuid NOT NULL REFERENCES referral,
    at timestamptz NOT NULL,
    change text NOT NULL CHECK (change IN ('opened', 'status', 'addressed')),
    from_status text,
    to_status text NOT NULL,
    to_organisation_id uuid,
    actor text NOT NULL,
    organisation_id uuid,
    reason text
);
COMMENT ON TABLE referral_history IS 'Append-only: an undo is a compensating transition, never an edit.';
CREATE INDEX referral_history_referral ON referral_history (referral_id, history_id);

CREATE TABLE motivation (
    motivation_id uuid PRIMARY KEY DEFAULT uuidv7(),
    referral_id uuid NOT NULL REFERENCES referral,
    kind text NOT NULL,
    by_role text NOT NULL,
    acted_on date NOT NULL,
    organisation_id uuid NOT NULL
);
CREATE INDEX motivation_referral ON motivation (referral_id);

CREATE TABLE enquiry (
    enquiry_id uuid PRIMARY KEY DEFAULT uuidv7(),
    kind text NOT NULL CHECK (kind IN ('question', 'suggestion')),
    text text NOT NULL,
    asked_by text NOT NULL,
    to_organisation_id uuid,
    asked_at timestamptz NOT NULL,
    due_on date NOT NULL,
    overdue boolean NOT NULL DEFAULT false,
    answer text,
    answered_at timestamptz,
    answered_by_organisation_id uuid
);
COMMENT ON COLUMN enquiry.text IS 'personal';
COMMENT ON COLUMN enquiry.answer IS 'personal';
COMMENT ON COLUMN enquiry.asked_by IS 'personal';
CREATE INDEX enquiry_to ON enquiry (to_organisation_id, enquiry_id);
CREATE INDEX enquiry_asked_by ON enquiry (asked_by, enquiry_id);

CREATE TABLE journey (
    journey_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organisation_id uuid,
    imported boolean NOT NULL,
    completed_on date
);
CREATE INDEX journey_person ON journey (person_id);
CREATE INDEX journey_organisation ON journey (organisation_id);

CREATE TABLE spell (
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    spell int NOT NULL,
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    started_on date,
    started_seq bigint,
    ended text,
    PRIMARY KEY (journey_id, stage, spell)
);
CREATE INDEX spell_person ON spell (person_id, stage);
CREATE INDEX spell_organisation ON spell (organisation_id, person_id);

CREATE TABLE skipped_stage (
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    how text NOT NULL,
    PRIMARY KEY (journey_id, stage)
);

CREATE TABLE concern (
    concern_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    severity text,
    state text NOT NULL,
    heard_at timestamptz NOT NULL
);
CREATE INDEX concern_person ON concern (person_id, concern_id);

CREATE TABLE instruction (
    instruction_id uuid PRIMARY KEY,
    regions text[] NOT NULL DEFAULT '{}',
    due_on date,
    is_closed boolean NOT NULL DEFAULT false
);

CREATE VIEW holder AS
SELECT DISTINCT ON (j.person_id, j.journey_id) j.person_id, j.journey_id, coalesce(s.organisation_id, j.organisation_id) AS organisation_id
FROM journey j LEFT JOIN spell s ON s.journey_id = j.journey_id AND s.started_on IS NOT NULL
ORDER BY j.person_id, j.journey_id, s.started_on DESC NULLS LAST, s.stage DESC, s.spell DESC;
COMMENT ON VIEW holder IS 'Who has a person now: the spell started last, before any start the organisation that opened the journey.';

CREATE VIEW case_relation AS
SELECT person_id, registered_by AS organisation_id FROM person
UNION ALL
SELECT person_id, from_organisation_id FROM referral WHERE status NOT IN ('rejected', 'cancelled', 'entered-in-error')
UNION ALL
SELECT person_id, to_organisation_id FROM referral WHERE status NOT IN ('draft', 'rejected', 'cancelled', 'entered-in-error')
UNION ALL
SELECT person_id, organisation_id FROM spell
UNION ALL
SELECT person_id, organisation_id FROM journey;
COMMENT ON VIEW case_relation IS 'Which organisations have a case relation to a person; without one the person does not exist for them.';

GRANT SELECT ON qualified, holder, case_relation TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON region, organisation, person, person_category, consent, referral, enquiry TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON offered_service TO throughcare_api;
GRANT SELECT, INSERT ON disclosure, referral_history, motivation TO throughcare_api;
GRANT SELECT ON journey, spell, skipped_stage, concern, instruction TO throughcare_api;
GRANT SELECT ON region, organisation, offered_service, consent TO throughcare_worker;
GRANT SELECT, UPDATE ON person, enquiry TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON referral, journey, spell, skipped_stage, concern, instruction TO throughcare_worker;
GRANT SELECT, INSERT ON referral_history TO throughcare_worker;
