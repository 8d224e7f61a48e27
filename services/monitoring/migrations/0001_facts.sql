-- What was heard, one row a thing, and the roll-ups. Pseudonyms stay in these tables: no route and no release reads one.

CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    level text NOT NULL,
    region text NOT NULL,
    programmes jsonb NOT NULL
);
COMMENT ON TABLE organisation IS 'The newest entry heard: the greatest seq wins. programmes: stage -> code of what is offered.';

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    died_on date,
    erased_on date,
    merged_into uuid
);
COMMENT ON TABLE person IS 'Pseudonyms only. Its row lock makes two batches that touch one person take turns.';

CREATE TABLE journey (
    journey_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organisation_id uuid,
    opened_on date,
    imported boolean NOT NULL DEFAULT false,
    completed_on date
);
CREATE INDEX journey_person ON journey (person_id);

CREATE TABLE spell (
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    spell smallint NOT NULL,
    person_id uuid NOT NULL,
    organisation_id uuid,
    started_on date,
    completed_on date,
    left_on date,
    how text,
    PRIMARY KEY (journey_id, stage, spell)
);
CREATE INDEX spell_person ON spell (person_id, stage);

CREATE TABLE skip (
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    person_id uuid NOT NULL,
    how text NOT NULL,
    PRIMARY KEY (journey_id, stage)
);

CREATE TABLE referral (
    referral_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    journey_id uuid,
    stage smallint NOT NULL,
    from_organisation_id uuid,
    origin text,
    timed boolean NOT NULL DEFAULT false,
    opened_at timestamptz,
    addressed_seq bigint,
    addressed_to uuid,
    addressed_at timestamptz,
    last_addressed_seq bigint,
    answer_seq bigint,
    answer text,
    answered_by uuid,
    answer_reason text,
    in_time boolean,
    answered_at timestamptz,
    overdue boolean NOT NULL DEFAULT false,
    ended text,
    end_reason text
);
CREATE INDEX referral_person ON referral (person_id, stage);
COMMENT ON COLUMN referral.addressed_to IS 'The first one addressed: the least seq wins. Of answers the greatest seq wins.';
COMMENT ON COLUMN referral.timed IS 'An answer is due at some time; never true of imported history.';

CREATE TABLE relapse (
    relapse_id uuid NOT NULL,
    definition text NOT NULL,
    person_id uuid NOT NULL,
    journey_id uuid NOT NULL,
    stage smallint NOT NULL,
    seq bigint NOT NULL,
    known_on date NOT NULL,
    withdrawn boolean NOT NULL,
    PRIMARY KEY (relapse_id, definition)
);
CREATE INDEX relapse_person ON relapse (person_id);

CREATE TABLE concern (
    concern_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    raised_at timestamptz,
    answered_at timestamptz,
    escalated_at timestamptz,
    signs smallint
);
CREATE INDEX concern_person ON concern (person_id);

CREATE TABLE place_not_found (
    referral_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    stage smallint NOT NULL,
    region text,
    on_day date NOT NULL
);
CREATE INDEX place_not_found_person ON place_not_found (person_id);

CREATE TABLE rollup (
    figure text NOT NULL,
    stage smallint NOT NULL,
    organisation_id uuid,
    to_organisation_id uuid,
    period date NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL,
    amount int,
    units bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (figure, stage, organisation_id, to_organisation_id, period, outcome, detail, amount)
);
COMMENT ON TABLE rollup IS 'Units by the organisation that sent them; region and programme are joined when read, since organisations may be heard of later.';

GRANT SELECT, INSERT, UPDATE ON organisation, person, journey, spell, skip, referral, relapse, concern, place_not_found, rollup
    TO throughcare_worker;
GRANT DELETE ON rollup TO throughcare_worker;
