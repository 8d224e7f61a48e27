-- Facts that were entered in error are taken back: stays with their day and place in the stream, messages by stay.
-- Stop the workers of older versions first: what they keep of a stay has no day.

ALTER TABLE stay
    ADD COLUMN started_on date DEFAULT '0001-01-01',
    ADD COLUMN how text,
    ADD COLUMN seq bigint NOT NULL DEFAULT 0;
COMMENT ON TABLE stay IS 'How each stay stands by its newest fact; who holds a journey is made of them. Stage 0: its opening, which ranks before any start.';
COMMENT ON COLUMN stay.started_on IS 'Null: entered in error, so that there was none. The first day there is stands for one that was not kept.';
COMMENT ON COLUMN stay.how IS 'How it ended: completed, left or died. Null: it goes on, or was ended before this was kept.';
COMMENT ON COLUMN stay.seq IS 'The place in the stream of the newest fact heard of it.';

-- What the relations still say of stays and openings from before. Who alone ever held a journey counts as its opener, unless an acceptance may have been why.
INSERT INTO stay (journey_id, stage, spell, organisation_id, has_ended, started_on)
SELECT DISTINCT ON (source_id, since[2], since[3]) source_id, since[2], since[3], organisation_id, false, DATE '0001-01-01' + (since[1] - 1)::int
FROM person_organisation WHERE how = 'holder' AND since[1] > 0
ON CONFLICT (journey_id, stage, spell) DO UPDATE SET started_on = EXCLUDED.started_on;
UPDATE person_organisation SET since = '{0,NULL}' WHERE how = 'holder' AND since = '{}';
INSERT INTO stay (journey_id, stage, spell, organisation_id, has_ended, started_on)
SELECT DISTINCT ON (source_id) source_id, 0, 0, organisation_id, true, DATE '0001-01-01' + coalesce(since[2] - 1, 0)::int
FROM person_organisation WHERE how = 'holder' AND since[1] = 0;
INSERT INTO stay (journey_id, stage, spell, organisation_id, has_ended)
SELECT h.source_id, 0, 0, (array_agg(h.organisation_id))[1], true
FROM person_organisation h WHERE h.how = 'holder'
GROUP BY h.source_id
HAVING count(DISTINCT h.organisation_id) = 1 AND min(h.since[1]) > 0 AND NOT EXISTS (
    SELECT FROM person_organisation a WHERE a.how = 'accepted'
    AND a.person_id = ANY(array_agg(h.person_id)) AND a.organisation_id = ANY(array_agg(h.organisation_id)));

COMMENT ON COLUMN person_organisation.since IS 'Compared within a source. holder: day, stage, spell of its last start; of the opener 0 and the day it opened; empty: entered in error. accepted: its seq.';

ALTER TABLE journey ADD COLUMN is_withdrawn boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN journey.is_withdrawn IS 'It was entered in error. What it says of its stages still counts them in what was told.';

ALTER TABLE message ADD COLUMN spell smallint, ADD COLUMN corrected_at timestamptz;
COMMENT ON COLUMN message.spell IS 'With journey_id, stage and kind: which fact of which stay it tells. Null in one from before, which is taken as any spell''s.';
COMMENT ON COLUMN message.corrected_at IS 'When what it told was taken back; a correction followed it, if it was told.';
