-- Who acted on the machine without having signed in, because no issuer could be asked: an alarm that outlives the terminal it was given on.

CREATE TABLE broken_glass (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    principal text NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z][a-z0-9-]{2,63}$'),
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL
);
COMMENT ON TABLE broken_glass IS 'Append-only. The principal is who somebody said to be.';
CREATE INDEX broken_glass_at ON broken_glass (at);

GRANT SELECT ON broken_glass TO throughcare_api;
GRANT SELECT, INSERT ON broken_glass TO throughcare_worker;
