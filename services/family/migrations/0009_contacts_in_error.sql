-- A contact that was entered on the wrong person ends, and is kept with the reason. Who entered it may take it back.

ALTER TABLE contact
    ADD COLUMN added_by_organisation_id uuid,
    ADD COLUMN error_reason text,
    ADD COLUMN error_at timestamptz,
    ADD COLUMN error_by text,
    ADD COLUMN error_by_organisation_id uuid;
COMMENT ON COLUMN contact.error_at IS 'Entered in error: kept for who reads the circle. It sees and is told nothing any more.';
