-- A death may be reversed: the newest that was told of it counts.
ALTER TABLE person ADD COLUMN death_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN person.death_seq IS 'Place in the person''s stream of what died_on says: a death, or its reversal.';
