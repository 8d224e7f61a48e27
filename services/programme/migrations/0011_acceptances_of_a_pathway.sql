-- What was accepted without a journey counts on its own pathway alone. An older process reads and writes on; what it keeps says no pathway.

ALTER TABLE accepted_referral ADD COLUMN pathway text;
COMMENT ON COLUMN accepted_referral.pathway IS 'NULL in rows from before it was kept: these count on every pathway until their referral ends.';
COMMENT ON TABLE accepted_referral IS 'Accepted referrals that name no journey: their organisations are parties of the person''s journeys on that pathway.';

-- Who accepts what it sent itself has no right by that; such an acceptance is kept, since the stage was accepted all the same.
ALTER TABLE accepted_referral ADD COLUMN by_sender boolean NOT NULL DEFAULT false;
ALTER TABLE party ADD COLUMN by_sender boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN party.by_sender IS 'Its organisation accepted what it had sent itself: this gives no right.';

CREATE OR REPLACE FUNCTION accepted_for(person uuid, this_journey uuid, asking uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY (
        SELECT p.referral_id || '/' || coalesce(p.stage, 0) FROM party p
        WHERE p.organisation_id = asking AND p.journey_id = this_journey AND p.referral_id <> '00000000-0000-0000-0000-000000000000'
            AND NOT p.by_sender
            AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed)
            AND NOT EXISTS (
                SELECT FROM journey used CROSS JOIN LATERAL jsonb_array_elements(used.state -> 'spells') s
                WHERE used.person_id = person AND used.journey_id <> this_journey AND s -> 'accepted' ? p.referral_id::text));
END $$;

CREATE OR REPLACE FUNCTION relates(person uuid, asking uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM person p WHERE p.person_id = person AND organisation_id = asking AND erased_on IS NULL AND merged_into_id IS NULL)
        OR EXISTS (
            SELECT FROM party JOIN journey j USING (journey_id)
            WHERE j.person_id = person AND party.organisation_id = asking AND NOT erased
                AND CASE WHEN referral_id = '00000000-0000-0000-0000-000000000000' THEN status <> 'entered-in-error'
                    ELSE NOT by_sender AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed) END)
        OR EXISTS (
            SELECT FROM accepted_referral a WHERE a.person_id = person AND a.organisation_id = asking AND NOT by_sender
                AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed))
$$;
