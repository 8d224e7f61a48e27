-- Pathways as heard; facts and roll-ups know a stage by its pathway and code; a release explains itself.

CREATE TABLE pathway (
    pathway text NOT NULL,
    version int NOT NULL,
    codes text[] NOT NULL,
    completes smallint,
    halfway smallint,
    PRIMARY KEY (pathway, version)
);
COMMENT ON TABLE pathway IS 'codes: the stages in order. completes, halfway: the positions of the stages with these properties.';
INSERT INTO pathway VALUES (
    'addiction-rehabilitation', 1,
    '{detoxification,treatment,medical-rehabilitation,social-rehabilitation,resocialization}', 5, 4
);

ALTER TABLE journey ADD COLUMN pathway text, ADD COLUMN version int;
UPDATE journey SET pathway = 'addiction-rehabilitation', version = 1 WHERE opened_on IS NOT NULL;
COMMENT ON COLUMN journey.pathway IS 'Null until its opening is heard.';

ALTER TABLE spell ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation', ADD COLUMN code text, ADD COLUMN next_code text,
    ADD COLUMN ahead smallint;
UPDATE spell s SET code = COALESCE(w.codes[s.stage], 'stage-' || s.stage), next_code = w.codes[s.stage + 1],
    ahead = array_position(w.codes, 'resocialization') - s.stage
FROM pathway w WHERE w.pathway = 'addiction-rehabilitation' AND w.version = 1;
COMMENT ON COLUMN spell.code IS 'Of the stage in its pathway; next_code of the one after it, null after the last. ahead: how far resocialization is.';
DROP INDEX spell_person;
CREATE INDEX spell_person ON spell (person_id, pathway, code);

ALTER TABLE referral ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation', ADD COLUMN stage_code text,
    ADD COLUMN opened_seq bigint, ADD COLUMN limit_days smallint;
UPDATE referral r SET stage_code = COALESCE(w.codes[r.stage], 'stage-' || r.stage)
FROM pathway w WHERE w.pathway = 'addiction-rehabilitation' AND w.version = 1;
COMMENT ON COLUMN referral.limit_days IS 'The hand-over limit told with its opening; null where none was told.';

ALTER TABLE place_not_found ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation';

UPDATE organisation SET programmes = COALESCE(
    (SELECT jsonb_object_agg('addiction-rehabilitation/' || stage, programme) FROM jsonb_each(programmes) AS p(stage, programme)), '{}'
);
COMMENT ON TABLE organisation IS 'The newest entry heard: the greatest seq wins. programmes: pathway/position of a stage -> code of what is offered.';

-- The roll-ups by pathway and code. `rollup` stays for workers of the version before; a later migration drops it. The next release
-- finds no version of the figures here, fills in what such workers wrote meanwhile, and counts everything anew.
CREATE TABLE unit_count (
    figure text NOT NULL,
    pathway text,
    stage text,
    to_stage text,
    organisation_id uuid,
    to_organisation_id uuid,
    period date NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL,
    amount int,
    limit_days int,
    units bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organisation_id, period, amount, figure, stage, to_stage, outcome, detail, to_organisation_id, limit_days, pathway)
);
COMMENT ON TABLE unit_count IS 'Units by the organisation that sent them; region and programme are joined when read, since organisations may be heard of later.';

CREATE TABLE rollup_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version text NOT NULL
);
COMMENT ON TABLE rollup_version IS 'Which version of the figures the roll-ups were last rebuilt for; a release of another one rebuilds first.';

ALTER TABLE release ADD COLUMN threshold int, ADD COLUMN limits jsonb, ADD COLUMN definitions jsonb;
COMMENT ON COLUMN release.definitions IS 'Code -> text, with the limits then in force. Null in releases from before texts were kept.';

GRANT SELECT, INSERT ON pathway TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON unit_count TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON rollup_version TO throughcare_worker;
