-- Outside imports a definition that is met is a finding: a clinician confirms or refutes it, and only a confirmed one reopens a stage.
-- What stood before a reopening is kept, so that it can be taken back. What is there counts as confirmed. An older process reads on.

ALTER TABLE relapse
    ADD COLUMN status text NOT NULL DEFAULT 'confirmed' CHECK (status IN ('found', 'confirmed', 'refuted')),
    ADD COLUMN reason text,
    ADD COLUMN wants int,
    ADD COLUMN reopened_from text,
    ADD COLUMN reopened_journey boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN relapse.reason IS 'Why it was refuted, as a code.';
COMMENT ON COLUMN relapse.wants IS 'The stage it reopened, or would have if another relapse had not; null in rows from before, of which nothing is taken back.';
COMMENT ON COLUMN relapse.reopened_from IS 'How the stage that it reopened stood before.';
