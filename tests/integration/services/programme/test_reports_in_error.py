"""A clinician's report that was the mistake, on a real database: what it did is the next one's. What weeks show: `test_relapses.py`."""

from typing import Any
from uuid import UUID

from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest


async def a_stay(clinic: Clinic) -> UUID:
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    return journey_id


async def reported(clinic: Clinic, journey_id: UUID, on: str) -> str:
    answer = await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": on})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def refute(clinic: Clinic, journey_id: UUID, relapse_id: str) -> None:
    answer = await clinic.send("POST", f"/journeys/{journey_id}/relapses/{relapse_id}/refutation", {"reason": "mistyped"})
    assert answer.status_code == 200, answer.text


async def first_stage(clinic: Clinic, journey_id: UUID) -> str:
    return str((await clinic.get(f"/journeys/{journey_id}")).json()["stages"][0]["status"])


async def listed(clinic: Clinic, journey_id: UUID) -> dict[str, Any]:
    """What each report that stands reopened, by its id."""
    items = (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    return {one["relapse_id"]: one["reopens"] for one in items if not one["withdrawn"]}


async def test_the_next_use_of_a_stay_does_what_one_that_was_none_had_done(programme: ServiceUnderTest) -> None:
    """Whatever their days: what counts is which was entered first. Source: issue of corrections, section 1."""
    clinic = await a_clinic(programme)
    journey_id = await a_stay(clinic)
    first, second, third = [await reported(clinic, journey_id, on) for on in ("2025-06-25", "2025-06-28", "2025-06-22")]
    assert await listed(clinic, journey_id) == {first: 1, second: None, third: None}
    await refute(clinic, journey_id, first)
    assert await listed(clinic, journey_id) == {second: 1, third: None}
    assert await first_stage(clinic, journey_id) == "reopened"
    events = [event for event in await programme.appended() if isinstance(event, RelapseWithdrawn | RelapseRecorded | RelapseAssessed)]
    assert {str(event.relapse_id) for event in events if isinstance(event, RelapseAssessed) and not event.withdrawn} == {first, second}
    assert [event.reopens for event in events if isinstance(event, RelapseRecorded)] == [1, None]
    assert [event.takes_back for event in events if isinstance(event, RelapseWithdrawn)] == [None]
    for relapse_id in (second, third):
        await refute(clinic, journey_id, relapse_id)
    assert (await listed(clinic, journey_id), await first_stage(clinic, journey_id)) == ({}, "completed")


async def test_a_use_of_a_stay_that_never_was_stays_gone(programme: ServiceUnderTest) -> None:
    """Also once another stay has its number."""
    clinic = await a_clinic(programme)
    journey_id = await a_stay(clinic)
    await reported(clinic, journey_id, "2025-06-25")
    said = {"correction_reason": "mistyped", "spell": 1}
    assert (await clinic.send("POST", f"/journeys/{journey_id}/stages/1/start/entered-in-error", said)).status_code == 200
    assert await first_stage(clinic, journey_id) == "planned"
    await clinic.start(journey_id, 1, "2025-06-04")
    assert await listed(clinic, journey_id) == {}
    assert await programme.fetch("SELECT FROM relapse") == []


async def test_a_use_of_another_day_or_stage_is_amended_with_its_history(programme: ServiceUnderTest) -> None:
    """A second time is none. Who has no part in the case finds no such report. Source: issue of corrections, section 1."""
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    journey_id = await a_stay(clinic)
    await clinic.start(journey_id, 2, "2025-06-21")
    relapse_id = await reported(clinic, journey_id, "2025-06-25")
    path = f"/journeys/{journey_id}/relapses/{relapse_id}/amendment"
    said = {"stage": 1, "on": "2025-06-24", "correction_reason": "mistyped"}
    assert (await other.send("POST", path, said)).status_code == 404
    for _ in range(2):
        answer = await clinic.send("POST", path, said)
        assert (answer.status_code, answer.json()) == (200, {"id": relapse_id, "status": "reopened"}), answer.text
    (line,) = (await clinic.get(f"/journeys/{journey_id}")).json()["corrections"]
    assert (line["what"], line["how"], line["reason"], line["before"]["known_on"]) == ("relapse", "amended", "mistyped", "2025-06-25")
    assert len([event for event in await programme.appended() if isinstance(event, RelapseAssessed)]) == 2
    moved = await clinic.send("POST", path, said | {"stage": 2})
    assert (moved.status_code, moved.json()["status"]) == (200, "marked"), moved.text
    assert await listed(clinic, journey_id) == {moved.json()["id"]: None}
    assert await first_stage(clinic, journey_id) == "completed"
    assert (await clinic.send("POST", path, said)).status_code == 422, "it is none by now"


async def test_an_acceptance_that_a_start_used_keeps_no_reopening(programme: ServiceUnderTest) -> None:
    """Whether or not it was heard by then that its referral has ended."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200
    await centre.complete(journey_id, 2, "2025-07-10")
    for status in ("reopened", "completed"):
        if status == "reopened":
            told = await centre.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 2, "on": "2025-07-20"})
        else:
            path = f"/journeys/{journey_id}/relapses/{told.json()['id']}/refutation"
            assert (await centre.send("POST", path, {"reason": "mistyped"})).status_code == 200
        stages = (await centre.get(f"/journeys/{journey_id}")).json()["stages"]
        assert stages[1]["status"] == status
