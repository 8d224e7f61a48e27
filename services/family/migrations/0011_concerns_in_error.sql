-- A concern that was entered in error ends and is kept with the reason; so is an answer that was amended. Who entered a contact may take it back.

ALTER TABLE concern
    ADD COLUMN error_reason text,
    ADD COLUMN error_at timestamptz,
    ADD COLUMN error_by text,
    ADD COLUMN error_by_organisation_id uuid,
    ADD COLUMN answered_by text,
    ADD COLUMN answered_by_organisation_id uuid,
    ADD COLUMN former_answers jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN concern.error_at IS 'Entered in error: it waits for nobody, and is kept for who reads it.';
COMMENT ON COLUMN concern.answered_by IS 'Who answered, and alone amends it; null in one answered before this was kept, which whoever it reaches amends.';
COMMENT ON COLUMN concern.former_answers IS 'personal';

ALTER TABLE contact ADD COLUMN added_by text;
COMMENT ON COLUMN contact.added_by IS 'The sub of who entered it; null in one from before. A person takes back what its own token entered.';
