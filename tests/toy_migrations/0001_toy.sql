-- The toy service's tables: what was commanded, what took effect. No constraint hides a doubled effect.

CREATE TABLE note (
    note_id uuid PRIMARY KEY,
    parent_id uuid REFERENCES note DEFERRABLE INITIALLY DEFERRED,
    n int NOT NULL
);

CREATE TABLE effect (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    n int NOT NULL
);

CREATE TABLE tally (
    stream_id uuid PRIMARY KEY,
    applied int NOT NULL
);

GRANT SELECT, INSERT ON note, effect TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT, UPDATE ON tally TO throughcare_worker;
