"""What older databases of family kept of relations, concerns and permissions, after the migrations that gave each an end."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from services.family.stay.store import hold
from tests.contract.test_migrated_stages import migrated_later
from tests.harness import Servers

PERSON, HOLDER, SCHOOL = (UUID(int=number) for number in range(1, 4))
KEPT = f"""
INSERT INTO person (person_id, region, life_period) VALUES ('{PERSON}', 'UZ-TK', 'minor');
INSERT INTO person_organisation VALUES ('{PERSON}', '{HOLDER}', 'heard', '2026-01-05'), ('{PERSON}', '{SCHOOL}', 'liaison', '2026-01-05');
INSERT INTO contact (contact_id, person_id, name, relation, kind, majority, language, added_at)
VALUES ('{PERSON}', '{PERSON}', 'x', 'mother', 'family', 'adult', 'ru', '2026-01-05');
INSERT INTO permission (permission_id, contact_id, topics, channels, given_by, given_on, recorded_at)
VALUES ('{PERSON}', '{PERSON}', ARRAY['stage'], ARRAY['inbox'], 'guardian', '2026-01-05', '2026-01-05');
INSERT INTO concern (concern_id, person_id, linked, raised_by, raised_at, severity, signs, worldview)
VALUES ('{PERSON}', '{PERSON}', true, 'x', '2026-01-05', 'mild', ARRAY['apathy'], 'no'),
       ('{HOLDER}', NULL, false, 'x', '2026-01-05', 'mild', ARRAY['apathy'], 'no')
"""

DAY, JOURNEY, OTHER = 739_000, UUID(int=9), UUID(int=10)
HELD = f"""
INSERT INTO person_organisation (person_id, organisation_id, how, source_id, since, related_at, ended_at, ended_by)
VALUES ('{PERSON}', '{PERSON}', 'holder', '{JOURNEY}', '{{}}', '2026-01-05', '2026-01-06', '{{{DAY},2,1}}'),
       ('{PERSON}', '{SCHOOL}', 'holder', '{JOURNEY}', '{{{DAY},2,1}}', '2026-01-05', NULL, NULL),
       ('{PERSON}', '{HOLDER}', 'holder', '{OTHER}', '{{{DAY},1,1}}', '2026-01-05', NULL, NULL);
INSERT INTO stay VALUES ('{JOURNEY}', 2, 1, '{SCHOOL}', true), ('{JOURNEY}', 1, 1, '{SCHOOL}', true)
"""


async def test_stays_get_their_days_from_the_relations_that_they_gave(servers: Servers, tmp_path: Path) -> None:
    """And openings too; who alone held a journey counts as its opener."""
    async with migrated_later(servers, "family", HELD, tmp_path, before="000[1-7]") as connection:
        stays = await connection.fetch(
            "SELECT journey_id, stage, organisation_id, has_ended, started_on - DATE '0001-01-01' + 1 AS day FROM stay ORDER BY 1, 2"
        )
        assert [tuple(row) for row in stays] == [
            (JOURNEY, 0, PERSON, True, 1),
            (JOURNEY, 1, SCHOOL, True, 1),
            (JOURNEY, 2, SCHOOL, True, DAY),
            (OTHER, 0, HOLDER, True, 1),
            (OTHER, 1, HOLDER, False, DAY),
        ]
        relations = await connection.fetch("SELECT organisation_id, relation FROM relation ORDER BY 1")
        assert [tuple(row) for row in relations] == [(HOLDER, "holder"), (SCHOOL, "holder")]
        async with connection.transaction():
            moment = datetime(2026, 3, 2, tzinfo=UTC)
            await hold(connection, [(PERSON, SCHOOL, JOURNEY, moment), (PERSON, HOLDER, OTHER, moment)])
        again = await connection.fetch("SELECT organisation_id, relation FROM relation ORDER BY 1")
        assert again == relations, "made anew of the stays they are the same"


async def test_what_was_kept_lasts_until_it_ends_by_the_new_rules(servers: Servers, tmp_path: Path) -> None:
    async with migrated_later(servers, "family", KEPT, tmp_path) as connection:
        relations = await connection.fetch("SELECT organisation_id, relation FROM relation ORDER BY 2")
        assert [tuple(row) for row in relations] == [(HOLDER, "holder"), (SCHOOL, "liaison")]
        (permission,) = await connection.fetch("SELECT given_by, guardian_id, revoked_at FROM permission")
        assert tuple(permission) == ("guardian", None, None)
        concerns = await connection.fetch("SELECT concern_id, told_at IS NOT NULL AS told, region FROM concern ORDER BY 1")
        assert [tuple(row) for row in concerns] == [(PERSON, True, None), (HOLDER, False, None)]
