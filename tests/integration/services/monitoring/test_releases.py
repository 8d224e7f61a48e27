"""Releases: closed months only, frozen, the same question the same answer; nothing small and no pseudonym leaves."""

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.monitoring.figures import FIGURES
from services.monitoring.operation import service as operation
from services.monitoring.release import service as releases
from services.monitoring.settings import Settings
from tests.builders_monitoring import Story, an_organisation
from tests.harness import ServiceUnderTest, a_caller

ANALYST = a_caller("analyst")
CLINIC, SOUTH = uuid4(), uuid4()
PATHS = (
    "/handovers",
    "/referral-funnel",
    "/journeys-funnel",
    "/journeys-funnel/stages",
    "/journeys-funnel/resocialization",
    "/relapses",
    "/interaction",
    "/places-not-found",
    "/cooperation",
)


async def persons(service: ServiceUnderTest, number: int, completed_on: date, started_after: int | None, at: Any = CLINIC) -> list[Story]:
    """Persons who completed stage 1 on a day and, unless None, started stage 2 so many days later."""
    stories = [Story(at) for _ in range(number)]
    for story in stories:
        facts = [story.opened(completed_on), story.started(1, completed_on), story.completed(1, completed_on)]
        later = [story.started(2, completed_on + timedelta(days=started_after))] if started_after is not None else []
        await service.deliver(*facts, *later)
    return stories


async def release(service: ServiceUnderTest, as_of: datetime | None = None) -> bool:
    async with service.worker.transaction() as tx:
        return await releases.make_release(tx, FIGURES, as_of or tx.now)


async def rows(service: ServiceUnderTest, path: str, caller: Any = ANALYST) -> list[dict[str, Any]]:
    answer = await service.call("GET", path, caller)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.fixture
async def released(monitoring: ServiceUnderTest) -> ServiceUnderTest:
    await monitoring.deliver(an_organisation(CLINIC, "UZ-TK"), an_organisation(SOUTH, "UZ-SU"))
    await persons(monitoring, 14, date(2026, 1, 10), 3)
    await persons(monitoring, 12, date(2026, 1, 12), None, SOUTH)
    await persons(monitoring, 11, date(2026, 3, 1), 0)
    assert await release(monitoring)
    return monitoring


async def test_a_release_covers_closed_months_only(released: ServiceUnderTest) -> None:
    found = await rows(released, "/handovers?from_stage=1")
    assert (found[0]["completed"], found[0]["within_days"]["7"], found[0]["lost"], found[0]["denominator"]) == (26, 14, 12, 26)
    assert {row["period"] for row in found} == {None, "2026-01"}
    assert found[0]["as_of"] == released.now.isoformat().replace("+00:00", "Z")


async def test_the_same_question_gets_the_same_answer_whatever_comes_later(released: ServiceUnderTest) -> None:
    as_of = released.now.isoformat().replace("+00:00", "Z")
    before = [await rows(released, f"{path}?as_of={as_of}") for path in PATHS]
    await persons(released, 20, date(2026, 1, 20), 1)
    released.now += timedelta(days=1)
    assert [await rows(released, path) for path in PATHS] == before
    await release(released)
    assert [await rows(released, f"{path}?as_of={as_of}") for path in PATHS] == before
    assert (await rows(released, "/handovers"))[0]["completed"] == 46
    assert len(await rows(released, "/releases")) == 2


async def test_a_release_is_made_once_for_a_moment_and_never_for_the_future(released: ServiceUnderTest) -> None:
    from shared.errors import Refused

    assert not await release(released)
    assert await release(released, datetime(2026, 2, 1, tzinfo=UTC))
    with pytest.raises(Refused):
        await release(released, released.now + timedelta(seconds=1))


async def test_the_release_of_the_day_is_made_by_a_deadline_that_sets_the_next(monitoring: ServiceUnderTest) -> None:
    noon = datetime.combine(datetime.now(UTC).date() + timedelta(days=2), time(12, tzinfo=UTC))
    assert await monitoring.run_deadlines(noon) == 1
    assert await monitoring.run_deadlines(noon) == 0
    assert await monitoring.run_deadlines(noon + timedelta(days=1)) == 1
    assert len(await rows(monitoring, "/releases")) == 2


async def test_the_next_release_names_the_months_that_a_correction_changed(monitoring: ServiceUnderTest) -> None:
    """What was released stays as it was; one corrected stay is enough, and no count is told of it."""
    (story, *_) = await persons(monitoring, 14, date(2026, 1, 10), 3)
    await persons(monitoring, 12, date(2026, 2, 10), None)
    assert await release(monitoring)
    before = await rows(monitoring, "/handovers")
    for _ in range(2):
        monitoring.now += timedelta(days=1)
        await release(monitoring)
        await monitoring.deliver(story.corrected(1, date(2026, 1, 10), "completed", date(2026, 1, 12)))
    monitoring.now += timedelta(days=1)
    await monitoring.deliver(Story(CLINIC).opened(date(2025, 12, 1)), Story(CLINIC).started(1, date(2026, 3, 1)))
    await release(monitoring)
    named = [made["awaiting_revision"] for made in await rows(monitoring, "/releases")]
    assert named == [["2025-12"], ["2026-01"], [], []]
    first = (await rows(monitoring, "/releases"))[-1]["as_of"]
    assert await rows(monitoring, f"/handovers?as_of={first}") == before


