-- A journey may have been entered in error: it is kept with its history, and gives no right. A stay that never was has no weekly record and
-- no relapse; the correction keeps what they said. An older process cannot read a journey entered in error: stop it first.

ALTER TABLE journey DROP CONSTRAINT journey_status_check;
ALTER TABLE journey ADD CONSTRAINT journey_status_check CHECK (status IN ('open', 'completed', 'entered-in-error'));

ALTER TABLE relapse ADD COLUMN wanted_after int;
COMMENT ON COLUMN relapse.wanted_after IS 'The last stay of the wanted stage by then, 0 where there was none; null in rows from before, of which the days tell.';

GRANT DELETE ON party, weekly_record, relapse TO throughcare_api;

-- What is seldom needed when a journey is locked stands in functions, which cost nothing until they are called. They take the row's own
-- values, so that one that was locked after a wait is judged as it is then.

CREATE FUNCTION lost_to_another(person uuid, of_pathway text, this_journey uuid, state jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT NOT held.is_open AND NOT (state ->> 'imported')::boolean AND EXISTS (
            SELECT FROM journey o CROSS JOIN LATERAL jsonb_array_elements(o.state -> 'spells') s
            WHERE o.person_id = person AND o.pathway = of_pathway AND o.journey_id <> this_journey
                AND s ->> 'organisation_id' <> held.organisation_id
                AND (s ->> 'started_on' > held.since OR (s ->> 'started_on' = held.since AND s ->> 'ended_on' IS NULL)))
        FROM holding_of(state) AS held);
END $$;

CREATE FUNCTION holding_of(state jsonb, OUT organisation_id text, OUT since text, OUT is_open boolean) LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(s ->> 'organisation_id', CASE WHEN (state ->> 'by_acceptance')::boolean THEN NULL ELSE state ->> 'opened_by' END),
        coalesce(s ->> 'started_on', state ->> 'opened_on'), EXISTS (
            SELECT FROM jsonb_array_elements(state -> 'spells') x
            WHERE x ->> 'organisation_id' = s ->> 'organisation_id' AND x ->> 'ended_on' IS NULL)
    FROM (SELECT) AS one LEFT JOIN jsonb_array_elements(state -> 'spells') s ON true
    ORDER BY s ->> 'started_on' DESC, (s -> 'stage')::int DESC, (s -> 'number')::int DESC LIMIT 1
$$;
COMMENT ON FUNCTION holding_of IS 'Of the spell started last, before any start of the opener: who has the person by this journey, since when, and whether it stays there.';
COMMENT ON FUNCTION lost_to_another IS 'Nobody stays in the journey, and another organisation started later in another one of the person on the pathway.';

CREATE FUNCTION accepted_for(person uuid, this_journey uuid, asking uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY (
        SELECT p.referral_id || '/' || coalesce(p.stage, 0) FROM party p
        WHERE p.organisation_id = asking AND p.journey_id = this_journey AND p.referral_id <> '00000000-0000-0000-0000-000000000000'
            AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = asking AND NOT confirmed)
            AND NOT EXISTS (
                SELECT FROM journey used CROSS JOIN LATERAL jsonb_array_elements(used.state -> 'spells') s
                WHERE used.person_id = person AND used.journey_id <> this_journey AND s -> 'accepted' ? p.referral_id::text));
END $$;
COMMENT ON FUNCTION accepted_for IS 'The referrals that an organisation accepted for a journey and that give it a right, each with its stage.';
