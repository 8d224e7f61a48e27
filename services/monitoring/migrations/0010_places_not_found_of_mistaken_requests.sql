-- That no place was found belongs to the opening it was told with: of one that was entered in error it counts no more.
ALTER TABLE place_not_found ADD COLUMN seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN place_not_found.seq IS 'Place in the person''s stream of where it was told last; 0: from before places were kept.';
