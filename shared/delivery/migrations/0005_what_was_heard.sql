-- Up to when each topic was heard whole, which commands named what was not heard of yet, and which kept answers outlast a right.

CREATE TABLE heard (topic text PRIMARY KEY, up_to timestamptz NOT NULL);
COMMENT ON TABLE heard IS 'Everything recorded in the topic up to that moment has been handled here.';

CREATE TABLE early_command (
    principal text NOT NULL,
    request_hash bytea NOT NULL,
    first_at timestamptz NOT NULL,
    PRIMARY KEY (principal, request_hash)
);
COMMENT ON TABLE early_command IS 'When a command first came that named an id not heard of yet; forgotten after an hour.';

ALTER TABLE idempotency ADD COLUMN ended_right boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN idempotency.ended_right IS 'The command itself ended its sender''s right: its answer is given again all the same.';
ALTER TABLE idempotency ADD COLUMN about uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN idempotency.about IS 'The persons whose case relation the command asked: it is asked again before the answer is given again.';

DROP FUNCTION claim_key(text, text);
-- As before, with ended_right and about. A lock and a read need two snapshots; volatile functions take one a statement.
CREATE FUNCTION claim_key(claiming_principal text, claiming_key text)
RETURNS TABLE (got boolean, request_hash bytea, status smallint, location text, events text, answer text, ended_right boolean, about uuid[])
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(claiming_principal || chr(31) || claiming_key, 0)) THEN
        RETURN QUERY SELECT false, NULL::bytea, NULL::smallint, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::uuid[];
        RETURN;
    END IF;
    RETURN QUERY
        SELECT true, i.request_hash, i.status, i.location, i.events, i.answer, i.ended_right, i.about
        FROM (SELECT 1) AS one LEFT JOIN idempotency i ON i.principal = claiming_principal AND i.key = claiming_key;
END $$;

GRANT SELECT ON heard TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON heard TO throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON early_command TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON early_command TO throughcare_worker;
