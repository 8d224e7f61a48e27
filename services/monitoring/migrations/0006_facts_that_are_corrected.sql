-- A fact may be corrected: of what was told of a stay, a skip or a journey the newest in the person's stream counts. Rows from before have
-- the place 0, so that whatever is told from now on is newer. Workers of the version before go on writing, without a place.
ALTER TABLE journey ADD COLUMN opened_seq bigint NOT NULL DEFAULT 0, ADD COLUMN completed_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN void_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN journey.opened_seq IS 'Place in the person''s stream of what opened_on says; completed_seq likewise.';
COMMENT ON COLUMN journey.void_seq IS 'Place of the newest word that this journey never was; what was told of it before counts nowhere.';

ALTER TABLE spell ADD COLUMN start_seq bigint NOT NULL DEFAULT 0, ADD COLUMN end_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN spell.start_seq IS 'Place in the person''s stream of what started_on says; with a place and no day, the stay never was.';
COMMENT ON COLUMN spell.end_seq IS 'Place in the person''s stream of what completed_on, left_on and how say together.';

ALTER TABLE skip ADD COLUMN seq bigint NOT NULL DEFAULT 0, ALTER COLUMN how DROP NOT NULL;
COMMENT ON COLUMN skip.how IS 'Null: the stage was told as skipped and was not. seq: the place in the person''s stream of what this says.';

ALTER TABLE relapse ADD COLUMN spell smallint;
COMMENT ON COLUMN relapse.spell IS 'The stay in which it happened; null in rows from before, which count at any stay of their stage.';

ALTER TABLE referral ADD COLUMN end_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN referral.end_seq IS 'Place in the person''s stream of what ended says: what ended may be entered in error later.';

-- What figures and rights are made of: what was withdrawn is not among it. Plain enough that the planner reads the tables through them.
-- Who changes one raises the version of the figures that read it.
CREATE VIEW standing_journey AS
    SELECT journey_id, person_id, organisation_id, opened_on, imported, pathway, version FROM journey WHERE opened_on IS NOT NULL;
CREATE VIEW standing_spell AS
    SELECT journey_id, stage, spell, person_id, organisation_id, started_on, completed_on, left_on, how, pathway, code, next_code, ahead
    FROM spell WHERE started_on IS NOT NULL OR start_seq = 0;
COMMENT ON VIEW standing_spell IS 'Stays that are not withdrawn; one of which only the end was heard is among them.';
CREATE VIEW standing_skip AS SELECT journey_id, stage, person_id, how FROM skip WHERE how IS NOT NULL;
GRANT SELECT ON standing_journey, standing_spell, standing_skip TO throughcare_worker;

CREATE OR REPLACE FUNCTION relates(asked_person uuid, asking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT EXISTS (SELECT FROM standing_spell WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM standing_journey WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM referral WHERE person_id = asked_person AND answer = 'accepted' AND answered_by = asking
                       AND ended IS NULL AND COALESCE(last_addressed_seq, 0) < answer_seq)
$$;
