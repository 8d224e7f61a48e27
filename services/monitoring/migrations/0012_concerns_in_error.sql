-- A concern that was entered in error counts in no figure.
ALTER TABLE concern ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN concern.withdrawn IS 'It was entered in error; kept, since its other facts may be heard later.';
