-- What was accepted without a journey counts on its own pathway alone. An older process reads and writes on; what it keeps says no pathway.

ALTER TABLE accepted_referral ADD COLUMN pathway text;
COMMENT ON COLUMN accepted_referral.pathway IS 'NULL in rows from before it was kept: these count on every pathway until their referral ends.';
COMMENT ON TABLE accepted_referral IS 'Accepted referrals that name no journey: their organisations are parties of the person''s journeys on that pathway.';
