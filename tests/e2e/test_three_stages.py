"""A pathway of three stages, published by the ministry and walked to its end through all four services.

Source: mission rows 002-01, 002-12. No product file knows this pathway: its stages, which of them completes the journey and which asks
for support are data.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.e2e.system import System
from tests.e2e.test_one_completion import a_contact, a_person, confirmed, referrals_in
from tests.eventually import eventually_sync

TODAY = datetime.now(UTC).date()
STAGES = (
    {"stage": 1, "code": "preparation", "planned_weeks": 4},
    {"stage": 2, "code": "half-way-house", "planned_weeks": 12, "halfway": True},
    {"stage": 3, "code": "resocialization", "planned_weeks": 26, "completes_the_journey": True, "asks_for_support": True},
)


@pytest.fixture(scope="module")
def pathway(system: System) -> str:
    """Drafted and published by the ministry."""
    code, ministry = f"return-{uuid4().hex[:8]}", system.token("ministry")
    system.do("POST", "programme", "/pathways", ministry, {"code": code, "stages": list(STAGES)})
    system.do("POST", "programme", f"/pathways/{code}/versions/1/publication", ministry)
    return code


def offering(system: System, stage: int, pathway: str) -> UUID:
    org = uuid4()
    offered = {"stage": stage, "pathway": pathway, "programme": f"step-{stage}", "setting": "outpatient", "places_free": 3}
    body = {
        "name": f"house-{stage}",
        "level": "meso",
        "kind": "ngo",
        "region": "UZ-TK",
        "services": [{**offered, "places_as_of": str(TODAY)}],
    }
    system.do("PUT", "referral", f"/organisations/{org}", system.token("registrar", org), body)
    confirmed(system, org, "ngo", [{"pathway": pathway, "stage": stage}])
    return org


def day(ago: int) -> str:
    return str(TODAY - timedelta(days=ago))


def until_known(system: System, token: str, method: str, service: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A command whose service may not have heard of everything yet: 409 asks to come again."""

    def answer() -> Any:
        response = system.call(method, service, path, token, body)
        assert response.status_code in (200, 201, 409, 404), response.text
        return response if response.is_success else None

    found: dict[str, Any] = eventually_sync(answer).json()
    return found


def test_three_stages_are_walked_through_all_four_services(system: System, pathway: str) -> None:
    first, second, third = (offering(system, stage, pathway) for stage in (1, 2, 3))
    person_id = a_person(system, first)
    opened = {"person_id": person_id, "pathway": pathway, "opened_on": day(90)}
    journey = until_known(system, system.token("clinician", first), "POST", "programme", "/journeys", opened)["id"]
    told = a_contact(system, first, person_id, ["stage", "referral"])

    for stage, (org, following) in enumerate(((first, second), (second, third), (third, None)), 1):
        clinician, path = system.token("clinician", org), f"/journeys/{journey}/stages/{stage}"
        started = {"started_on": day(90 - 20 * stage), "setting": "outpatient", "programme": f"step-{stage}"}
        until_known(system, clinician, "PUT", "programme", f"{path}/start", started)
        ended = {"completed_on": day(80 - 20 * stage), **({"next_organisation_id": str(following)} if following else {})}
        system.do("PUT", "programme", f"{path}/completion", clinician, ended)
        if following:
            referral = eventually_sync(lambda at=following: referrals_in(system, at))[0]  # type: ignore[misc]
            assert (referral["pathway"], referral["stage"], referral["stage_code"]) == (pathway, stage + 1, STAGES[stage]["code"])
            accepted = {"to": "accepted"}
            system.do("POST", "referral", f"/referrals/{referral['id']}/status", system.token("coordinator", following), accepted)
    done = system.do("POST", "programme", f"/journeys/{journey}/completion", system.token("clinician", third), {"completed_on": day(10)})
    assert done["status"] == "completed"

    texts = eventually_sync(lambda: inbox_with(system, told, "Все шаги завершены"))
    assert any(text == "Шаг 2 из 3 завершён." for text in texts)
    assert any("поддержка особенно важна" in text for text in texts)
    assert not any("из 5" in text for text in texts)
    found = eventually_sync(lambda: figures_of(system, pathway))
    assert [(row["from_stage"], row["to_stage"], row["completed"], row["started_after"]) for row in found["handovers"]] == [
        (1, 2, 1, 1),
        (2, 3, 1, 1),
    ]
    assert [(row["journeys"], row["completed"]) for row in found["journeys"]] == [(1, 1)]
    assert [(row["after_stage"], row["completed_5"]) for row in found["resocialization"]] == [(1, 1), (2, 1)]


def inbox_with(system: System, contact: str, text: str) -> list[str]:
    answer = system.call("GET", "family", "/messages", system.token("contact", sub=contact)).raise_for_status().json()
    texts = [str(message["text"]) for message in answer["items"]]
    return texts if any(text in found for found in texts) else []


def figures_of(system: System, pathway: str) -> dict[str, Any]:
    """The exact rows of this pathway alone, once its journey is complete."""
    found = {name: [row for row in rows if row["pathway"] == pathway] for name, rows in system.figures().items()}
    return found if any(row["completed"] for row in found["journeys"]) else {}


@pytest.mark.parametrize("number", [1, 4, 6, 20])
def test_a_pathway_has_any_number_of_stages_up_to_twenty(system: System, number: int) -> None:
    ministry, code = system.token("ministry"), f"steps-{uuid4().hex[:8]}"
    stages = [{"stage": place, "code": f"step-{place}", "planned_weeks": 4} for place in range(1, number + 1)]
    system.do("POST", "programme", "/pathways", ministry, {"code": code, "stages": stages})
    system.do("POST", "programme", f"/pathways/{code}/versions/1/publication", ministry)
    more = [*stages, *({"stage": place, "code": f"step-{place}", "planned_weeks": 4} for place in range(number + 1, 22))]
    assert system.call("POST", "programme", "/pathways", ministry, {"code": code, "stages": more}).status_code == 422
