-- A consent shows something only while its discloser has a relation, the referral by which it was asked for stands, and what it rests on
-- holds. Null in consents from before that was told: then it is not asked. Older processes go on.
ALTER TABLE consent ADD COLUMN discloser_organisation_id uuid, ADD COLUMN rests_on uuid, ADD COLUMN referral_id uuid;
COMMENT ON COLUMN consent.rests_on IS 'The consent by which alone the discloser knows what it tells.';
COMMENT ON COLUMN consent.referral_id IS 'By which it was asked for.';

CREATE FUNCTION relates(person uuid, asking uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM person p WHERE p.person_id = person AND organisation_id = asking AND erased_on IS NULL AND merged_into_id IS NULL)
        OR EXISTS (
            SELECT FROM party JOIN journey j USING (journey_id)
            WHERE j.person_id = person AND party.organisation_id = asking AND NOT erased
                AND CASE WHEN referral_id = '00000000-0000-0000-0000-000000000000' THEN status <> 'entered-in-error'
                    ELSE NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed) END)
        OR EXISTS (
            SELECT FROM accepted_referral a WHERE a.person_id = person AND a.organisation_id = asking
                AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed))
$$;
COMMENT ON FUNCTION relates IS 'Whether the organisation registered the person, opened a journey, has or had a stay, or accepted while confirmed.';

CREATE FUNCTION still_asks(person uuid, referral uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM accepted_referral WHERE referral_id = referral)
        OR EXISTS (SELECT FROM party WHERE referral_id = referral)
        OR EXISTS (
            SELECT FROM journey j CROSS JOIN jsonb_array_elements(j.state -> 'spells') s
            WHERE j.person_id = person AND NOT j.erased AND s -> 'accepted' ? referral::text)
$$;
COMMENT ON FUNCTION still_asks IS 'Whether the referral is accepted, or a stay came of it.';