async def test_small_cells_are_null_and_said_to_be_withheld(monitoring: ServiceUnderTest) -> None:
    await persons(monitoring, 30, date(2026, 1, 10), 3)
    await persons(monitoring, 15, date(2026, 1, 10), 40)
    await persons(monitoring, 4, date(2026, 1, 10), None)
    await release(monitoring)
    found = await rows(monitoring, "/handovers?from_stage=1")
    assert (found[0]["completed"], found[0]["lost"], found[0]["later"], found[0]["withheld"]) == (49, None, None, True)


async def test_no_pseudonym_leaves(monitoring: ServiceUnderTest) -> None:
    stories = await persons(monitoring, 12, date(2026, 1, 10), 3)
    await release(monitoring)
    for path in PATHS:
        text = (await monitoring.call("GET", path, ANALYST)).text
        assert not [story for story in stories if str(story.person_id) in text or str(story.journey_id) in text]


async def test_the_api_login_reads_no_fact_and_no_roll_up(monitoring: ServiceUnderTest) -> None:
    async with monitoring.api.connection() as connection:
        for table in ("person", "journey", "spell", "referral", "relapse", "concern", "unit_count", "release_digest"):
            assert not await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table)


async def test_nothing_is_shown_below_the_published_grain(released: ServiceUnderTest) -> None:
    answer = await released.call("GET", "/handovers?region=UZ-TK&period=2026-01", ANALYST)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:throughcare:problem:below-published-grain")
    assert [row["region"] for row in await rows(released, "/handovers?from_stage=1&region=UZ-TK")] == ["UZ-TK"]


async def test_a_region_sees_the_country_and_itself(released: ServiceUnderTest) -> None:
    region = a_caller("region", regions=("UZ-SU",))
    assert {row["region"] for row in await rows(released, "/handovers", region)} == {None, "UZ-SU"}
    assert (await released.call("GET", "/handovers", a_caller("clinician", CLINIC))).status_code == 403


async def test_pages_stay_with_their_release(released: ServiceUnderTest) -> None:
    whole = await rows(released, "/handovers")
    first = (await released.call("GET", "/handovers?limit=2", ANALYST)).json()
    await persons(released, 20, date(2026, 1, 20), 1)
    released.now += timedelta(days=1)
    await release(released)
    rest = (await released.call("GET", f"/handovers?limit=200&cursor={first['next']}", ANALYST)).json()
    assert [*first["items"], *rest["items"]] == whole
    assert rest["next"] is None


async def test_what_was_never_released_is_not_found(monitoring: ServiceUnderTest) -> None:
    assert (await monitoring.call("GET", "/handovers", ANALYST)).status_code == 404
    await release(monitoring)
    assert await rows(monitoring, "/handovers") == []
    assert (await monitoring.call("GET", "/handovers?as_of=2025-01-01T00:00:00Z", ANALYST)).status_code == 404
    assert (await monitoring.call("GET", "/handovers?cursor=nonsense", ANALYST)).status_code == 422


async def test_every_figure_names_a_definition(released: ServiceUnderTest) -> None:
    known = {entry["code"] for entry in (await released.call("GET", "/definitions", ANALYST)).json()}
    for path in PATHS:
        assert path == "/relapses" or {row["definition"] for row in await rows(released, path)} <= known


async def test_an_operator_reads_exact_figures_releases_and_verifies(
    released: ServiceUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(worker_database_url=released.urls["worker"])
    assert await asyncio.to_thread(operation.figures, FIGURES, settings, ["--json"]) == 0
    hand_over = json.loads(capsys.readouterr().out)["handovers"][0]
    assert (hand_over["completed"], hand_over["withheld"]) == (37, False)
    assert await asyncio.to_thread(operation.figures, FIGURES, settings, []) == 0
    assert "handovers (exact)" in capsys.readouterr().out
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--verify"]) == 0
    assert await asyncio.to_thread(operation.release, FIGURES, settings, ["--as-of", "2026-02-10"]) == 0
    assert await asyncio.to_thread(operation.release, FIGURES, settings, ["--as-of", "2199-01-01"]) == 1
    assert len(await rows(released, "/releases")) == 2


async def test_verify_finds_a_count_that_the_facts_do_not_make(released: ServiceUnderTest) -> None:
    await released.fetch("UPDATE unit_count SET units = units + 1 WHERE figure = 'handover'")
    settings = Settings(worker_database_url=released.urls["worker"])
    assert await asyncio.to_thread(operation.rebuild, FIGURES, settings, ["--verify"]) == 1
