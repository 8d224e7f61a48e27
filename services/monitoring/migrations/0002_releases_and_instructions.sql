-- What may leave: frozen tables of figures, and instructions to regions. The api login reads nothing else of this service's own.

CREATE TABLE release (
    as_of timestamptz PRIMARY KEY,
    closed_until date NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE TABLE release_table (
    as_of timestamptz NOT NULL REFERENCES release,
    name text NOT NULL,
    rows jsonb NOT NULL,
    PRIMARY KEY (as_of, name)
);
COMMENT ON TABLE release_table IS 'Insert-only: a release never changes. Cells of 1-10 and what would tell them are null already.';

CREATE TABLE instruction (
    instruction_id uuid PRIMARY KEY,
    title text NOT NULL,
    measure text,
    issued_at timestamptz NOT NULL,
    due_on date NOT NULL,
    closed_at timestamptz
);
CREATE INDEX instruction_issued ON instruction (issued_at DESC, instruction_id DESC);

CREATE TABLE instruction_region (
    addressed_id uuid PRIMARY KEY DEFAULT uuidv7(),
    instruction_id uuid NOT NULL REFERENCES instruction,
    region text NOT NULL,
    acknowledgement_due_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledgement_overdue_at timestamptz,
    implementation_due_at timestamptz NOT NULL,
    implemented_at timestamptz,
    implementation_overdue_at timestamptz,
    evidence text,
    UNIQUE (instruction_id, region)
);

GRANT SELECT, INSERT ON release, release_table TO throughcare_worker;
GRANT SELECT ON release, release_table TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON instruction, instruction_region TO throughcare_api;
GRANT SELECT, UPDATE ON instruction, instruction_region TO throughcare_worker;

-- The first daily release; each one sets the next.
INSERT INTO deadline (kind, subject_id, due_at)
VALUES ('release-due', '0d5e1f0c-6c7e-5c57-9a53-3e1ea5e00000', date_trunc('day', now(), 'UTC') + interval '1 day 30 minutes');
