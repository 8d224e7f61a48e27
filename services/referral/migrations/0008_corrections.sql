-- Corrections: what a fact of a journey changed of referrals is kept as it stood before, so that it can be undone when the fact is corrected.
-- An older process reads and writes on; what it changes is not kept, and what it opens counts as asked for, so that no correction touches it.

ALTER TABLE spell
    ADD COLUMN next_organisation_id uuid,
    ADD COLUMN ended_seq bigint;
COMMENT ON COLUMN spell.next_organisation_id IS 'Whom the end named. Not known of an end that an older process heard: then ended_seq is null.';
COMMENT ON COLUMN spell.ended_seq IS 'The place of the end in the stream of the person.';

CREATE OR REPLACE VIEW spell_by_code AS
SELECT s.person_id, s.journey_id, s.organisation_id, s.started_on, s.ended, coalesce(j.pathway, 'addiction-rehabilitation') AS pathway,
    coalesce(j.stages[s.stage], p.code, 'stage-' || s.stage::text) AS stage_code, s.stage, s.spell
FROM spell s LEFT JOIN journey j USING (journey_id)
LEFT JOIN pathway_stage p ON j.stages IS NULL AND p.pathway = coalesce(j.pathway, 'addiction-rehabilitation') AND p.stage = s.stage;

ALTER TABLE referral
    ADD COLUMN asked_as text DEFAULT 'organisation',
    ADD COLUMN basis_withdrawn text,
    ADD COLUMN basis_withdrawn_at timestamptz;
COMMENT ON COLUMN referral.asked_as IS 'The origin of the wish of an organisation or the person, also where the system opened it first; null: the system alone.';
COMMENT ON COLUMN referral.basis_withdrawn IS 'What the system had opened it for was corrected after somebody accepted; null once it goes on or is asked for again.';

-- Who asked is known from the history: the system alone where no line of opening or addressing is by anybody else.
UPDATE referral r SET asked_as = CASE WHEN origin IN ('organisation', 'self', 'concern') THEN origin ELSE 'organisation' END;
UPDATE referral r SET asked_as = NULL
WHERE EXISTS (SELECT FROM referral_history h WHERE h.referral_id = r.referral_id AND h.change = 'opened' AND h.actor = 'system')
    AND NOT EXISTS (SELECT FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.change IN ('opened', 'addressed') AND h.actor <> 'system');

CREATE TABLE stood_before (
    before_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    referral_id uuid NOT NULL REFERENCES referral,
    person_id uuid NOT NULL,
    journey_id uuid NOT NULL,
    fact text NOT NULL CHECK (fact IN ('started', 'ended', 'skipped', 'relapsed', 'completed')),
    stage smallint NOT NULL,
    spell int NOT NULL,
    status text,
    from_organisation_id uuid,
    to_organisation_id uuid,
    named_journey_id uuid,
    region text,
    due_on date,
    imported boolean NOT NULL,
    has_started boolean NOT NULL,
    answer_due_at timestamptz,
    handover_due_at timestamptz,
    became text NOT NULL,
    became_to uuid,
    blocked boolean NOT NULL DEFAULT false,
    UNIQUE (journey_id, fact, stage, spell, referral_id)
);
COMMENT ON TABLE stood_before IS 'How a referral and its deadlines stood before a fact of a journey changed it; taken when the fact is corrected.';
COMMENT ON COLUMN stood_before.stage IS '0: the fact is of the whole journey; spell 0: of the stage.';
COMMENT ON COLUMN stood_before.status IS 'Null: the fact opened it.';
COMMENT ON COLUMN stood_before.named_journey_id IS 'The journey that the referral named then.';
COMMENT ON COLUMN stood_before.became IS 'How the fact left it, with became_to; what was changed since by somebody else is not undone.';
COMMENT ON COLUMN stood_before.blocked IS 'The fact was corrected, and another open referral for the stage stands where this one would be open again.';
CREATE INDEX stood_before_referral ON stood_before (referral_id);

-- Facts from before: what they did is known from the history, which hand-over limit ran then is not. In the order in which they did it.
INSERT INTO stood_before (referral_id, person_id, journey_id, fact, stage, spell, status, from_organisation_id, to_organisation_id,
    named_journey_id, region, due_on, imported, has_started, answer_due_at, became, became_to)
SELECT c.referral_id, r.person_id, r.journey_id, c.fact, c.stage, c.spell, c.status, r.from_organisation_id, c.to_organisation_id,
    r.journey_id, r.region, r.due_on, r.imported, c.has_started,
    CASE WHEN c.status = 'requested' AND r.due_on >= current_date THEN (r.due_on + 1)::timestamp AT TIME ZONE 'UTC' END,
    c.became, r.to_organisation_id
