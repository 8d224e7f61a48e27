"""What was recorded in a journey and was entered in error, or was another thing: over HTTP on a real database.

Source: issue of corrections, section 1.
"""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.events.referral import PersonDied, PersonErased
from tests.builders_programme import Clinic, a_clinic
from tests.harness import NOW, ServiceUnderTest
from tests.integration.services.programme.test_levels import LEVELS, a_consent, closing_scores, through_all_stages

MISTYPED = {"correction_reason": "mistyped"}
SOCIAL = {"level": "social", "moment": "closing", "on": "2025-07-10"}


async def correct(clinic: Clinic, journey_id: UUID, what: str, action: str = "entered-in-error", **said: Any) -> httpx2.Response:
    return await clinic.send("POST", f"/journeys/{journey_id}/{what}/{action}", {**MISTYPED, **said})


async def functioning(clinic: Clinic, journey_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await clinic.get(f"/journeys/{journey_id}/functioning")).json()
    return found


async def history(clinic: Clinic, journey_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await clinic.get(f"/journeys/{journey_id}")).json()["corrections"]
    return found


async def goal(clinic: Clinic, journey_id: UUID, text: str = "restored-ties", **said: Any) -> str:
    body = {"level": "social", "goal": text, "set_on": "2025-07-05", **said}
    return str((await clinic.send("POST", f"/journeys/{journey_id}/goals", body)).json()["id"])


async def complete(clinic: Clinic, journey_id: UUID) -> httpx2.Response:
    return await clinic.send("POST", f"/journeys/{journey_id}/completion", {"completed_on": "2025-07-20"})


async def all_but_completed(clinic: Clinic) -> tuple[UUID, str]:
    """A journey with all that its completion needs, and its goal."""
    journey_id = await through_all_stages(clinic, uuid4())
    refusal = {"scores": [{"level": "spiritual", "moment": "closing", "refused_on": "2025-07-11"}]}
    for body in (closing_scores(*LEVELS[:3]), refusal):
        assert (await clinic.send("POST", f"/journeys/{journey_id}/scores", body)).status_code == 200
    set_goal = await goal(clinic, journey_id)
    closed = await clinic.send("PUT", f"/journeys/{journey_id}/goals/{set_goal}/closing", {"result": "reached"})
    assert closed.status_code == 200
    return journey_id, set_goal


async def test_a_closing_score_of_another_person_completes_nothing(programme: ServiceUnderTest) -> None:
    """Before it could never be taken back, and satisfied the completion."""
    clinic = await a_clinic(programme)
    journey_id, _ = await all_but_completed(clinic)
    assert (await correct(clinic, journey_id, "scores", **SOCIAL)).json()["status"] == "entered-in-error"
    refused = await correct(clinic, journey_id, "scores", level="spiritual", moment="closing", on="2025-07-11")
    assert refused.status_code == 200, "a refusal of the person's too"
    assert [one["level"] for one in (await functioning(clinic, journey_id))["scores"]] == ["biological", "psychological"]
    assert (await complete(clinic, journey_id)).json()["unmet"] == ["social-closing-score", "spiritual-closing-score"]
    line, other = await history(clinic, journey_id)
    said = {"what": "score", "how": "entered-in-error", "reason": "mistyped", "organisation_id": str(clinic.organisation_id)}
    assert line | said == line and line["before"] == {**SOCIAL, "score": 7, "by": "staff"}
    assert other["before"] == {"level": "spiritual", "moment": "closing", "on": "2025-07-11", "by": "person"}
    assert (await correct(clinic, journey_id, "scores", **SOCIAL)).json()["unmet"] == ["score-entered"]
    again = {"scores": [{**SOCIAL, "score": 3}]}
    assert (await clinic.send("POST", f"/journeys/{journey_id}/scores", again)).status_code == 200, "and the right one is entered"


