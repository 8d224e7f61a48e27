"""Pathways the ministry makes: of one to twenty stages, each with its own properties, walked to their end over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from services.programme.pathway.domain import Pathway
from shared.events.programme import JourneyCompleted, JourneyOpened, StageCompleted
from tests.builders_programme import Clinic, a_clinic, a_pathway
from tests.harness import ServiceUnderTest, a_caller

MINISTRY = a_caller("ministry")
PRISON = "return-from-prison"


def stages(*codes: str, **last: Any) -> list[dict[str, Any]]:
    """One week each; `last`: what is said of the last one."""
    said: list[dict[str, Any]] = [{"stage": number, "code": code, "planned_weeks": 1} for number, code in enumerate(codes, start=1)]
    said[-1] |= last
    return said


async def publish(service: ServiceUnderTest, said: list[dict[str, Any]], code: str = PRISON, version: int = 1) -> None:
    answer = await service.call("POST", "/pathways", MINISTRY, {"code": code, "stages": said})
    assert answer.status_code == 201, answer.text
    assert (await service.call("POST", f"/pathways/{code}/versions/{version}/publication", MINISTRY)).status_code == 200


async def walk(clinic: Clinic, count: int) -> str:
    """A journey on the pathway of its own with all stages completed; answers the path of its completion."""
    journey_id = await clinic.open(uuid4(), pathway=PRISON)
    for stage in range(1, count + 1):
        assert (await clinic.start(journey_id, stage, f"2025-07-{stage:02}")).status_code == 200
        assert (await clinic.complete(journey_id, stage, f"2025-07-{stage + 1:02}")).status_code == 200
    return f"/journeys/{journey_id}/completion"


async def test_the_stored_version_has_its_properties_and_titles(programme: ServiceUnderTest) -> None:
    """Source: mission rows 002-01, 002-02, 002-24, 002-31, 000-43, 000-59."""
    clinic = await a_clinic(programme)
    (stored,) = (await clinic.get("/pathways/addiction-rehabilitation")).json()["items"]
    assert Pathway.model_validate(stored) == a_pathway()


@pytest.mark.parametrize("count", [1, 3, 20])
async def test_a_pathway_is_published_and_completed(programme: ServiceUnderTest, count: int) -> None:
    """No levels are asked for, since it does not say so. Source: mission row 002-12."""
    clinic = await a_clinic(programme)
    await publish(programme, stages(*(f"step-{number}" for number in range(1, count + 1))))
    completion = await walk(clinic, count)
    assert (await clinic.send("POST", completion, {"completed_on": "2025-08-20"})).json()["status"] == "completed"
    events = await programme.appended()
    assert [e.stage for e in events if isinstance(e, StageCompleted)] == list(range(1, count + 1))
    assert [type(e) for e in events].count(JourneyCompleted) == 1
    (opened,) = [e for e in events if isinstance(e, JourneyOpened)]
    assert [(s.code, s.completes_the_journey) for s in opened.stages] == [(f"step-{n}", n == count) for n in range(1, count + 1)]


async def test_a_pathway_of_none_or_twenty_one_stages_is_refused(programme: ServiceUnderTest) -> None:
    for count in (0, 21):
        said = [{"stage": 1, "code": f"step-{number}", "planned_weeks": 1} for number in range(count)]
        answer = await programme.call("POST", "/pathways", MINISTRY, {"code": PRISON, "stages": said})
        assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "body.stages")


async def test_a_pathway_may_ask_for_all_four_levels(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-31."""
    clinic = await a_clinic(programme)
    await publish(programme, stages("arrival", "home", needs_four_levels=True, adaptation_goals=["own-home"]))
    completion = await walk(clinic, 2)
    unmet = (await clinic.send("POST", completion, {"completed_on": "2025-08-20"})).json()["unmet"]
    levels = ("biological", "psychological", "social", "spiritual")
    assert unmet == [*(f"{level}-closing-score" for level in levels), "adaptation-goal"]


async def test_a_wrong_pathway_is_refused_with_all_its_reasons(programme: ServiceUnderTest) -> None:
    said = stages("arrival", "home", completes_the_journey=False, titles={"en": "Home"})
    answer = await programme.call("POST", "/pathways", MINISTRY, {"code": PRISON, "stages": said})
    assert answer.json()["unmet"] == ["one-stage-completes-the-journey", "titles-in-all-languages"]
    titles = {"uz-Latn": "Uy", "uz-Cyrl": "Уй", "ru": "Дом", "kk": "Үй"}
    answer = await programme.call("POST", "/pathways", MINISTRY, {"code": PRISON, "stages": stages("home", titles=titles)})
    assert "errors" in answer.json()


async def test_a_next_version_may_ask_for_the_natural_environment(programme: ServiceUnderTest) -> None:
    """What the body does not say stays as the mission rows ask. Source: mission rows 002-20, 002-12."""
    clinic = await a_clinic(programme)
    said = [{"stage": rule.stage, "code": rule.code, "planned_weeks": 2} for rule in a_pathway().stages]
    said[0] |= {"natural_environment": True}
    await publish(programme, said, "addiction-rehabilitation", 2)
    (second, _) = (await clinic.get("/pathways/addiction-rehabilitation")).json()["items"]
    assert [rule["needs_four_levels"] for rule in second["stages"]] == [False, False, False, False, True]
    journey_id = await clinic.open()
    assert (await clinic.start(journey_id, 1, "2025-07-01")).json()["unmet"] == ["warning-reason"]
    assert (await clinic.start(journey_id, 1, "2025-07-01", setting="natural-environment")).status_code == 200