FROM (
    SELECT r.referral_id, CASE WHEN r.origin = 'relapse' THEN 'relapsed' ELSE 'ended' END AS fact, coalesce(s.stage, r.stage) AS stage,
        coalesce(s.spell, l.spell - r.has_started::int, 0) AS spell, NULL::text AS status, NULL::uuid AS to_organisation_id, false AS has_started,
        'requested' AS became, r.opened_at AS at, 3 AS place
    FROM referral r LEFT JOIN LATERAL (
        SELECT stage, spell FROM spell
        WHERE journey_id = r.journey_id AND ((r.origin = 'completion' AND stage < r.stage AND ended = 'completed')
            OR (r.origin = 'organisation' AND stage = r.stage AND ended = 'transferred'))
        ORDER BY stage DESC, spell DESC LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT max(spell) AS spell FROM spell WHERE journey_id = r.journey_id AND stage = r.stage) l ON r.origin = 'relapse'
    WHERE r.asked_as IS NULL AND (s.stage IS NOT NULL OR r.origin = 'relapse')
    UNION ALL
    SELECT r.referral_id, 'started', s.stage, s.spell, f.from_status,
        coalesce(b.to_organisation_id, CASE WHEN f.from_status NOT IN ('draft', 'requested') THEN r.to_organisation_id END), false,
        'in-progress', i.at, 1
    FROM referral r
    JOIN LATERAL (SELECT history_id, at FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.actor = 'system' AND h.to_status = 'in-progress' AND h.change = 'status'
        ORDER BY history_id DESC LIMIT 1) i ON true
    JOIN LATERAL (SELECT history_id, from_status FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.at = i.at AND h.actor = 'system' AND h.change = 'status' AND h.history_id <= i.history_id
        ORDER BY history_id LIMIT 1) f ON true
    LEFT JOIN LATERAL (SELECT history_id, at, change, actor FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.history_id < f.history_id ORDER BY history_id DESC LIMIT 1) n
        ON n.change = 'addressed' AND n.actor = 'system' AND n.at = i.at
    LEFT JOIN LATERAL (SELECT to_organisation_id FROM referral_history h
        WHERE h.referral_id = r.referral_id AND h.history_id < coalesce(n.history_id, f.history_id) ORDER BY history_id DESC LIMIT 1) b ON true
    JOIN LATERAL (SELECT stage, spell FROM spell s WHERE s.journey_id = r.journey_id AND s.stage = r.stage
        AND s.organisation_id = r.to_organisation_id AND s.started_on IS NOT NULL ORDER BY spell DESC LIMIT 1) s ON true
    WHERE r.has_started
    UNION ALL
    SELECT r.referral_id, CASE WHEN r.has_started THEN 'ended' WHEN k.stage IS NOT NULL THEN 'skipped' ELSE 'completed' END,
        CASE WHEN r.has_started OR k.stage IS NOT NULL THEN r.stage ELSE 0 END, CASE WHEN r.has_started THEN s.spell ELSE 0 END,
        h.from_status, r.to_organisation_id, r.has_started, r.status, h.at, 2
    FROM referral r
    JOIN LATERAL (SELECT at, from_status, to_status, actor, reason FROM referral_history h WHERE h.referral_id = r.referral_id
        ORDER BY history_id DESC LIMIT 1) h ON h.actor = 'system' AND h.to_status = r.status
    LEFT JOIN journey j ON j.journey_id = r.journey_id
    LEFT JOIN skipped_stage k ON k.journey_id = r.journey_id AND k.stage = r.stage
    LEFT JOIN LATERAL (SELECT spell FROM spell s WHERE s.journey_id = r.journey_id AND s.stage = r.stage
        AND s.organisation_id = r.to_organisation_id AND s.ended IS NOT NULL ORDER BY spell DESC LIMIT 1) s ON true
    WHERE h.from_status IS NOT NULL AND (
        (r.has_started AND r.status IN ('completed', 'failed') AND s.spell IS NOT NULL)
        OR (NOT r.has_started AND h.reason = 'needs-met-otherwise' AND r.status IN ('cancelled', 'entered-in-error')
            AND (k.stage IS NOT NULL OR j.completed_on IS NOT NULL)))
) AS c JOIN referral r USING (referral_id)
WHERE r.journey_id IS NOT NULL
ORDER BY c.at, c.place, c.referral_id
ON CONFLICT DO NOTHING;

CREATE TABLE category_entry (
    category_entry_id uuid PRIMARY KEY DEFAULT uuidv7(),
    person_id uuid NOT NULL REFERENCES person,
    code text NOT NULL,
    since date NOT NULL,
    until date,
    at timestamptz NOT NULL,
    change text NOT NULL CHECK (change IN ('entered', 'entered-in-error')),
    organisation_id uuid,
    said_by text,
    reason text
);
COMMENT ON TABLE category_entry IS 'Append-only: who entered a category, told its end, or took it back. None of what was entered before it was kept.';
COMMENT ON COLUMN category_entry.said_by IS 'personal';
COMMENT ON COLUMN category_entry.reason IS 'personal';
CREATE INDEX category_entry_person ON category_entry (person_id, category_entry_id);

GRANT SELECT, INSERT ON category_entry TO throughcare_api;
GRANT DELETE ON person_category TO throughcare_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON stood_before TO throughcare_api, throughcare_worker;
GRANT DELETE ON spell, skipped_stage, journey TO throughcare_worker;
