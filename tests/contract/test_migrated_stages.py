"""What older databases kept about stages by number, after the migrations that gave stages codes and properties: it means what it meant."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.database import Connection, Unique, connect, migrate
from shared.events.pathway import FIVE_STAGES
from tests.builders_programme import a_pathway
from tests.contract.routes import service_of
from tests.contract.test_migrations import an_empty_database
from tests.harness import Servers


@asynccontextmanager
async def migrated_later(
    servers: Servers, service: str, fill: str, folder: Path, *values: Any, before: str = "000[12]"
) -> AsyncIterator[Connection]:
    """A database of the service at migration 0002, or after those that `before` means, in which `fill` was kept, then migrated to now."""
    floor, own = service_of(service).migrations
    for file in sorted(own[1].glob(f"{before}_*.sql")):
        shutil.copy(file, folder)
    async with an_empty_database(servers, service) as url:
        await migrate(url, [floor, (own[0], folder)])
        connection = await connect(url)
        for statement in fill.split(";"):
            await connection.execute(statement, *values)
        await migrate(url, service_of(service).migrations)
        yield connection
        await connection.close()


async def test_stored_pathways_keep_what_held_for_their_numbers(servers: Servers, tmp_path: Path) -> None:
    """Source: mission rows 002-02, 002-24, 002-31, 000-43."""
    stages = [{"stage": number, "code": f"step-{number}", "planned_weeks": number} for number in range(1, 6)]
    body = json.dumps({"code": "other", "version": 1, "stages": stages})
    fill = "INSERT INTO pathway (code, version, status, body) VALUES ('other', 1, 'published', $1::jsonb)"
    async with migrated_later(servers, "programme", fill, tmp_path, body) as connection:
        kept = {row["code"]: json.loads(row["body"]) for row in await connection.fetch("SELECT code, body FROM pathway")}
    assert type(a_pathway()).model_validate(kept["addiction-rehabilitation"]) == a_pathway()
    other = type(a_pathway()).model_validate(kept["other"])
    properties = ("completes_the_journey", "asks_for_support", "halfway", "needs_four_levels", "natural_environment", "adaptation_goals")
    for rule, first in zip(other.stages, a_pathway().stages, strict=True):
        assert [getattr(rule, name) for name in properties] == [getattr(first, name) for name in properties]
        assert (rule.planned_weeks, rule.titles) == (rule.stage, {})


ORGANISATION, JOURNEY = UUID(int=1), UUID(int=2)
NETWORK = """
INSERT INTO organisation (organisation_id, name, level, kind, region, changed_at) VALUES ($1, 'x', 'meso', 'ngo', 'UZ-TK', '2026-01-05');
INSERT INTO offered_service (organisation_id, stage, programme, setting, status)
SELECT $1, stage, 'naltrexone', 'inpatient', 'active' FROM generate_series(1, 5) AS stage;
INSERT INTO journey (journey_id, person_id, imported) VALUES ($1, $1, false);
INSERT INTO referral (person_id, stage, status, origin, source, imported, has_started, place_found, opened_at)
SELECT $1, stage, 'requested', 'self', '6', false, false, true, '2026-01-05' FROM generate_series(1, 5) AS stage
"""
AGAIN = """
INSERT INTO referral
    (person_id, pathway, stage, stage_code, journey_id, status, origin, source, imported, has_started, place_found, opened_at)
VALUES ($1, $2, 2, $3, $4, 'requested', 'self', '6', false, false, true, '2026-01-05')
"""


async def test_what_referral_kept_is_of_addiction_rehabilitation(servers: Servers, tmp_path: Path) -> None:
    """One open referral a journey and stage; none without a journey twice. Source: mission row 002-01, contracts section 3."""
    five = list(enumerate((stage.code for stage in FIVE_STAGES), start=1))
    async with migrated_later(servers, "referral", NETWORK, tmp_path, ORGANISATION) as connection:
        for table in ("offered_service", "referral", "qualified"):
            rows = await connection.fetch(
                f"SELECT stage, stage_code FROM {table} WHERE pathway = 'addiction-rehabilitation' ORDER BY stage"
            )
            assert [tuple(row) for row in rows] == five, table
        (journey,) = await connection.fetch("SELECT pathway, stages FROM journey")
        assert tuple(journey) == ("addiction-rehabilitation", [code for _, code in five])
        with pytest.raises(Unique):
            await connection.execute(AGAIN, ORGANISATION, "addiction-rehabilitation", "treatment", None)
        for place in (("addiction-rehabilitation", "treatment", JOURNEY), ("other", "treatment", None)):
            await connection.execute(AGAIN, ORGANISATION, *place)


CONFIRMED = """
SELECT confirmed_level, confirmed_kind, confirmed_region, array_agg(c.stage_code ORDER BY c.stage) AS stages
FROM organisation JOIN confirmed_stage c USING (organisation_id) WHERE is_confirmed GROUP BY organisation_id
"""
HALF_OF_THE_NETWORK = """
INSERT INTO organisation (organisation_id, name, level, kind, region, changed_at) VALUES ($1, 'x', 'meso', 'ngo', 'UZ-TK', '2026-01-05');
INSERT INTO offered_service (organisation_id, stage, programme, setting, status)
SELECT $1, stage, 'naltrexone', 'inpatient', 'inactive' FROM generate_series(1, 2) AS stage;
INSERT INTO referral (person_id, stage, status, to_organisation_id, origin, source, imported, has_started, place_found, opened_at)
SELECT $1, stage, status, $1, 'self', '6', false, false, true, '2026-01-05'
FROM (VALUES (2, 'requested'), (3, 'requested'), (4, 'rejected')) AS sent (stage, status);
INSERT INTO enquiry (kind, text, asked_by, to_organisation_id, asked_at, due_on)
VALUES ('question', '?', 'x', $1, '2026-01-05', '2026-01-05')
"""


async def test_what_the_registry_had_is_confirmed(servers: Servers, tmp_path: Path) -> None:
    """As entered, for what it offered then, and for what waits for it. Source: mission row 002-10."""
    async with migrated_later(servers, "referral", HALF_OF_THE_NETWORK, tmp_path, ORGANISATION) as connection:
        (row,) = await connection.fetch(CONFIRMED)
        assert tuple(row) == ("meso", "ngo", "UZ-TK", ["detoxification", "treatment", "medical-rehabilitation"])
        assert await connection.fetchval("SELECT region FROM enquiry") == "UZ"
        await connection.execute(NETWORK.split(";", 1)[0], JOURNEY)
        assert await connection.fetchval("SELECT is_confirmed FROM organisation WHERE organisation_id = $1", JOURNEY) is False
