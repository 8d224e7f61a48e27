-- What the relay needs to notice a lost or emptied log, and the cursors by which old rows are sent again.

ALTER TABLE relay_position ADD COLUMN last_event uuid;
COMMENT ON COLUMN relay_position.last_event IS 'The event acknowledged at next_offset - 1: another one there means another log.';

CREATE TABLE resending (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text,
    stream_id uuid,
    after_id bigint NOT NULL,
    upto_id bigint NOT NULL,
    before_new boolean NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (stream_id IS NULL OR topic IS NOT NULL)
);
COMMENT ON TABLE resending IS 'Rows of the outbox with after_id < id <= upto_id are sent again; before_new: a refill, nothing new is sent until it is done.';

GRANT SELECT ON resending TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON resending TO throughcare_worker;
