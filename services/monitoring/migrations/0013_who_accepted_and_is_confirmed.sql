-- What was accepted lets hear of a person while the registry confirms who accepted, and never who had sent it itself.
-- An older worker goes on; what it hears of organisations says nothing of their confirmation.

ALTER TABLE organisation ADD COLUMN is_confirmed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN organisation.is_confirmed IS 'By the registry. One that was never heard of counts as confirmed.';

CREATE OR REPLACE FUNCTION relates(asked_person uuid, asking uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT EXISTS (SELECT FROM standing_spell WHERE person_id = asked_person AND organisation_id = asking)
        OR EXISTS (SELECT FROM standing_journey WHERE person_id = asked_person AND organisation_id = asking)
        OR (EXISTS (SELECT FROM standing_referral WHERE person_id = asked_person AND answer = 'accepted' AND answered_by = asking
                        AND from_organisation_id IS DISTINCT FROM asking AND ended IS NULL AND COALESCE(last_addressed_seq, 0) < answer_seq)
            AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT is_confirmed))
$$;
