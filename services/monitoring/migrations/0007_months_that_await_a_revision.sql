-- A release stays as it is. The next one names the months that were released and are counted otherwise now.
ALTER TABLE release ADD COLUMN awaiting_revision text[];
COMMENT ON COLUMN release.awaiting_revision IS 'Months such as 2026-01, no counts; null where nothing was kept to compare with.';

CREATE TABLE release_digest (
    as_of timestamptz PRIMARY KEY REFERENCES release,
    months jsonb NOT NULL
);
COMMENT ON TABLE release_digest IS 'Month -> digest of its exact counts when the release was made. The api login cannot read it.';
GRANT SELECT, INSERT ON release_digest TO throughcare_worker;
