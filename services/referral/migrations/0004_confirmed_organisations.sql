-- The registry confirms organisations: what an organisation entered about itself no longer makes it receive anything. What is there is confirmed.
-- An older process reads and writes on; an organisation that it enters is unconfirmed. Enquiries go to the duty organisation of a region.

ALTER TABLE organisation
    ADD COLUMN is_confirmed boolean NOT NULL DEFAULT false,
    ADD COLUMN confirmed_level text CHECK (confirmed_level IN ('macro', 'meso', 'micro')),
    ADD COLUMN confirmed_kind text,
    ADD COLUMN confirmed_region text REFERENCES region,
    ADD COLUMN confirmation_changed_at timestamptz,
    ADD CONSTRAINT organisation_confirmed_as CHECK (num_nonnulls(confirmed_level, confirmed_kind, confirmed_region) IN (0, 3)),
    ADD CONSTRAINT organisation_confirmed_as_something CHECK (NOT is_confirmed OR confirmed_level IS NOT NULL);
COMMENT ON COLUMN organisation.is_confirmed IS 'Whether it receives referrals, enquiries and concerns.';
COMMENT ON COLUMN organisation.confirmed_kind IS 'As last confirmed, kept after a withdrawal: what counts, whatever the entry says. Null before the first: the entry counts.';

CREATE TABLE confirmed_stage (
    organisation_id uuid NOT NULL REFERENCES organisation,
    pathway text NOT NULL,
    stage_code text NOT NULL,
    stage smallint NOT NULL CHECK (stage BETWEEN 1 AND 20),
    PRIMARY KEY (organisation_id, pathway, stage_code)
);
COMMENT ON TABLE confirmed_stage IS 'The stages an organisation may serve, as last confirmed.';
COMMENT ON COLUMN confirmed_stage.stage_code IS 'stage-<n> until a journey told the stages of the pathway.';
CREATE INDEX confirmed_stage_stand_in ON confirmed_stage (pathway) WHERE stage_code = 'stage-' || stage::text;

UPDATE organisation SET is_confirmed = true, confirmed_level = level, confirmed_kind = kind, confirmed_region = region, confirmation_changed_at = now();
-- A referral that waits for one of them was seen by it until now, also for a stage of which its entry says nothing.
INSERT INTO confirmed_stage (organisation_id, pathway, stage_code, stage)
SELECT organisation_id, pathway, stage_code, stage FROM offered_service
UNION ALL
SELECT to_organisation_id, pathway, stage_code, stage FROM referral
WHERE status IN ('draft', 'requested') AND to_organisation_id IN (SELECT organisation_id FROM organisation)
ON CONFLICT DO NOTHING;

CREATE VIEW confirmed_for AS
SELECT c.organisation_id, c.pathway, c.stage_code FROM confirmed_stage c JOIN organisation o USING (organisation_id) WHERE o.is_confirmed;
COMMENT ON VIEW confirmed_for IS 'Who may be asked to take a person for which stage.';

CREATE OR REPLACE VIEW qualified AS
SELECT s.organisation_id, s.stage, r.within, bool_or(o.position_confirmed_on IS NOT NULL) AS position_confirmed, s.pathway, s.stage_code
FROM offered_service s JOIN confirmed_for USING (organisation_id, pathway, stage_code) JOIN organisation o USING (organisation_id)
JOIN region r ON r.code = o.confirmed_region
WHERE s.status = 'active' AND (s.places_free IS NULL OR s.places_free > 0)
GROUP BY s.organisation_id, s.stage, r.within, s.pathway, s.stage_code;
COMMENT ON VIEW qualified IS 'Who could take a person for a stage now, and in which confirmed region (null: anywhere). Unknown places count as free.';

ALTER TABLE region ADD COLUMN duty_organisation_id uuid REFERENCES organisation;
COMMENT ON COLUMN region.duty_organisation_id IS 'Reads and answers, while confirmed, what is asked of the network in this region.';

ALTER TABLE enquiry ADD COLUMN region text NOT NULL DEFAULT 'UZ' REFERENCES region;
COMMENT ON COLUMN enquiry.region IS 'Whose duty organisation and safeguarding answer it when it was put to the network; of earlier ones nobody kept it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON confirmed_stage TO throughcare_api;
GRANT SELECT ON confirmed_for TO throughcare_api, throughcare_worker;
GRANT SELECT, UPDATE (stage_code) ON confirmed_stage TO throughcare_worker;
