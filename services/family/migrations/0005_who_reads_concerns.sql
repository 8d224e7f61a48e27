-- Concerns that reach no family's organisation go to who is on duty in their region; an unconfirmed organisation reads none.

CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    region text NOT NULL,
    is_confirmed boolean NOT NULL,
    seq bigint NOT NULL
);
COMMENT ON TABLE organisation IS 'The newest entry heard of each. One that was never heard of counts as confirmed.';

ALTER TABLE concern ADD COLUMN region text, ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN concern.region IS 'Where it was seen, as far as known; null reaches who is on duty anywhere.';
COMMENT ON COLUMN concern.told_at IS 'When a linked one was told to the other services.';
UPDATE concern SET told_at = raised_at WHERE linked;

GRANT SELECT ON organisation TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON organisation TO throughcare_worker;