async def test_a_completion_that_stands_on_a_score_is_corrected_first(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id, _ = await all_but_completed(clinic)
    assert (await complete(clinic, journey_id)).status_code == 200
    assert (await correct(clinic, journey_id, "scores", **SOCIAL)).json()["unmet"] == ["journey-completion-corrected"]
    assert (await correct(clinic, journey_id, "completion", completed_on="2025-07-20")).status_code == 200
    assert (await correct(clinic, journey_id, "scores", **SOCIAL)).status_code == 200
    assert (await complete(clinic, journey_id)).json()["unmet"] == ["social-closing-score"]


async def test_a_withdrawal_day_that_was_none_has_no_score(programme: ServiceUnderTest) -> None:
    clinic, person_id = await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    await programme.deliver(a_consent(person_id, clinic.organisation_id))
    days = {"scores": [{"on": f"2025-07-0{day}", "score": day % 4} for day in (1, 2)]}
    await clinic.send("PUT", f"/journeys/{journey_id}/withdrawal-scores", days)
    path = f"/journeys/{journey_id}/withdrawal-scores/entered-in-error"
    body = {**MISTYPED, "on": "2025-07-02"}
    first, again = [await clinic.send("POST", path, body, key="not-that-day") for _ in range(2)]
    assert (first.status_code, first.json()) == (200, again.json())
    shown = (await clinic.get(f"/journeys/{journey_id}/summary")).json()
    assert (shown["latest_withdrawal"], shown["withdrawal_trend"]) == ({"on": "2025-07-01", "score": 1}, None)
    (line,) = await history(clinic, journey_id)
    assert (line["what"], line["before"]) == ("withdrawal-score", {"on": "2025-07-02", "score": 2})
    assert (await clinic.send("POST", path, body)).json()["unmet"] == ["score-entered"]


async def test_who_entered_it_or_the_holder_corrects_a_score(programme: ServiceUnderTest) -> None:
    """Who did not enter it learns not even whether it is there; nor does who accepted the person read of it."""
    clinic, centre, next_one = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    scores, days = f"/journeys/{journey_id}/scores", f"/journeys/{journey_id}/withdrawal-scores"
    await clinic.send("POST", scores, {"scores": [{**SOCIAL, "score": 3}, {**SOCIAL, "on": "2025-07-11", "score": 4}]})
    await clinic.send("PUT", days, {"scores": [{"on": "2025-07-10", "score": 2}]})
    await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-07-12")
    await centre.send("POST", scores, {"scores": [{**SOCIAL, "on": "2025-07-13", "score": 5}]})
    await centre.send("PUT", days, {"scores": [{"on": "2025-07-13", "score": 2}]})
    await next_one.accept(journey_id, 2)
    for what, place in (("scores", SOCIAL), ("withdrawal-scores", {})):
        for clinic_asking, day in ((clinic, "2025-07-13"), (clinic, "2025-07-14"), (next_one, "2025-07-13"), (next_one, "2025-07-14")):
            refused = await correct(clinic_asking, journey_id, what, **{**place, "on": day})
            assert (refused.status_code, refused.json()["unmet"]) == (422, ["own-or-holder"]), refused.text
            assert refused.json()["type"].endswith("relation-not-sufficient")
        assert (await correct(clinic, journey_id, what, **{**place, "on": "2025-07-10"})).status_code == 200, "it entered it"
    assert (await correct(centre, journey_id, "scores", **{**SOCIAL, "on": "2025-07-11"})).status_code == 200, "it is the holder"
    own, of_holder = await history(clinic, journey_id), await history(centre, journey_id)
    assert [(line["before"] or {}).get("score") for line in own] == [3, 2, 4]
    assert [line["organisation_id"] for line in own] == [str(clinic.organisation_id)] * 2 + [None]
    assert [line["before"] for line in of_holder] == [None] * 3, "what another organisation had entered is its own"
    assert await history(next_one, journey_id) == []
    coordinator = Clinic(programme, clinic.organisation_id, role="coordinator")
    assert [line["before"] for line in await history(coordinator, journey_id)] == [None] * 3, "scores are for clinicians"


async def test_what_a_correction_keeps_goes_with_an_erasure(programme: ServiceUnderTest) -> None:
    """A goal may be a text of the clinic's own."""
    clinic, person_id = await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    await clinic.send("POST", f"/journeys/{journey_id}/scores", {"scores": [{**SOCIAL, "score": 3}]})
    await correct(clinic, journey_id, "scores", **SOCIAL)
    await programme.deliver(PersonErased(person_id=person_id, on=NOW.date()))
    (row,) = await programme.fetch("SELECT erased, state -> 'corrections' AS kept FROM journey")
    assert (row["erased"], row["kept"]) == (True, "[]")


async def test_a_goal_that_was_none_completes_nothing(programme: ServiceUnderTest) -> None:
    """Before it could not be taken back, nor could its closing; a wrong one satisfied the completion."""
    clinic = await a_clinic(programme)
    journey_id, goal_id = await all_but_completed(clinic)
    answer = await correct(clinic, journey_id, f"goals/{goal_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error"), answer.text
    assert (await functioning(clinic, journey_id))["goals"] == []
    assert (await complete(clinic, journey_id)).json()["unmet"] == ["adaptation-goal"]
    closing, was = await history(clinic, journey_id)
    assert (closing["what"], closing["before"]) == ("goal-closing", {"goal_id": goal_id, "result": "reached"})
    assert was["before"] == {"goal_id": goal_id, "level": "social", "goal": "restored-ties", "set_on": "2025-07-05"}
    assert (await correct(clinic, journey_id, f"goals/{goal_id}")).json()["unmet"] == ["goal-entered"]
    close = await clinic.send("PUT", f"/journeys/{journey_id}/goals/{goal_id}/closing", {"result": "reached"})
    assert close.json()["unmet"] == ["goal-open"]


async def test_a_closing_that_was_none_opens_the_goal(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id, goal_id = await all_but_completed(clinic)
    closing = f"goals/{goal_id}/closing"
    assert (await correct(clinic, journey_id, closing, "amendment", result="partly")).json()["unmet"] == ["reason"]
    amended = await correct(clinic, journey_id, closing, "amendment", result="partly", reason="moved")
    assert (amended.status_code, amended.json()["status"]) == (200, "partly")
    (kept,) = (await functioning(clinic, journey_id))["goals"]
    assert (kept["result"], kept["reason"], kept["closed_by"]) == ("partly", "moved", str(clinic.organisation_id))
    assert (await correct(clinic, journey_id, closing)).json()["status"] == "open"
    assert (await complete(clinic, journey_id)).json()["unmet"] == ["social-goals-closed"]
    for action, said in (("entered-in-error", {}), ("amendment", {"result": "reached"})):
        assert (await correct(clinic, journey_id, closing, action, **said)).json()["unmet"] == ["goal-closed"]
    assert [(line["how"], line["before"]["result"]) for line in await history(clinic, journey_id)] == [
        ("amended", "reached"),
        ("entered-in-error", "partly"),
    ]
    again = await clinic.send("PUT", f"/journeys/{journey_id}/{closing}", {"result": "reached"})
    assert again.status_code == 200 and (await complete(clinic, journey_id)).status_code == 200
    assert (await correct(clinic, journey_id, closing)).json()["unmet"] == ["journey-completion-corrected"]
    assert (await correct(clinic, journey_id, f"goals/{goal_id}")).json()["unmet"] == ["journey-completion-corrected"]


async def test_a_goal_is_amended(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id, goal_id = await all_but_completed(clinic)
    now = {"level": "biological", "goal": "sleeps through the night", "set_on": "2025-07-04", "stage": 2}
    assert (await correct(clinic, journey_id, f"goals/{goal_id}", "amendment", **now)).status_code == 200
    (kept,) = (await functioning(clinic, journey_id))["goals"]
    assert kept | now == kept and (kept["result"], kept["entered_by"]) == ("reached", str(clinic.organisation_id))
    assert (await complete(clinic, journey_id)).json()["unmet"] == ["adaptation-goal"]
    (line,) = await history(clinic, journey_id)
    assert (line["what"], line["how"], line["before"]["goal"]) == ("goal", "amended", "restored-ties")
    late = await correct(clinic, journey_id, f"goals/{goal_id}", "amendment", **{**now, "set_on": "2031-01-01"})
    assert late.json()["unmet"] == ["date-not-in-future"]
    old = await correct(clinic, journey_id, f"goals/{goal_id}", "amendment", **{**now, "set_on": "1931-01-01"})
    assert old.json()["unmet"] == ["reason-for-unlikely-date"]


async def test_who_lost_the_person_corrects_its_goal_and_is_told_nothing_later(programme: ServiceUnderTest) -> None:
    clinic, centre, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    goals = [await goal(clinic, journey_id, "own text") for _ in range(2)]
    await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-07-12")
    for goal_id in goals:
        await centre.send("PUT", f"/journeys/{journey_id}/goals/{goal_id}/closing", {"result": "reached"})
    await programme.deliver(PersonDied(person_id=person_id, on=date(2025, 7, 1)))
    now = {"level": "social", "goal": "restored-ties"}
    later = await correct(clinic, journey_id, f"goals/{goals[0]}", "amendment", **now, set_on="2025-07-06")
    assert later.json()["unmet"] == ["holder-unchanged"]
    earlier = await correct(clinic, journey_id, f"goals/{goals[0]}", "amendment", **now, set_on="2025-07-04")
    assert earlier.status_code == 200, "a day after the death is not told apart"
    for goal_id in (goals[0], str(uuid4())):
        for how, said in (("entered-in-error", {}), ("amendment", {"result": "partly", "reason": "moved"})):
            refused = await correct(clinic, journey_id, f"goals/{goal_id}/closing", how, **said)
            assert refused.json()["unmet"] == ["own-or-holder"], "another organisation closed it, or nobody"
    assert (await correct(clinic, journey_id, f"goals/{goals[1]}")).status_code == 200
    assert [(line["what"], line["before"].get("result")) for line in await history(clinic, journey_id)] == [("goal", None)] * 2
    assert [line["what"] for line in await history(centre, journey_id)] == ["goal", "goal-closing", "goal"]


async def test_a_step_and_its_reaching_are_put_right(programme: ServiceUnderTest) -> None:
    """Before neither could be taken back or amended; a reaching was once only."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    steps = f"/journeys/{journey_id}/adaptation-steps"
    made = await clinic.send("POST", steps, {"kind": "work-outside", "planned_on": "2025-07-05"})
    step = f"adaptation-steps/{made.json()['id']}"

    async def listed() -> list[tuple[Any, ...]]:
        return [(one["kind"], one["planned_on"], one["reached_on"]) for one in (await clinic.get(steps)).json()["items"]]

    for how, said in (("entered-in-error", {}), ("amendment", {"reached_on": "2025-07-05"})):
        assert (await correct(clinic, journey_id, f"{step}/reaching", how, **said)).json()["unmet"] == ["step-reached"]
    await clinic.send("PUT", f"/journeys/{journey_id}/{step}/reaching", {"reached_on": "2025-07-09"})
    now = {"kind": "partial-residence", "planned_on": "2025-07-04"}
    assert (await correct(clinic, journey_id, step, "amendment", **now)).json()["status"] == "reached"
    assert (await correct(clinic, journey_id, f"{step}/reaching", "amendment", reached_on="2025-07-08")).status_code == 200
    assert await listed() == [("partial-residence", "2025-07-04", "2025-07-08")]
    assert (await correct(clinic, journey_id, f"{step}/reaching")).json()["status"] == "planned"
    assert await listed() == [("partial-residence", "2025-07-04", None)]
    again = await clinic.send("PUT", f"/journeys/{journey_id}/{step}/reaching", {"reached_on": "2025-07-10"})
    assert again.status_code == 200, "it can be reached when it is"
    assert (await correct(clinic, journey_id, step)).json()["status"] == "entered-in-error"
    assert await listed() == []
    assert (await correct(clinic, journey_id, step)).json()["unmet"] == ["step-planned"]
    told = [(line["what"], line["how"]) for line in await history(clinic, journey_id)]
    amended, none = [(what, "amended") for what in ("adaptation-step", "reaching")], "entered-in-error"
    assert told == [*amended, ("reaching", none), ("reaching", none), ("adaptation-step", none)]
    days = [line["before"].get("reached_on", line["before"].get("planned_on")) for line in await history(clinic, journey_id)]
    assert days == ["2025-07-05", "2025-07-09", "2025-07-08", "2025-07-10", "2025-07-04"]


async def test_a_step_of_another_organisation_is_not_corrected(programme: ServiceUnderTest) -> None:
    """Who planned it, and who entered that it was reached, each for its own."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    steps = f"/journeys/{journey_id}/adaptation-steps"
    made = await clinic.send("POST", steps, {"kind": "work-outside", "planned_on": "2025-07-05"})
    await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-07-06")
    await centre.send("PUT", f"{steps}/{made.json()['id']}/reaching", {"reached_on": "2025-07-09"})
    step, absent = f"adaptation-steps/{made.json()['id']}", f"adaptation-steps/{uuid4()}"
    for what, how, said in (
        (f"{step}/reaching", "entered-in-error", {}),
        (f"{step}/reaching", "amendment", {"reached_on": "2025-07-08"}),
        (absent, "entered-in-error", {}),
        (absent, "amendment", {"kind": "work-outside", "planned_on": "2025-07-04"}),
    ):
        assert (await correct(clinic, journey_id, what, how, **said)).json()["unmet"] == ["own-or-holder"], what
    later = await correct(clinic, journey_id, step, "amendment", kind="work-outside", planned_on="2025-07-06")
    assert later.json()["unmet"] == ["holder-unchanged"]
    assert (await correct(clinic, journey_id, step)).status_code == 200
    assert [line["what"] for line in await history(clinic, journey_id)] == ["adaptation-step"]
    assert [line["what"] for line in await history(centre, journey_id)] == ["reaching", "adaptation-step"]
