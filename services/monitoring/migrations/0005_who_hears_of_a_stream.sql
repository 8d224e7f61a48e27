-- The API reads no fact of a person. It may ask this one question, for /seen and for kept answers.
CREATE FUNCTION relates(asked_person uuid, asking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT EXISTS (SELECT FROM spell WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM journey WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM referral WHERE person_id = asked_person AND answer = 'accepted' AND answered_by = asking
                       AND ended IS NULL AND COALESCE(last_addressed_seq, 0) < answer_seq)
$$;
COMMENT ON FUNCTION relates IS 'Whether the organisation had a stay or a journey of the person, or accepted a referral that is still open.';
REVOKE EXECUTE ON FUNCTION relates FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relates TO throughcare_api, throughcare_worker;
