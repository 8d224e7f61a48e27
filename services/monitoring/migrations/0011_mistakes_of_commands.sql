-- An acceptance may have been a mistake: who accepts later has answered then. An answer that is only told again comes with the opening that is told again.
ALTER TABLE referral ADD COLUMN opened_last_at timestamptz, ADD COLUMN answer_last_at timestamptz;
COMMENT ON COLUMN referral.opened_last_at IS 'The moment of the newest opening; null where an older process heard it.';
COMMENT ON COLUMN referral.answer_last_at IS 'The moment of the newest answer; null where an older process heard it.';

CREATE OR REPLACE VIEW standing_referral AS
SELECT referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, stage_code, limit_days,
    overdue, last_addressed_seq,
    CASE WHEN NOT is_new THEN addressed_to WHEN opened_to IS NOT NULL THEN opened_to
        WHEN last_addressed_seq > opened_seq THEN last_addressed_to END AS addressed_to,
    CASE WHEN NOT is_new OR opened_to IS NOT NULL THEN addressed_seq
        WHEN last_addressed_seq > opened_seq THEN last_addressed_seq END AS addressed_seq,
    CASE WHEN is_new AND opened_to IS NOT NULL AND addressed_seq = opened_seq THEN opened_at
        WHEN NOT is_new OR opened_to IS NOT NULL THEN addressed_at
        WHEN last_addressed_seq > opened_seq THEN last_addressed_at END AS addressed_at,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer_seq END AS answer_seq,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer END AS answer,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answered_by END AS answered_by,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer_reason END AS answer_reason,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN in_time END AS in_time,
    CASE WHEN is_new AND answer_seq > opened_seq AND answer_last_at > opened_last_at THEN answer_last_at
        WHEN NOT is_new OR answer_seq > opened_seq THEN answered_at END AS answered_at,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN ended END AS ended,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN end_reason END AS end_reason,
    CASE WHEN is_new THEN error_seq ELSE 0 END AS void_seq
FROM (SELECT *, is_told_again AND error_seq > 0 AND opened_seq > error_seq AS is_new FROM referral) AS r;

-- An instruction may have been issued by mistake, and a region's word of it may have been one. What was said is kept.
ALTER TABLE instruction ADD COLUMN error_at timestamptz, ADD COLUMN error_reason text;
COMMENT ON COLUMN instruction.error_at IS 'Issued by mistake: nothing is expected of anyone, and it counts nowhere.';
CREATE TABLE instruction_correction (
    correction_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    addressed_id uuid NOT NULL REFERENCES instruction_region,
    what text NOT NULL CHECK (what IN ('acknowledgement', 'implementation')),
    said_at timestamptz NOT NULL,
    evidence text,
    taken_back_at timestamptz NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE instruction_correction IS 'Append-only: what a region said of its part and took back.';
CREATE INDEX instruction_correction_part ON instruction_correction (addressed_id);
GRANT SELECT, INSERT ON instruction_correction TO throughcare_api;
