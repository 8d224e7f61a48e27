-- Whom a request named at first may have been corrected: the first one was entered in error, and it is told as opened anew. Who is named then counts,
-- since when somebody was named at first: where nobody had been, since it was first opened.
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
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answered_at END AS answered_at,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN ended END AS ended,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN end_reason END AS end_reason,
    CASE WHEN is_new THEN error_seq ELSE 0 END AS void_seq
FROM (SELECT *, is_told_again AND error_seq > 0 AND opened_seq > error_seq AS is_new FROM referral) AS r;
COMMENT ON COLUMN standing_referral.void_seq IS 'What was told of it before this place counts no more; 0: all counts.';
