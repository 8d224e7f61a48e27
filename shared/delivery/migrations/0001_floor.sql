-- The floor's tables, the same in every service's database: what goes out, what came in, what is due, what was answered, what was done.

CREATE TABLE stream (
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    last_seq bigint NOT NULL,
    PRIMARY KEY (topic, stream_id)
);
COMMENT ON TABLE stream IS 'Counter of each stream; its row lock makes insert order equal commit order.';

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE DEFAULT uuidv7(),
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    body jsonb NOT NULL CHECK (octet_length(body::text) <= 8192),
    correlation_id uuid NOT NULL,
    causation_id uuid,
    traceparent text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (topic, stream_id, seq)
);
COMMENT ON TABLE outbox IS 'The log: insert-only, kept.';

CREATE TABLE unsent (id bigint PRIMARY KEY);
COMMENT ON TABLE unsent IS 'The queue: written with the log, deleted after the broker acknowledged.';

CREATE TABLE relay_position (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    log_epoch int NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE inbox (
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    last_seq bigint NOT NULL,
    blocked boolean NOT NULL DEFAULT false,
    waiting boolean NOT NULL DEFAULT false,
    PRIMARY KEY (topic, stream_id)
);
COMMENT ON TABLE inbox IS 'Per stream: the last sequence number that took effect here.';

CREATE TABLE inbox_offset (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    log_epoch int NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, partition)
);

CREATE TABLE parked (
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'failed', 'behind')),
    reason text NOT NULL,
    attributes jsonb NOT NULL,
    body text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, stream_id, seq)
);
COMMENT ON TABLE parked IS 'waiting: an earlier one is missing; failed: it blocks its stream; behind: after a failed one.';
CREATE INDEX parked_failed ON parked (topic, parked_at) WHERE state = 'failed';

CREATE TABLE quarantine (
    topic text NOT NULL,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    reason text NOT NULL,
    headers jsonb NOT NULL,
    value bytea,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, partition, log_offset, at)
);
COMMENT ON TABLE quarantine IS 'Records that could not be read as an event at all.';

CREATE TABLE halt (
    topic text PRIMARY KEY,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE deadline (
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX deadline_due ON deadline (due_at);

CREATE TABLE idempotency (
    principal text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    events text,
    answer text NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_kept_at ON idempotency (kept_at);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    principal text NOT NULL,
    organisation_id uuid,
    action text NOT NULL,
    subject_id uuid,
    correlation_id uuid NOT NULL
);
COMMENT ON TABLE audit IS 'Append-only: who did or read what, in the transaction that did it.';
CREATE INDEX audit_subject ON audit (subject_id, id);

-- A lock and a read need two snapshots: in one statement a waiter would not see the answer just committed. Volatile functions take one a statement.
CREATE FUNCTION claim_key(claiming_principal text, claiming_key text)
RETURNS TABLE (got boolean, request_hash bytea, status smallint, location text, events text, answer text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(claiming_principal || chr(31) || claiming_key, 0)) THEN
        RETURN QUERY SELECT false, NULL::bytea, NULL::smallint, NULL::text, NULL::text, NULL::text;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT true, i.request_hash, i.status, i.location, i.events, i.answer
        FROM (SELECT 1) AS one LEFT JOIN idempotency i ON i.principal = claiming_principal AND i.key = claiming_key;
END $$;

GRANT USAGE ON SCHEMA public TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT ON outbox, audit TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON stream TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT ON unsent TO throughcare_api;
GRANT SELECT, INSERT, DELETE ON unsent TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON deadline, idempotency TO throughcare_api, throughcare_worker;
GRANT SELECT ON relay_position, inbox, inbox_offset, parked, quarantine, halt, migration TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON relay_position, inbox, inbox_offset, parked, quarantine, halt TO throughcare_worker;
GRANT SELECT ON migration TO throughcare_worker;
