-- A right comes from a fact that somebody else made: a registration, an accepted referral, a stay. Being named as the next one gives none
-- any more. A death may be reversed, the registry confirms organisations, and emergency access is heard. An older process ignores what is
-- new; a party that it still adds for somebody named counts for nothing.

ALTER TABLE person ADD COLUMN organisation_id uuid;
COMMENT ON COLUMN person.organisation_id IS 'Who registered the person; NULL where the event did not tell, or none was heard.';

ALTER TABLE party ADD COLUMN stage int;
ALTER TABLE accepted_referral ADD COLUMN stage int;
COMMENT ON COLUMN party.stage IS 'The stage of the accepted referral; NULL in rows from before it was kept, and for openers and stays.';
COMMENT ON TABLE party IS 'The case relation: opened it, has or had a spell (referral_id zero), or accepted that referral for it.';

ALTER TABLE withdrawal_score ADD COLUMN organisation_id uuid;
COMMENT ON COLUMN withdrawal_score.organisation_id IS 'Who entered it; NULL in rows from before it was kept.';

ALTER TABLE withdrawal_score ADD COLUMN date_reason text;
COMMENT ON COLUMN withdrawal_score.date_reason IS 'Why it was entered for a day of long ago.';

ALTER TABLE organisation ADD COLUMN confirmed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN organisation.confirmed IS 'By the registry. What one that is not confirmed accepted counts for nothing.';

ALTER TABLE person ADD COLUMN death_reversed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN person.death_reversed IS 'A stage that was left by a death tells of none any more; only died_on does.';

CREATE TABLE emergency_access (
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, organisation_id)
);
COMMENT ON TABLE emergency_access IS 'As heard from referral: until it ends the organisation needs no consent; it needs its relation all the same.';
GRANT SELECT ON emergency_access TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON emergency_access TO throughcare_worker;

ALTER TABLE disclosure ALTER COLUMN consent_id DROP NOT NULL;
COMMENT ON COLUMN disclosure.consent_id IS 'NULL where it was shown under emergency access.';

DELETE FROM party USING journey
WHERE party.journey_id = journey.journey_id
    AND party.referral_id = '00000000-0000-0000-0000-000000000000'
    AND journey.state ->> 'opened_by' <> party.organisation_id::text
    AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(journey.state -> 'spells') AS spell WHERE spell ->> 'organisation_id' = party.organisation_id::text
    );
