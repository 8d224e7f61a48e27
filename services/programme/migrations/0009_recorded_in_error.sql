-- What was recorded in a journey may have been entered in error: scores, goals, withdrawal days, adaptation steps, weekly results. It is deleted
-- where it stood; the correction keeps what it said, and goes with an erasure. An older process cannot read such a correction: stop it first.

ALTER TABLE adaptation_step ADD COLUMN organisation_id uuid, ADD COLUMN reached_by uuid;
COMMENT ON COLUMN adaptation_step.organisation_id IS 'Who planned it; NULL in rows from before it was kept.';
COMMENT ON COLUMN adaptation_step.reached_by IS 'Who entered that it was reached; NULL in rows from before it was kept.';

COMMENT ON COLUMN journey.state IS 'personal';

GRANT DELETE ON withdrawal_score, adaptation_step TO throughcare_api;
