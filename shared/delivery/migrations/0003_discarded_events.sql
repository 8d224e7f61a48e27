-- Discarded events: proposed by one person, confirmed by another, kept with their bodies.

CREATE TABLE discard (
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z][a-z0-9-]{2,63}$'),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    confirmed_by text CHECK (confirmed_by <> proposed_by),
    confirmed_at timestamptz,
    parked_reason text,
    attributes jsonb,
    body text,
    PRIMARY KEY (topic, stream_id, seq),
    CHECK (num_nonnulls(confirmed_by, confirmed_at, parked_reason, attributes, body) IN (0, 5))
);
COMMENT ON TABLE discard IS 'An event that will never take effect here; unconfirmed it is only proposed and still parked. Nothing is deleted.';

GRANT SELECT ON discard TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON discard TO throughcare_worker;
