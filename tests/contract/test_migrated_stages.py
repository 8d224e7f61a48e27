"""What older databases kept about stages by number, after the migrations that gave stages codes and properties: it means what it meant."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from shared.database import Connection, connect, migrate
from tests.builders_programme import a_pathway
from tests.contract.routes import service_of
from tests.contract.test_migrations import an_empty_database
from tests.harness import Servers


@asynccontextmanager
async def migrated_later(servers: Servers, service: str, fill: str, folder: Path, *values: Any) -> AsyncIterator[Connection]:
    """A database of the service at migration 0002 in which `fill` was kept, then migrated to now."""
    floor, own = service_of(service).migrations
    for file in sorted(own[1].glob("000[12]_*.sql")):
        shutil.copy(file, folder)
    async with an_empty_database(servers, service) as url:
        await migrate(url, [floor, (own[0], folder)])
        connection = await connect(url)
        await connection.execute(fill, *values)
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
