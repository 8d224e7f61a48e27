-- Each relation has a reason and where it came from, so that it can end with it. Older versions go on writing `heard`.

ALTER TABLE person_organisation
    ADD COLUMN source_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN since bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN journey_id uuid,
    ADD COLUMN stage smallint,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN ended_by bigint[],
    ADD COLUMN made_by text,
    ADD COLUMN made_by_organisation_id uuid,
    DROP CONSTRAINT person_organisation_how_check,
    ADD CONSTRAINT person_organisation_how_check CHECK (how IN ('heard', 'registered', 'holder', 'accepted', 'liaison'));

UPDATE person_organisation SET source_id = uuidv7() WHERE how = 'liaison';

ALTER TABLE person_organisation
    DROP CONSTRAINT person_organisation_pkey,
    ADD PRIMARY KEY (person_id, organisation_id, how, source_id);

COMMENT ON TABLE person_organisation IS 'What each organisation has to do with a person, why, and until when. One whose ended_at is null lasts; see relation.';
COMMENT ON COLUMN person_organisation.how IS 'heard: the reason is not known, written by versions before this migration.';
COMMENT ON COLUMN person_organisation.source_id IS 'What gave it: the person registered, the journey held, the referral accepted; of a liaison the assignment.';
COMMENT ON COLUMN person_organisation.since IS 'Compared within a source. holder: day, stage, spell of its last start, empty for the opener; accepted: its seq.';
COMMENT ON COLUMN person_organisation.journey_id IS 'With stage: what an accepted referral is for; null where it names no journey.';
COMMENT ON COLUMN person_organisation.ended_by IS 'holder: the since of the present one; accepted: the seq of what ended it.';
COMMENT ON COLUMN person_organisation.made_by IS 'Of a liaison: the sub of who assigned it; null for one from before.';

CREATE UNIQUE INDEX person_organisation_liaison ON person_organisation (person_id, organisation_id) WHERE how = 'liaison' AND ended_at IS NULL;
CREATE INDEX person_organisation_source ON person_organisation (source_id) WHERE how IN ('holder', 'accepted');

-- What ends an acceptance, kept so that facts may come in any order.
CREATE TABLE referral_end (
    referral_id uuid NOT NULL,
    spared_organisation_id uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (referral_id, spared_organisation_id)
);
COMMENT ON TABLE referral_end IS 'The last fact that ended what a referral gave to all but one organisation; the zero id spares none.';

CREATE TABLE referral_start (referral_id uuid PRIMARY KEY, seq bigint NOT NULL);
COMMENT ON TABLE referral_start IS 'Referrals that were taken up. The acceptance lasts on until its stay has been and another holds the journey.';

-- The one place that says which organisation has which relation now; what it allows is services/family/person/domain.py.
-- Who assigned itself as liaison has no relation by it. While a person is dead assignments rest.
CREATE VIEW relation AS
SELECT r.person_id, r.organisation_id,
       CASE r.how WHEN 'registered' THEN 'registrar' WHEN 'accepted' THEN 'acceptor' WHEN 'liaison' THEN 'liaison' ELSE 'holder' END AS relation
FROM person_organisation r
WHERE r.ended_at IS NULL
  AND (r.how <> 'liaison' OR (
      r.made_by_organisation_id IS DISTINCT FROM r.organisation_id
      AND NOT EXISTS (SELECT FROM person d WHERE d.person_id = r.person_id AND d.died_on IS NOT NULL)))
  AND (r.how <> 'accepted' OR NOT (
      EXISTS (SELECT FROM referral_start s WHERE s.referral_id = r.source_id AND s.seq > r.since[1])
      AND EXISTS (
          SELECT FROM person_organisation h
          WHERE h.how = 'holder' AND h.source_id = r.journey_id AND h.organisation_id = r.organisation_id
            AND h.ended_at IS NOT NULL AND h.since[2] = r.stage)))
UNION ALL
SELECT r.person_id, r.organisation_id, 'keeper' FROM person_organisation r
WHERE r.how = 'registered' AND r.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM person_organisation h
    WHERE h.person_id = r.person_id AND h.how = 'holder' AND h.ended_at IS NULL AND h.organisation_id <> r.organisation_id);

GRANT SELECT ON relation TO throughcare_api, throughcare_worker;
GRANT UPDATE (ended_at, related_at, made_by, made_by_organisation_id) ON person_organisation TO throughcare_api;
GRANT SELECT, INSERT, UPDATE ON referral_end, referral_start TO throughcare_worker;
