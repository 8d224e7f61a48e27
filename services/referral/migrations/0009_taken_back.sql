-- A change of status that a command made by mistake is taken back by who made it: how the referral stood before is kept with the change.
-- An older process reads and writes on; what it changes is not kept, and cannot be taken back.

CREATE TABLE status_before (
    referral_id uuid NOT NULL REFERENCES referral,
    became text NOT NULL CHECK (became IN ('accepted', 'in-progress', 'cancelled', 'failed', 'completed')),
    status text NOT NULL,
    to_organisation_id uuid,
    has_started boolean NOT NULL,
    made_by uuid,
    answer_due_at timestamptz,
    handover_due_at timestamptz,
    held_by uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (referral_id, became)
);
COMMENT ON TABLE status_before IS 'How a referral and its deadlines stood before a command led it to a status; taken when that is taken back.';
COMMENT ON COLUMN status_before.made_by IS 'The organisation that made the change; null: the person itself.';
COMMENT ON COLUMN status_before.held_by IS 'Who had the person on the pathway then; not kept of an acceptance and of a start.';

-- Changes from before are known from the history; who had the person then, and which hand-over limit ran, is not.
INSERT INTO status_before (referral_id, became, status, to_organisation_id, has_started, made_by, answer_due_at, held_by)
SELECT r.referral_id, r.status, h.from_status, b.to_organisation_id, r.has_started,
    CASE WHEN r.origin = 'self' AND h.actor = 'requester' THEN NULL ELSE h.organisation_id END,
    CASE WHEN h.from_status = 'requested' AND r.due_on >= current_date THEN (r.due_on + 1)::timestamp AT TIME ZONE 'UTC' END,
    ARRAY(SELECT DISTINCT o.organisation_id FROM holder o JOIN journey j USING (journey_id)
        WHERE o.person_id = r.person_id AND j.pathway = r.pathway AND o.organisation_id IN (r.from_organisation_id, r.to_organisation_id, h.organisation_id))
FROM referral r
JOIN LATERAL (SELECT history_id, change, from_status, to_status, actor, organisation_id FROM referral_history
    WHERE referral_id = r.referral_id ORDER BY history_id DESC LIMIT 1) h ON h.change = 'status' AND h.to_status = r.status AND h.actor <> 'system'
JOIN LATERAL (SELECT to_organisation_id FROM referral_history
    WHERE referral_id = r.referral_id AND history_id < h.history_id ORDER BY history_id DESC LIMIT 1) b ON true
WHERE r.status IN ('accepted', 'cancelled', 'failed', 'completed') AND h.from_status IN ('requested', 'accepted', 'in-progress', 'on-hold')
    AND NOT (r.status = 'accepted' AND h.from_status <> 'requested');

GRANT SELECT, INSERT, UPDATE, DELETE ON status_before TO throughcare_api;

-- A motivating act that was entered in error is kept with the reason, and counts nowhere.
ALTER TABLE motivation
    ADD COLUMN error_reason text,
    ADD COLUMN error_at timestamptz,
    ADD COLUMN error_by_organisation_id uuid;
GRANT UPDATE (error_reason, error_at, error_by_organisation_id) ON motivation TO throughcare_api;

ALTER TABLE instruction ADD COLUMN in_error boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN instruction.in_error IS 'Issued by mistake: shown to nobody.';
