-- Journeys with their pathways: how many stages each has and which ask for support. Messages tell of which journey they are.

CREATE TABLE journey (
    journey_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    pathway text NOT NULL,
    stages smallint NOT NULL,
    support smallint[] NOT NULL,
    asking smallint[] NOT NULL DEFAULT '{}',
    heard_at timestamptz
);
COMMENT ON TABLE journey IS 'support: positions of the stages that ask for support; asking: those of them that last now. heard_at null: assumed.';
CREATE INDEX journey_person ON journey (person_id, journey_id);
CREATE INDEX journey_pathway ON journey (pathway, heard_at);

ALTER TABLE message ADD COLUMN journey_id uuid, ADD COLUMN pathway text;
COMMENT ON COLUMN message.pathway IS 'Null where the fact named none, and in every message from before there was a second pathway.';

GRANT SELECT ON journey TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON journey TO throughcare_worker;
