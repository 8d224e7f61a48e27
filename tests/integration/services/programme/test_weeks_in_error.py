"""Weekly results that were entered in error are not recorded: over HTTP on a real database. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID

import httpx2

from shared.events.programme import RelapseAssessed, RelapseWithdrawn
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest
from tests.integration.services.programme.test_relapses import decide, findings, in_stage_two, observe, status, told

POSITIVE = {1: "negative", 2: "positive", 3: "positive", 4: "positive", 5: "positive"}


async def correct(clinic: Clinic, journey_id: UUID, *weeks: int, **said: Any) -> httpx2.Response:
    body = {"stage": 2, "weeks": weeks, "correction_reason": "wrong-person", **said}
    return await clinic.send("POST", f"/journeys/{journey_id}/observations/entered-in-error", body)


async def test_a_week_of_another_person_is_not_recorded(programme: ServiceUnderTest) -> None:
    """Before it could only be called missing, which counts as positive."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, on="2026-02-02", ended_on="2026-03-01")
    await observe(clinic, journey_id, {1: "negative", 2: "positive", 3: "positive", 4: "positive"})
    met = (await findings(clinic, journey_id))["consecutive-3"]
    await decide(clinic, journey_id, met["relapse_id"], "confirmation")
    assert await status(clinic, journey_id) == "reopened"
    answer = await correct(clinic, journey_id, 3, 4)
    assert (answer.status_code, answer.json()["status"]) == (200, "left"), answer.text
    assert {one["withdrawn"] for one in (await findings(clinic, journey_id)).values()} == {True}
    assert [event.takes_back for event in await told(programme, RelapseWithdrawn)] == [2]
    journey = (await clinic.get(f"/journeys/{journey_id}")).json()
    (line,) = journey["corrections"]
    assert (line["what"], line["stage"], line["spell"], line["reason"]) == ("observations", 2, 1, "wrong-person")
    assert line["before"] == {"results": {"3": "positive", "4": "positive"}}
    for weeks in ((3,), (2, 9)):
        assert (await correct(clinic, journey_id, *weeks)).json()["unmet"] == ["week-recorded"]
    again = await observe(clinic, journey_id, {3: "positive", 4: "positive"})
    assert again.status_code == 200 and not (await findings(clinic, journey_id))["consecutive-3"]["withdrawn"]


async def test_a_record_without_any_result_is_none(programme: ServiceUnderTest) -> None:
    """No week of it closes by itself any more, and nothing is missing."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, on="2026-02-09")
    await observe(clinic, journey_id, {1: "negative", 2: "negative"})
    assert len(await programme.fetch("SELECT FROM deadline WHERE kind = 'week-over'")) == 1
    assert (await correct(clinic, journey_id, 2)).status_code == 200
    (kept,) = await programme.fetch("SELECT state -> 'results' AS results FROM weekly_record")
    assert kept["results"] == '{"1": "negative"}'
    assert (await correct(clinic, journey_id, 1)).status_code == 200
    assert await programme.fetch("SELECT FROM weekly_record") == []
    assert await programme.fetch("SELECT FROM deadline WHERE kind = 'week-over'") == []
    assert (await correct(clinic, journey_id, 1)).json()["unmet"] == ["week-recorded"]


async def test_an_imported_record_that_was_not_closed_is_open(programme: ServiceUnderTest) -> None:
    """What only its closing made missing is taken back; its reopening stays, as after a late result."""
    system = await a_clinic(programme, role="system")
    journey_id = await in_stage_two(system, ended_on="2025-02-10", on="2025-01-06", imported=True)
    assert (await correct(system, journey_id, closes_record=True)).json()["unmet"] == ["record-closed"]
    await observe(system, journey_id, {1: "negative"}, closes=True)
    assert {one["withdrawn"] for one in (await findings(system, journey_id)).values()} == {False}
    assert (await correct(system, journey_id, closes_record=True)).status_code == 200
    assert {one["withdrawn"] for one in (await findings(system, journey_id)).values()} == {True}
    assert all(event.withdrawn for event in (await told(programme, RelapseAssessed))[-3:])
    (line,) = (await system.get(f"/journeys/{journey_id}")).json()["corrections"]
    assert line["before"] == {"results": {}, "closed": True}
    await observe(system, journey_id, {}, closes=True)
    assert not (await findings(system, journey_id))["consecutive-4"]["withdrawn"], "and it is closed when it is"


async def test_whose_stay_it_is_or_the_holder_takes_weeks_back(programme: ServiceUnderTest) -> None:
    clinic, centre, stranger = [await a_clinic(programme) for _ in range(3)]
    journey_id = await in_stage_two(clinic)
    await observe(clinic, journey_id, POSITIVE)
    await clinic.complete(journey_id, 2, "2026-02-10")
    await centre.accept(journey_id, 3)
    await stranger.accept(journey_id, 4)
    await centre.start(journey_id, 3, "2026-02-12")
    for week in (5, 9):
        assert (await correct(stranger, journey_id, week)).json()["unmet"] == ["own-or-holder"], week
    assert (await correct(clinic, journey_id, 5)).status_code == 200, "its own stay"
    assert (await correct(centre, journey_id, 4)).status_code == 200, "it has the person"
    for stage in (3, 4):
        assert (await correct(clinic, journey_id, 1, stage=stage)).json()["unmet"] == ["own-or-holder"], "no stay of its own"
    empty = await correct(clinic, journey_id)
    assert empty.status_code == 422 and "validation" in empty.text
