"""Who had a part in a journey before migration 0004 of programme: openers and stays keep it, who was merely named loses it."""

from pathlib import Path
from uuid import UUID

from tests.builders_programme import CENTRE, CLINIC, NGO, a_journey
from tests.contract.test_migrated_stages import migrated_later
from tests.harness import Servers

REFERRAL = UUID(int=5)
FILL = f"""
INSERT INTO journey (journey_id, person_id, pathway, version, status, state)
SELECT id::uuid, id::uuid, 'addiction-rehabilitation', 1, 'open', state
FROM (SELECT $1::jsonb ->> 'journey_id' AS id, $1::jsonb AS state) AS kept;
INSERT INTO party (organisation_id, journey_id, referral_id)
SELECT o::uuid, ($1::jsonb ->> 'journey_id')::uuid, r::uuid FROM (VALUES
    ('{NGO}', '{UUID(int=0)}'), ('{CLINIC}', '{UUID(int=0)}'), ('{CENTRE}', '{UUID(int=0)}'), ('{CENTRE}', '{REFERRAL}')
) AS named (o, r)
"""


async def test_who_was_merely_named_has_no_part_any_more(servers: Servers, tmp_path: Path) -> None:
    """The opener is the NGO, the stay is the clinic's; the centre was named and also accepted a referral, which stands."""
    body = a_journey("completed").model_dump_json()
    async with migrated_later(servers, "programme", FILL, tmp_path, body) as connection:
        rows = await connection.fetch("SELECT organisation_id, referral_id, stage FROM party ORDER BY organisation_id")
    assert {tuple(row) for row in rows} == {(NGO, UUID(int=0), None), (CLINIC, UUID(int=0), None), (CENTRE, REFERRAL, None)}
