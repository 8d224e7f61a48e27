-- Family's own tables: persons as pseudonyms, contacts, permissions, messages, concerns.

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    region text,
    life_period text CHECK (life_period IN ('minor', 'adult')),
    died_on date,
    erased_on date,
    merged_into uuid
);
COMMENT ON TABLE person IS 'Unknown facts are null: any topic may bring the row first. erased_on is a tombstone.';

CREATE TABLE person_organisation (
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    how text NOT NULL CHECK (how IN ('heard', 'liaison')),
    related_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, organisation_id, how)
);
COMMENT ON TABLE person_organisation IS 'The case relation: organisations heard of on the way of this person, and liaison organisations assigned to the family.';
CREATE INDEX person_organisation_organisation ON person_organisation (organisation_id, person_id);

CREATE TABLE historic (subject_id uuid PRIMARY KEY);
COMMENT ON TABLE historic IS 'Imported journeys and their referrals: what is told of them stays in the inbox, no mail leaves.';

CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    name text NOT NULL,
    relation text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('family', 'school', 'mentor')),
    majority text NOT NULL CHECK (majority IN ('adult', 'minor')),
    language text NOT NULL CHECK (language IN ('uz-Latn', 'ru', 'en')),
    email text,
    organisation_id uuid,
    added_at timestamptz NOT NULL
);
COMMENT ON COLUMN contact.name IS 'personal';
COMMENT ON COLUMN contact.email IS 'personal';
CREATE INDEX contact_person ON contact (person_id, contact_id);

CREATE TABLE permission (
    permission_id uuid PRIMARY KEY,
    contact_id uuid NOT NULL REFERENCES contact ON DELETE CASCADE,
    topics text[] NOT NULL CHECK (cardinality(topics) > 0),
    channels text[] NOT NULL CHECK (cardinality(channels) > 0),
    given_by text NOT NULL CHECK (given_by IN ('person', 'guardian', 'both')),
    given_on date NOT NULL,
    until date,
    recorded_at timestamptz NOT NULL,
    revoked_at timestamptz,
    ended_because text
);
CREATE INDEX permission_contact ON permission (contact_id, permission_id);

CREATE TABLE message (
    message_id uuid PRIMARY KEY DEFAULT uuidv7(),
    event_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    person_id uuid NOT NULL,
    topic text NOT NULL,
    kind text NOT NULL,
    stage smallint,
    subjects uuid[] NOT NULL,
    channel text NOT NULL CHECK (channel IN ('inbox', 'email')),
    state text NOT NULL CHECK (state IN ('pending', 'claimed', 'sent', 'delivered', 'failed', 'suppressed', 'uncertain')),
    reason text,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    claim_id uuid,
    claimed_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    UNIQUE (event_id, contact_id)
);
COMMENT ON TABLE message IS 'One row per event and contact, however often the event comes. No text: wording is chosen when it is read.';
CREATE INDEX message_due ON message (due_at, message_id) WHERE state = 'pending';
CREATE INDEX message_claimed ON message (claimed_at) WHERE state = 'claimed';
CREATE INDEX message_contact ON message (contact_id, message_id);
CREATE INDEX message_person ON message (person_id, message_id);

CREATE TABLE concern (
    concern_id uuid PRIMARY KEY,
    person_id uuid,
    linked boolean NOT NULL,
    raised_by text NOT NULL,
    raised_by_organisation_id uuid,
    raised_at timestamptz NOT NULL,
    severity text NOT NULL CHECK (severity IN ('mild', 'severe')),
    signs text[] NOT NULL,
    changes jsonb,
    description text,
    worldview text NOT NULL CHECK (worldview IN ('yes', 'no', 'not-known')),
    read_at timestamptz,
    answered_at timestamptz,
    measure text,
    note text,
    escalated_at timestamptz
);
COMMENT ON TABLE concern IS 'person_id routes it to those assigned; only a linked one is told to other services, and only as codes.';
COMMENT ON COLUMN concern.changes IS 'personal';
COMMENT ON COLUMN concern.description IS 'personal';
COMMENT ON COLUMN concern.note IS 'personal';
CREATE INDEX concern_person ON concern (person_id, concern_id);
CREATE INDEX concern_raised_by ON concern (raised_by, concern_id);
CREATE INDEX concern_raised_at ON concern (raised_at, concern_id);

GRANT SELECT, INSERT, UPDATE ON person, contact, permission TO throughcare_api;
GRANT SELECT, INSERT ON person_organisation TO throughcare_api;
GRANT SELECT, UPDATE ON message TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON concern TO throughcare_api;
GRANT SELECT ON historic TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON person_organisation, permission, contact TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON person, message TO throughcare_worker;
GRANT SELECT, UPDATE ON concern TO throughcare_worker;
GRANT SELECT, INSERT ON historic TO throughcare_worker;
