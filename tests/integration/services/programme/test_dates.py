"""Dates that people enter: no date, impossible, or unlikely without a reason. Source: contracts section 3, "Business dates"."""

from typing import Any
from uuid import uuid4

import pytest

from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest

WHERE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "", {"pathway": "addiction-rehabilitation", "person_id": str(uuid4()), "opened_on": "?"}),
    ("POST", "", {"pathway": "addiction-rehabilitation", "person_id": str(uuid4()), "opened_on": "2025-06-02", "decided_on": "?"}),
    ("PUT", "/{}/stages/1/start", {"started_on": "?", "setting": "inpatient", "programme": "detox"}),
    ("PUT", "/{}/stages/1/completion", {"completed_on": "?"}),
    ("PUT", "/{}/stages/1/leaving", {"left_on": "?", "how": "dropped-out"}),
    ("POST", "/{}/relapses", {"stage": 1, "on": "?"}),
    ("PUT", "/{}/withdrawal-scores", {"scores": [{"on": "?", "score": 1}]}),
    ("POST", "/{}/scores", {"scores": [{"level": "social", "moment": "baseline", "on": "?", "score": 3}]}),
    ("POST", "/{}/goals", {"level": "social", "goal": "restored-ties", "set_on": "?"}),
    ("POST", "/{}/adaptation-steps", {"kind": "work-outside", "planned_on": "?"}),
    ("PUT", "/{}/adaptation-steps/" + str(uuid4()) + "/reaching", {"reached_on": "?"}),
    ("POST", "/{}/completion", {"completed_on": "?"}),
]
NO_DATES: list[object] = [
    1748822400,
    1748822400.0,
    "1748822400",
    "2025-06-02T00:00:00",
    "2025-06-02T00:00:00Z",
    "20250602",
    "2025-W23-1",
    "02.06.2025",
    " 2025-06-02",
    "2025-6-2",
    "2025-02-30",
    True,
    ["2025-06-02"],
]


def filled(body: Any, value: object) -> Any:
    if isinstance(body, dict):
        return {name: filled(part, value) for name, part in body.items()}
    if isinstance(body, list):
        return [filled(part, value) for part in body]
    return value if body == "?" else body


@pytest.mark.parametrize(("method", "path", "body"), WHERE)
async def test_a_date_is_an_iso_date_and_nothing_else(programme: ServiceUnderTest, method: str, path: str, body: dict[str, Any]) -> None:
    clinic = await a_clinic(programme)
    where = "/journeys" + path.format(await clinic.open())
    for value in NO_DATES:
        answer = await clinic.send(method, where, filled(body, value))
        assert (answer.status_code, answer.json()["type"][-10:]) == (422, "validation"), (value, answer.text)


async def begun(service: ServiceUnderTest) -> tuple[Clinic, str]:
    clinic = await a_clinic(service)
    return clinic, f"/journeys/{await clinic.open()}"


NEEDS = "reason-for-unlikely-date"


async def test_a_start_before_the_journey_or_of_long_ago_needs_a_reason(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    for on in ("2025-06-01", "1946-03-02"):
        journey_id = await clinic.open()
        refused = await clinic.start(journey_id, 1, on)
        assert (refused.status_code, refused.json()["unmet"]) == (422, [NEEDS])
        assert (await clinic.start(journey_id, 1, on, date_reason="told-by-another-clinic")).status_code == 200
        (spell,) = (await clinic.get(f"/journeys/{journey_id}")).json()["spells"]
        assert spell["own"]["date_reason"] == "told-by-another-clinic"


async def test_imported_records_need_no_reason_for_old_dates(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme, "system")
    journey_id = await clinic.open(opened_on="1970-01-05", imported=True)
    assert (await clinic.start(journey_id, 1, "1969-12-31")).status_code == 200


@pytest.mark.parametrize("field", ["opened_on", "decided_on"])
async def test_a_journey_of_long_ago_needs_a_reason(programme: ServiceUnderTest, field: str) -> None:
    clinic = await a_clinic(programme)
    person_id = await clinic.register()
    assert (await clinic.try_to_open(person_id, **{field: "1946-03-02"})).json()["unmet"] == [NEEDS]
    assert (await clinic.try_to_open(person_id, **{field: "1946-03-02"}, date_reason="archive")).status_code == 201


OLD: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/withdrawal-scores", {"scores": [{"on": "1946-03-02", "score": 1}]}),
    ("POST", "/scores", {"scores": [{"level": "social", "moment": "baseline", "on": "1946-03-02", "score": 3}]}),
    ("POST", "/goals", {"level": "social", "goal": "restored-ties", "set_on": "1946-03-02"}),
]


@pytest.mark.parametrize(("method", "path", "body"), OLD)
async def test_scores_and_goals_of_long_ago_need_a_reason(
    programme: ServiceUnderTest, method: str, path: str, body: dict[str, Any]
) -> None:
    clinic, journey = await begun(programme)
    assert (await clinic.send(method, journey + path, body)).json()["unmet"] == [NEEDS]
    assert (await clinic.send(method, journey + path, body | {"date_reason": "archive"})).status_code < 300


async def test_a_stage_does_not_start_before_the_stage_it_follows(programme: ServiceUnderTest) -> None:
    """A backdated start would leave the person with whoever started before."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-10")
    await centre.accept(journey_id, 2)
    refused = await centre.start(journey_id, 2, "2025-06-09")
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["not-before-what-it-follows"])
    assert (await centre.start(journey_id, 2, "2025-06-10")).status_code == 200


async def test_a_step_back_into_life_does_not_lie_before_the_journey(programme: ServiceUnderTest) -> None:
    clinic, journey = await begun(programme)
    early = await clinic.send("POST", f"{journey}/adaptation-steps", {"kind": "work-outside", "planned_on": "2025-06-01"})
    assert early.json()["unmet"] == ["not-before-what-it-follows"]
    step = (await clinic.send("POST", f"{journey}/adaptation-steps", {"kind": "work-outside", "planned_on": "2025-09-01"})).json()["id"]
    reached = await clinic.send("PUT", f"{journey}/adaptation-steps/{step}/reaching", {"reached_on": "2025-06-01"})
    assert reached.json()["unmet"] == ["not-before-what-it-follows"]


async def test_today_is_the_day_where_the_organisations_are(programme: ServiceUnderTest) -> None:
    """20:00 of the second in UTC is 01:00 of the third in Tashkent."""
    programme.now = programme.now.replace(hour=20)
    clinic, journey = await begun(programme)
    for on, status in (("2026-03-03", 200), ("2026-03-04", 422)):
        assert (await clinic.send("PUT", f"{journey}/withdrawal-scores", {"scores": [{"on": on, "score": 1}]})).status_code == status
