"""Facts that monitoring kept before they could be corrected go on counting, and so do those of a worker of the version before."""

from datetime import date
from pathlib import Path
from uuid import UUID

from services.monitoring.fact import store
from services.monitoring.fact.domain import Stay
from shared.database import Connection
from tests.contract.test_migrated_stages import migrated_later
from tests.harness import Servers

PERSON, JOURNEY, CLINIC = UUID(int=1), UUID(int=2), UUID(int=3)
BEFORE = f"""
INSERT INTO journey (journey_id, person_id, organisation_id, opened_on, pathway, version)
VALUES ('{JOURNEY}', '{PERSON}', '{CLINIC}', '2026-01-05', 'addiction-rehabilitation', 1);
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, started_on, completed_on, code)
VALUES ('{JOURNEY}', 1, 1, '{PERSON}', '{CLINIC}', '2026-01-05', '2026-01-09', 'detoxification');
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, completed_on, code)
VALUES ('{JOURNEY}', 2, 1, '{PERSON}', '{CLINIC}', '2026-01-20', 'treatment');
INSERT INTO skip (journey_id, stage, person_id, how) VALUES ('{JOURNEY}', 3, '{PERSON}', 'not-needed')
"""
WHOSE = f"'{JOURNEY}', 2, 1, '{PERSON}', '{CLINIC}'"
OLD_START = f"""
INSERT INTO spell AS s (journey_id, stage, spell, person_id, organisation_id, started_on, pathway, code) VALUES ({WHOSE}, '2026-01-10',
    'addiction-rehabilitation', 'treatment')
ON CONFLICT (journey_id, stage, spell) DO UPDATE SET started_on = LEAST(s.started_on, EXCLUDED.started_on)
"""
OLD_SKIP = f"""
INSERT INTO skip AS s (journey_id, stage, person_id, how) VALUES ('{JOURNEY}', 4, '{PERSON}', 'done-elsewhere')
ON CONFLICT (journey_id, stage) DO UPDATE SET how = LEAST(s.how, EXCLUDED.how)
"""


async def standing(connection: Connection) -> tuple[list[tuple[int, date | None, date | None]], list[int], int]:
    """Stays, skipped stages, and how many journeys."""
    stays = await connection.fetch("SELECT stage, started_on, completed_on FROM standing_spell ORDER BY stage")
    skips = await connection.fetch("SELECT stage FROM standing_skip ORDER BY stage")
    return (
        [tuple(row) for row in stays],
        [row["stage"] for row in skips],
        await connection.fetchval("SELECT count(*) FROM standing_journey"),
    )


async def test_what_was_kept_before_counts_until_it_is_corrected(servers: Servers, tmp_path: Path) -> None:
    ninth, tenth, twentieth = date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 20)
    async with migrated_later(servers, "monitoring", BEFORE, tmp_path, before="000[1-5]") as connection:
        assert await standing(connection) == ([(1, date(2026, 1, 5), ninth), (2, None, twentieth)], [3], 1)
        await connection.execute(OLD_START)
        await connection.execute(OLD_SKIP)
        await store.save_stays(connection, [Stay(JOURNEY, 1, 1, PERSON, CLINIC, 9, ninth, 9, tenth)])
        assert await standing(connection) == ([(1, ninth, tenth), (2, tenth, twentieth)], [3, 4], 1)
        await store.save_stays(connection, [Stay(JOURNEY, 1, 1, PERSON, CLINIC, 10, None, 10)])
        await store.save_skips(connection, [(JOURNEY, 3, PERSON, None, 11)])
        assert await standing(connection) == ([(2, tenth, twentieth)], [4], 1)
        await store.save_journey_corrections(connection, [(JOURNEY, PERSON, CLINIC, None, False, 12)])
        assert await standing(connection) == ([], [], 0)
