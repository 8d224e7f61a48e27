-- What programme keeps: pathways, journeys with their records, and what it heard of organisations, persons, consents and referrals.

CREATE TABLE pathway (
    pathway_id uuid PRIMARY KEY DEFAULT uuidv7(),
    code text NOT NULL,
    version int NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'retired')),
    body jsonb NOT NULL,
    UNIQUE (code, version)
);
COMMENT ON TABLE pathway IS 'Versioned data; a published version never changes, only its status does.';

CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    level text NOT NULL,
    kind text NOT NULL,
    region text NOT NULL
);
COMMENT ON TABLE organisation IS 'As heard from referral.';

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    region text,
    life_period text,
    died_on date,
    merged_into_id uuid,
    erased_on date
);
COMMENT ON TABLE person IS 'Pseudonyms as heard from referral or met in a command; erased_on is a tombstone that wins over whatever else comes.';

CREATE TABLE consent (
    consent_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    scope text,
    to_organisation_id uuid,
    until date,
    revoked boolean NOT NULL DEFAULT false
);
CREATE INDEX consent_person ON consent (person_id, to_organisation_id);

CREATE TABLE journey (
    journey_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    pathway text NOT NULL,
    version int NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'completed')),
    erased boolean NOT NULL DEFAULT false,
    state jsonb NOT NULL,
    FOREIGN KEY (pathway, version) REFERENCES pathway (code, version)
);
CREATE INDEX journey_person ON journey (person_id);

CREATE TABLE party (
    organisation_id uuid NOT NULL,
    journey_id uuid NOT NULL,
    referral_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    PRIMARY KEY (organisation_id, journey_id, referral_id)
);
COMMENT ON TABLE party IS 'The case relation: opened it, has or had a spell, was named as next (referral_id zero), or accepted that referral for it.';
CREATE INDEX party_referral ON party (referral_id) WHERE referral_id <> '00000000-0000-0000-0000-000000000000';

CREATE TABLE accepted_referral (
    referral_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL
);
CREATE INDEX accepted_referral_person ON accepted_referral (person_id);
COMMENT ON TABLE accepted_referral IS 'Accepted referrals that name no journey: their organisations are parties of the person''s journeys.';

CREATE TABLE functioning (
    journey_id uuid PRIMARY KEY,
    state jsonb NOT NULL
);
COMMENT ON COLUMN functioning.state IS 'personal';

CREATE TABLE weekly_record (
    journey_id uuid NOT NULL,
    stage int NOT NULL,
    spell int NOT NULL,
    waiting_id uuid UNIQUE,
    state jsonb NOT NULL,
    PRIMARY KEY (journey_id, stage, spell)
);
COMMENT ON COLUMN weekly_record.waiting_id IS 'Subject of the deadline for the next week that passes by itself; a new one each week.';

CREATE TABLE relapse (
    relapse_id uuid PRIMARY KEY,
    journey_id uuid NOT NULL,
    stage int NOT NULL,
    spell int NOT NULL,
    definition text NOT NULL,
    week int,
    known_on date NOT NULL,
    reopens int,
    withdrawn boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX relapse_once_a_spell ON relapse (journey_id, stage, spell, definition) WHERE NOT withdrawn;
CREATE INDEX relapse_journey ON relapse (journey_id, relapse_id);

CREATE TABLE withdrawal_score (
    journey_id uuid NOT NULL,
    scored_on date NOT NULL,
    score smallint NOT NULL CHECK (score BETWEEN 0 AND 3),
    PRIMARY KEY (journey_id, scored_on)
);

CREATE TABLE adaptation_step (
    step_id uuid PRIMARY KEY,
    journey_id uuid NOT NULL,
    kind text NOT NULL,
    planned_on date NOT NULL,
    reached_on date
);
CREATE INDEX adaptation_step_journey ON adaptation_step (journey_id, planned_on);

CREATE TABLE concern (
    concern_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    severity text,
    answered boolean NOT NULL DEFAULT false
);
CREATE INDEX concern_person ON concern (person_id) WHERE NOT answered;

CREATE TABLE disclosure (
    disclosure_id uuid PRIMARY KEY DEFAULT uuidv7(),
    person_id uuid NOT NULL,
    journey_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    to_organisation_id uuid NOT NULL,
    what text NOT NULL,
    disclosed_at timestamptz NOT NULL
);
COMMENT ON TABLE disclosure IS 'Append-only: what was shown to whom under which consent; the person may read it.';
CREATE INDEX disclosure_person ON disclosure (person_id, disclosure_id);

GRANT SELECT ON organisation, consent, concern TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON pathway, person, journey, functioning, weekly_record, relapse, withdrawal_score, adaptation_step TO throughcare_api;
GRANT SELECT, INSERT ON party, disclosure TO throughcare_api;
GRANT SELECT ON accepted_referral TO throughcare_api;
GRANT SELECT ON pathway TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON organisation, person, consent, concern, journey, weekly_record, relapse TO throughcare_worker;
GRANT SELECT, INSERT, DELETE ON party, accepted_referral TO throughcare_worker;
GRANT SELECT, DELETE ON functioning TO throughcare_worker;
