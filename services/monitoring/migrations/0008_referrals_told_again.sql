-- A referral may be told as opened a second time, where its end was undone: by a death that was none, by a correction. The end does not count
-- then. Where what was told of it was entered in error, nothing told before the newest opening counts but the days on which it first happened.
ALTER TABLE referral ADD COLUMN opened_to uuid, ADD COLUMN is_told_again boolean NOT NULL DEFAULT false, ADD COLUMN last_addressed_to uuid,
    ADD COLUMN last_addressed_at timestamptz, ADD COLUMN error_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN referral.opened_to IS 'Whom the newest opening names.';
COMMENT ON COLUMN referral.is_told_again IS 'More than one opening was heard; opened_seq is the place of the newest, opened_at the moment of the first.';
COMMENT ON COLUMN referral.error_seq IS 'Place of the newest word that it was entered in error.';

CREATE VIEW standing_referral AS
SELECT referral_id, person_id, journey_id, stage, from_organisation_id, origin, timed, opened_at, opened_seq, pathway, stage_code, limit_days,
    overdue, last_addressed_seq,
    CASE WHEN NOT is_new THEN addressed_to WHEN opened_to IS NOT NULL THEN opened_to
        WHEN last_addressed_seq > opened_seq THEN last_addressed_to END AS addressed_to,
    CASE WHEN NOT is_new THEN addressed_seq WHEN opened_to IS NOT NULL THEN opened_seq
        WHEN last_addressed_seq > opened_seq THEN last_addressed_seq END AS addressed_seq,
    CASE WHEN NOT is_new OR opened_to = addressed_to THEN addressed_at
        WHEN opened_to IS NOT NULL OR last_addressed_seq > opened_seq THEN last_addressed_at END AS addressed_at,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer_seq END AS answer_seq,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer END AS answer,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answered_by END AS answered_by,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answer_reason END AS answer_reason,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN in_time END AS in_time,
    CASE WHEN NOT is_new OR answer_seq > opened_seq THEN answered_at END AS answered_at,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN ended END AS ended,
    CASE WHEN NOT is_told_again OR end_seq > opened_seq THEN end_reason END AS end_reason
FROM (SELECT *, is_told_again AND error_seq > 0 AND opened_seq > error_seq AS is_new FROM referral) AS r;
COMMENT ON VIEW standing_referral IS 'Referrals as they stand since they were last told as opened. Plain enough that the planner reads the table through it.';
GRANT SELECT ON standing_referral TO throughcare_worker;

CREATE OR REPLACE FUNCTION relates(asked_person uuid, asking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT EXISTS (SELECT FROM standing_spell WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM standing_journey WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM standing_referral WHERE person_id = asked_person AND answer = 'accepted' AND answered_by = asking
                       AND ended IS NULL AND COALESCE(last_addressed_seq, 0) < answer_seq)
$$;
