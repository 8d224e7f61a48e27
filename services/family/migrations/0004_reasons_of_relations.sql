-- Each relation has a reason and where it came from, so that it can end with it. Older versions go on writing `heard`.

ALTER TABLE person_organisation
    ADD COLUMN source_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN since bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN ended_by bigint[],
    ADD COLUMN made_by text,
    ADD COLUMN made_by_organisation_id uuid,
    DROP CONSTRAINT person_organisation_how_check,
    ADD CONSTRAINT person_organisation_how_check CHECK (how IN ('heard', 'registered', 'holder', 'accepted', 'liaison'));

UPDATE person_organisation SET source_id = uuidv7() WHERE how = 'liaison';

ALTER TABLE person_organisation
    DROP CONSTRAINT person_organisation_pkey,
    ADD PRIMARY KEY (person_id, organisation_id, how, source_id);

COMMENT ON TABLE person_organisation IS 'The case relation: which organisation has to do with a person, why, and until when. One whose ended_at is null holds.';
COMMENT ON COLUMN person_organisation.how IS 'heard: the reason is not known, written by versions before this migration.';
COMMENT ON COLUMN person_organisation.source_id IS 'What gave it: the person registered, the journey held, the referral accepted; of a liaison the assignment.';
COMMENT ON COLUMN person_organisation.since IS 'Compared within a source. holder: day, stage, spell of its last start, empty for the opener; accepted: its seq.';
COMMENT ON COLUMN person_organisation.ended_by IS 'holder: the since of the present one; accepted: the seq of what ended it.';
COMMENT ON COLUMN person_organisation.made_by IS 'Of a liaison: the sub of who assigned it; null for one from before.';

CREATE UNIQUE INDEX person_organisation_liaison ON person_organisation (person_id, organisation_id) WHERE how = 'liaison' AND ended_at IS NULL;
CREATE INDEX person_organisation_source ON person_organisation (source_id) WHERE how IN ('holder', 'accepted');

-- What ends an acceptance, kept so that facts may come in any order.
CREATE TABLE referral_end (
    referral_id uuid NOT NULL,
    spared_organisation_id uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (referral_id, spared_organisation_id)
);
COMMENT ON TABLE referral_end IS 'The last fact that ended what a referral gave to all but one organisation; the zero id spares none.';

GRANT UPDATE (ended_at) ON person_organisation TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON referral_end TO throughcare_worker;
