-- A right comes from a fact that somebody else made: a registration, an accepted referral, a stay. Being named as the next one gives none
-- any more. An older process ignores the new columns; a party that it still adds for somebody named counts for nothing.

ALTER TABLE person ADD COLUMN organisation_id uuid;
COMMENT ON COLUMN person.organisation_id IS 'Who registered the person; NULL where the event did not tell, or none was heard.';

ALTER TABLE party ADD COLUMN stage int;
ALTER TABLE accepted_referral ADD COLUMN stage int;
COMMENT ON COLUMN party.stage IS 'The stage of the accepted referral; NULL in rows from before it was kept, and for openers and stays.';
COMMENT ON TABLE party IS 'The case relation: opened it, has or had a spell (referral_id zero), or accepted that referral for it.';

ALTER TABLE withdrawal_score ADD COLUMN organisation_id uuid;
COMMENT ON COLUMN withdrawal_score.organisation_id IS 'Who entered it; NULL in rows from before it was kept.';

DELETE FROM party USING journey
WHERE party.journey_id = journey.journey_id
    AND party.referral_id = '00000000-0000-0000-0000-000000000000'
    AND journey.state ->> 'opened_by' <> party.organisation_id::text
    AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(journey.state -> 'spells') AS spell WHERE spell ->> 'organisation_id' = party.organisation_id::text
    );
