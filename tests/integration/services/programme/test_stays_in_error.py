"""What was recorded goes with a stay or a journey that never was: over HTTP on a real database. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID

from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest
from tests.integration.services.programme.test_levels import a_consent
from tests.integration.services.programme.test_recorded_in_error import SOCIAL, correct, functioning, goal, history

STEP = {"kind": "work-outside", "planned_on": "2025-07-14"}


async def record(clinic: Clinic, journey_id: UUID, day: str) -> dict[str, str]:
    """One of each, on a day."""
    at = f"/journeys/{journey_id}"
    scored = await clinic.send("POST", f"{at}/scores", {"scores": [{**SOCIAL, "on": day, "score": 5}]})
    withdrawal = await clinic.send("PUT", f"{at}/withdrawal-scores", {"scores": [{"on": day, "score": 2}]})
    assert (scored.status_code, withdrawal.status_code) == (200, 200)
    step = (await clinic.send("POST", f"{at}/adaptation-steps", STEP)).json()["id"]
    return {"goal": await goal(clinic, journey_id, "own text", set_on=day), "step": step}


async def facts(clinic: Clinic, journey_id: UUID) -> tuple[int, int, int]:
    """Scores, goals, steps."""
    levels = await functioning(clinic, journey_id)
    steps = (await clinic.get(f"/journeys/{journey_id}/adaptation-steps")).json()["items"]
    return len(levels["scores"]), len(levels["goals"]), len(steps)


async def last_withdrawal(programme: ServiceUnderTest, clinic: Clinic, journey_id: UUID) -> Any:
    person_id = UUID((await clinic.get(f"/journeys/{journey_id}")).json()["person_id"])
    await programme.deliver(a_consent(person_id, clinic.organisation_id))
    return (await clinic.get(f"/journeys/{journey_id}/summary")).json()["latest_withdrawal"]


async def test_all_that_was_recorded_goes_with_a_start_on_the_wrong_person(programme: ServiceUnderTest) -> None:
    """Before the scores of somebody else stayed, and satisfied the completion."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    own = await record(clinic, journey_id, "2025-07-10")
    await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-07-12")
    await record(centre, journey_id, "2025-07-13")
    closed = await centre.send("PUT", f"/journeys/{journey_id}/goals/{own['goal']}/closing", {"result": "reached"})
    reached = await centre.send("PUT", f"/journeys/{journey_id}/adaptation-steps/{own['step']}/reaching", {"reached_on": "2025-07-14"})
    assert (closed.status_code, reached.status_code) == (200, 200)
    assert (await correct(centre, journey_id, "stages/1/start", spell=1)).status_code == 200
    assert await facts(clinic, journey_id) == (1, 1, 1)
    assert await last_withdrawal(programme, clinic, journey_id) == {"on": "2025-07-10", "score": 2}
    (kept,) = (await functioning(clinic, journey_id))["goals"]
    assert (kept["result"], kept["closed_by"]) == (None, None), "nobody closed it"
    (step,) = (await clinic.get(f"/journeys/{journey_id}/adaptation-steps")).json()["items"]
    assert (step["reached_on"], step["reached_by"]) == (None, None)
    (line,) = await history(centre, journey_id)
    assert [one["on"] for one in (*line["before"]["scores"], *line["before"]["withdrawal_scores"])] == ["2025-07-13"] * 2
    assert [one.get("result") for one in line["before"]["goals"]] == [None, "reached"]
    assert len(line["before"]["adaptation_steps"]) == 2
    coordinator = Clinic(programme, centre.organisation_id, role="coordinator")
    (seen,) = await history(coordinator, journey_id)
    assert seen["before"]["started_on"] == "2025-07-12"
    assert {"scores", "goals", "withdrawal_scores", "adaptation_steps", "weeks"}.isdisjoint(seen["before"])


async def test_what_names_no_stay_stays_with_an_organisation_that_has_another_part(programme: ServiceUnderTest) -> None:
    """Of its facts only a goal says which stage it is of."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await goal(clinic, journey_id, "before the stay", stage=1, set_on="2025-07-01")
    await clinic.start(journey_id, 1, "2025-07-12")
    await record(clinic, journey_id, "2025-07-13")
    await goal(clinic, journey_id, "of the stay", stage=1, set_on="2025-07-13")
    await goal(clinic, journey_id, "of another stage", stage=2, set_on="2025-07-13")
    assert (await correct(clinic, journey_id, "stages/1/start", spell=1)).status_code == 200
    kept = (await functioning(clinic, journey_id))["goals"]
    assert [one["goal"] for one in kept] == ["before the stay", "own text", "of another stage"]
    assert await facts(clinic, journey_id) == (1, 3, 1)
    (line,) = await history(clinic, journey_id)
    assert [one["goal"] for one in line["before"]["goals"]] == ["of the stay"] and "scores" not in line["before"]


async def test_a_journey_of_the_wrong_person_takes_all_that_was_recorded_in_it(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    own = await record(clinic, journey_id, "2025-07-10")
    assert (await clinic.send("POST", f"/journeys/{journey_id}/entered-in-error", {"correction_reason": "wrong-person"})).status_code == 200
    assert await functioning(clinic, journey_id) == {"scores": [], "goals": []}
    assert (await correct(clinic, journey_id, f"adaptation-steps/{own['step']}")).json()["unmet"] == ["step-planned"]
    assert (await correct(clinic, journey_id, "withdrawal-scores", on="2025-07-10")).json()["unmet"] == ["score-entered"]
    (line,) = await history(clinic, journey_id)
    assert [len(line["before"][name]) for name in ("scores", "goals", "withdrawal_scores", "adaptation_steps")] == [1, 1, 1, 1]
