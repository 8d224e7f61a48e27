"""What older databases of family kept of relations, concerns and permissions, after the migrations that gave each an end."""

from pathlib import Path
from uuid import UUID

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


async def test_what_was_kept_lasts_until_it_ends_by_the_new_rules(servers: Servers, tmp_path: Path) -> None:
    async with migrated_later(servers, "family", KEPT, tmp_path) as connection:
        relations = await connection.fetch("SELECT organisation_id, relation FROM relation ORDER BY 2")
        assert [tuple(row) for row in relations] == [(HOLDER, "holder"), (SCHOOL, "liaison")]
        (permission,) = await connection.fetch("SELECT given_by, guardian_id, revoked_at FROM permission")
        assert tuple(permission) == ("guardian", None, None)
        concerns = await connection.fetch("SELECT concern_id, told_at IS NOT NULL AS told, region FROM concern ORDER BY 1")
        assert [tuple(row) for row in concerns] == [(PERSON, True, None), (HOLDER, False, None)]
