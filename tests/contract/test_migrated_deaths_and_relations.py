"""What older databases of referral kept about rights and deaths, after the migration by which rights follow the case."""

from pathlib import Path
from uuid import UUID

from tests.contract.test_migrated_stages import migrated_later
from tests.harness import Servers

PERSON, JOURNEY = UUID(int=1), UUID(int=2)
REGISTRAR, OPENER, STAY, PENDING, DECLINED, ACCEPTOR, SENDER = (UUID(int=n) for n in range(11, 18))
KEPT = f"""
INSERT INTO person (person_id, name, region, life_period, registered_by, registered_at, died_on)
VALUES ('{PERSON}', '0051-0123', 'UZ-TK', 'adult', '{REGISTRAR}', '2026-01-05', '2026-02-01');
INSERT INTO journey (journey_id, person_id, organisation_id, imported) VALUES ('{JOURNEY}', '{PERSON}', '{OPENER}', false);
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, started_on)
VALUES ('{JOURNEY}', 1, 1, '{PERSON}', '{STAY}', '2026-01-05');
INSERT INTO consent (consent_id, person_id, scope, discloser_organisation_id, to_organisation_id, purpose, given_on, given_by, how,
    recorded_at)
VALUES ('{PERSON}', '{PERSON}', 'referral', '{REGISTRAR}', '{ACCEPTOR}', 'treatment', '2026-01-05', 'guardian', 'written', '2026-01-05');
INSERT INTO disclosure (person_id, consent_id, to_organisation_id, what, at)
VALUES ('{PERSON}', '{PERSON}', '{ACCEPTOR}', 'person', '2026-01-05');
INSERT INTO referral (referral_id, person_id, stage, stage_code, status, from_organisation_id, to_organisation_id, origin, source, due_on,
    imported, has_started, place_found, opened_at)
SELECT o::uuid, '{PERSON}', n + 1, 'stage-' || n, s, '{SENDER}', o::uuid, 'organisation', '3', '2026-01-12',
    false, false, true, '2026-01-05'
FROM unnest('{{requested,rejected,accepted,cancelled}}'::text[], '{{{PENDING},{DECLINED},{ACCEPTOR},{SENDER}}}'::text[])
    WITH ORDINALITY AS r (s, o, n);
INSERT INTO referral_history (referral_id, at, change, from_status, to_status, actor, reason)
VALUES ('{SENDER}', '2026-02-01', 'status', 'requested', 'cancelled', 'system', 'died')
"""


async def test_relations_are_counted_anew_and_nothing_else_is_lost(servers: Servers, tmp_path: Path) -> None:
    """Who was only named has none any more. Source: issue of rights, section 1."""
    async with migrated_later(servers, "referral", KEPT, tmp_path, before="000[1234]") as connection:
        rows = await connection.fetch("SELECT DISTINCT organisation_id, relation FROM case_relation WHERE person_id = $1", PERSON)
        assert {(row["organisation_id"], row["relation"]) for row in rows} == {
            (REGISTRAR, "registrar"),
            (OPENER, "former-holder"),
            (STAY, "holder"),
            (STAY, "former-holder"),
            (ACCEPTOR, "acceptor"),
        }
        (consent,) = await connection.fetch("SELECT given_by, guardian_id, revoked_at FROM consent")
        assert tuple(consent) == ("guardian", None, None)
        assert len(await connection.fetch("SELECT FROM disclosure")) == 1


async def test_a_death_from_before_can_be_reversed(servers: Servers, tmp_path: Path) -> None:
    """It counts as confirmed; what it cancelled is known from the history. Source: issue of rights, section 4."""
    async with migrated_later(servers, "referral", KEPT, tmp_path, before="000[1234]") as connection:
        (stopped,) = await connection.fetch("SELECT referral_id, status, answer_due_at::date::text, handover_due_at FROM stopped_by_death")
        assert tuple(stopped) == (SENDER, "requested", "2026-01-13", None)
        (person,) = await connection.fetch("SELECT died_on::text, death_reported_on FROM person")
        assert tuple(person) == ("2026-02-01", None)
