-- Guardians: contacts with a basis and an end. A permission that a guardian takes part in names one. Deaths may be reversed.

CREATE TABLE guardianship (
    guardianship_id uuid PRIMARY KEY,
    contact_id uuid NOT NULL REFERENCES contact ON DELETE CASCADE,
    basis text NOT NULL,
    until date,
    named_at timestamptz NOT NULL,
    named_by text NOT NULL,
    named_by_organisation_id uuid,
    ended_at timestamptz,
    ended_because text CHECK (ended_because IN ('ended', 'last-day-over', 'came-of-age'))
);
COMMENT ON TABLE guardianship IS 'until is the last day, null: until majority. One whose ended_at is null lasts, one at most of a contact.';
CREATE UNIQUE INDEX guardianship_lasting ON guardianship (contact_id) WHERE ended_at IS NULL;

ALTER TABLE permission ADD COLUMN guardian_id uuid, ADD COLUMN reason text;
COMMENT ON COLUMN permission.reason IS 'personal';
COMMENT ON COLUMN permission.guardian_id IS 'The contact that gave it as guardian; null for one from before guardians were recorded.';

ALTER TABLE person ADD COLUMN death_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN person.death_seq IS 'The place in the stream of the newest death or reversal heard.';

GRANT SELECT, INSERT, UPDATE ON guardianship TO throughcare_api, throughcare_worker;
