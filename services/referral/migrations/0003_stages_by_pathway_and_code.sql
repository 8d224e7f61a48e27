-- Stages are known by their pathway and code; `stage` stays the position. What was kept so far was of addiction-rehabilitation.
-- An older process reads on but can neither open referrals nor keep services here: the indexes its inserts name are gone. Stop it first.

CREATE TABLE pathway_stage (
    pathway text NOT NULL,
    stage smallint NOT NULL,
    code text NOT NULL,
    version int NOT NULL,
    PRIMARY KEY (pathway, stage)
);
COMMENT ON TABLE pathway_stage IS 'The codes of stages as journeys told them; those of the highest version of a pathway count, others are left over.';
INSERT INTO pathway_stage (pathway, stage, code, version) VALUES
    ('addiction-rehabilitation', 1, 'detoxification', 1), ('addiction-rehabilitation', 2, 'treatment', 1),
    ('addiction-rehabilitation', 3, 'medical-rehabilitation', 1), ('addiction-rehabilitation', 4, 'social-rehabilitation', 1),
    ('addiction-rehabilitation', 5, 'resocialization', 1);

ALTER TABLE journey
    ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation',
    ADD COLUMN stages text[] DEFAULT '{detoxification,treatment,medical-rehabilitation,social-rehabilitation,resocialization}';
COMMENT ON COLUMN journey.stages IS 'Codes in order; null where an older event of another pathway told none.';

ALTER TABLE offered_service
    ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation',
    ADD COLUMN stage_code text;
UPDATE offered_service s SET stage_code = p.code FROM pathway_stage p WHERE p.stage = s.stage;
ALTER TABLE offered_service
    ALTER COLUMN stage_code SET NOT NULL,
    DROP CONSTRAINT offered_service_stage_check,
    ADD CONSTRAINT offered_service_stage_check CHECK (stage BETWEEN 1 AND 20),
    DROP CONSTRAINT offered_service_pkey,
    ADD PRIMARY KEY (organisation_id, pathway, stage_code, programme);
COMMENT ON COLUMN offered_service.stage_code IS 'stage-<n> until a journey told the stages of the pathway.';
DROP INDEX offered_service_stage;
CREATE INDEX offered_service_stage ON offered_service (pathway, stage_code, organisation_id);
CREATE INDEX offered_service_stand_in ON offered_service (pathway) WHERE stage_code = 'stage-' || stage::text;

CREATE OR REPLACE VIEW qualified AS
SELECT s.organisation_id, s.stage, r.within, bool_or(o.position_confirmed_on IS NOT NULL) AS position_confirmed, s.pathway, s.stage_code
FROM offered_service s JOIN organisation o USING (organisation_id) JOIN region r ON r.code = o.region
WHERE s.status = 'active' AND (s.places_free IS NULL OR s.places_free > 0)
GROUP BY s.organisation_id, s.stage, r.within, s.pathway, s.stage_code;

ALTER TABLE referral
    ADD COLUMN pathway text NOT NULL DEFAULT 'addiction-rehabilitation',
    ADD COLUMN stage_code text;
UPDATE referral r SET stage_code = p.code FROM pathway_stage p WHERE p.stage = r.stage;
ALTER TABLE referral
    ALTER COLUMN stage_code SET NOT NULL,
    DROP CONSTRAINT referral_stage_check,
    ADD CONSTRAINT referral_stage_check CHECK (stage BETWEEN 1 AND 20);
COMMENT ON COLUMN referral.stage_code IS 'stage-<n> until a journey told the stages of the pathway.';
DROP INDEX referral_open;
CREATE UNIQUE INDEX referral_open ON referral (person_id, pathway, stage_code, journey_id) NULLS NOT DISTINCT
    WHERE status IN ('draft', 'requested', 'accepted', 'in-progress', 'on-hold');
COMMENT ON INDEX referral_open IS 'A person has at most one open referral a journey and stage.';
CREATE INDEX referral_stand_in ON referral (pathway) WHERE stage_code = 'stage-' || stage::text;

CREATE VIEW spell_by_code AS
SELECT s.person_id, s.journey_id, s.organisation_id, s.started_on, s.ended, coalesce(j.pathway, 'addiction-rehabilitation') AS pathway,
    coalesce(j.stages[s.stage], p.code, 'stage-' || s.stage::text) AS stage_code
FROM spell s LEFT JOIN journey j USING (journey_id)
LEFT JOIN pathway_stage p ON j.stages IS NULL AND p.pathway = coalesce(j.pathway, 'addiction-rehabilitation') AND p.stage = s.stage;
COMMENT ON VIEW spell_by_code IS 'Spells with the pathway and code of their stage; of a journey not heard of yet those of addiction-rehabilitation.';

GRANT SELECT ON pathway_stage, spell_by_code TO throughcare_api, throughcare_worker;
GRANT INSERT, UPDATE ON pathway_stage TO throughcare_worker;
GRANT UPDATE (stage_code) ON offered_service TO throughcare_worker;
