"""A fact of a journey that was entered in error, or was another one: over HTTP on a real database.

Source: issue of corrections, section 1.
"""

from typing import Any
from uuid import UUID

import httpx2

from shared.events import Event
from shared.events.programme import (
    CompletionCorrected,
    JourneyCorrected,
    RelapseRecorded,
    RelapseWithdrawn,
    SkipWithdrawn,
    StageSkipped,
    StayCorrected,
)
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest

MISTYPED = {"correction_reason": "mistyped"}
A_STAY = {**MISTYPED, "spell": 1}
A_VISIT = {"setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1"}


async def correct(clinic: Clinic, journey_id: UUID, what: str, action: str = "entered-in-error", **said: Any) -> httpx2.Response:
    return await clinic.send("POST", f"/journeys/{journey_id}/{what}/{action}".replace("//", "/"), {**MISTYPED, **said})


async def seen(clinic: Clinic, journey_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await clinic.get(f"/journeys/{journey_id}")).json()
    return found


async def statuses(clinic: Clinic, journey_id: UUID) -> list[str]:
    return [stage["status"] for stage in (await seen(clinic, journey_id))["stages"][:3]]


async def told(programme: ServiceUnderTest, kind: type[Event]) -> list[Any]:
    return [event for event in await programme.appended() if isinstance(event, kind)]


async def test_a_completion_entered_in_error_never_was(programme: ServiceUnderTest) -> None:
    """Before it could only be "reopened": the next clinic kept its referral, the family the news, the ministry one completed."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20", outcome="goals-reached")
    answer = await correct(clinic, journey_id, "stages/1/end", spell=1)
    assert (answer.status_code, answer.json()["status"]) == (200, "started"), answer.text
    (event,) = await told(programme, StayCorrected)
    assert (event.stage, event.spell, str(event.started_on)) == (1, 1, "2025-06-03")
    assert (event.how, event.ended_on, event.next_organisation_id) == (None, None, None)
    journey = await seen(clinic, journey_id)
    assert (journey["spells"][0]["ended_on"], journey["spells"][0]["own"]["outcome"]) == (None, None)
    (line,) = journey["corrections"]
    assert (line["what"], line["how"], line["stage"], line["spell"], line["reason"]) == ("end", "entered-in-error", 1, 1, "mistyped")
    assert (line["before"]["ended_on"], line["before"]["how"], line["before"]["outcome"]) == ("2025-06-20", "completed", "goals-reached")
    assert (await correct(clinic, journey_id, "stages/1/end", spell=1)).json()["unmet"] == ["stage-ended"]
    assert (await clinic.complete(journey_id, 1, "2025-06-25")).status_code == 200, "and it can be completed when it is"


async def test_a_correction_sent_twice_with_its_key_is_made_once(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    path = f"/journeys/{journey_id}/stages/1/end/entered-in-error"
    first, again = [await clinic.send("POST", path, A_STAY, key="correct-once") for _ in range(2)]
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(await told(programme, StayCorrected)) == 1


async def test_what_reopened_a_stage_after_a_mistaken_completion_only_marks_its_stay(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": "2025-06-25"})
    assert (await statuses(clinic, journey_id))[0] == "reopened"
    assert (await correct(clinic, journey_id, "stages/1/end", spell=1)).json()["status"] == "started"
    (relapse,) = (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    assert (relapse["withdrawn"], relapse["reopens"], relapse["status"]) == (False, None, "confirmed")
    assert len(await told(programme, RelapseRecorded)) == 1 and await told(programme, RelapseWithdrawn) == []


async def test_an_end_on_a_wrong_day_or_of_another_kind_is_amended(programme: ServiceUnderTest) -> None:
    """November for January could never be corrected."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-11-20")
    amended = await correct(clinic, journey_id, "stages/1/end", "amendment", ended_on="2025-07-20", how="completed")
    assert (amended.status_code, amended.json()["status"]) == (200, "completed"), amended.text
    to = {"ended_on": "2025-07-20", "how": "transferred", "next_organisation_id": str(centre.organisation_id)}
    assert (await correct(clinic, journey_id, "stages/1/end", "amendment", **to)).json()["status"] == "left"
    days, handed = await told(programme, StayCorrected)
    assert (str(days.ended_on), days.how) == ("2025-07-20", "completed")
    assert (handed.how, handed.next_organisation_id) == ("transferred", centre.organisation_id)
    assert (await seen(clinic, journey_id))["spells"][0]["own"]["actual_class"] == "short_term"
    only_inside = {"ended_on": "2025-07-20", "how": "transferred", "reason": "moved", "next_organisation_id": str(centre.organisation_id)}
    assert (await correct(clinic, journey_id, "stages/1/end", "amendment", **only_inside)).status_code == 200
    assert len(await told(programme, StayCorrected)) == 2, "why somebody was handed over is told to nobody"
    late = await correct(clinic, journey_id, "stages/1/end", "amendment", ended_on="2031-01-01", how="died")
    assert late.json()["unmet"] == ["date-not-in-future", "death-by-its-own-command"]


async def test_a_start_on_the_wrong_person_never_was(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    await centre.accept(journey_id, 2)
    await centre.start(journey_id, 2, "2025-06-25")
    await centre.send("PUT", f"/journeys/{journey_id}/observations", {"stage": 2, "results": [{"week": 1, "result": "positive"}]})
    await centre.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 2, "on": "2025-06-28"})
    answer = await correct(centre, journey_id, "stages/2/start", spell=1)
    assert (answer.status_code, answer.json()["status"]) == (200, "planned"), answer.text
    (event,) = await told(programme, StayCorrected)
    assert (event.stage, event.started_on, event.organisation_id) == (2, None, centre.organisation_id)
    assert len(await told(programme, RelapseWithdrawn)) == 1
    assert (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"] == []
    assert await programme.fetch("SELECT FROM weekly_record") == []
    assert await programme.fetch("SELECT kind FROM deadline WHERE kind = 'week-over'") == []
    journey = await seen(clinic, journey_id)
    assert journey["holder_organisation_id"] == str(clinic.organisation_id), "who had the person before has it again"
    assert [spell["stage"] for spell in journey["spells"]] == [1]
    assert journey["corrections"][0]["before"] is None, "what another organisation had entered is its own"
    (line,) = (await seen(centre, journey_id))["corrections"]
    assert (line["before"]["weeks"][0]["results"], line["before"]["relapses"][0]["known_on"]) == ({"1": "positive"}, "2025-06-28")
    again = await centre.start(journey_id, 2, "2025-06-26")
    assert again.status_code == 200, "its acceptance is unused again"


async def test_a_stay_that_never_was_leaves_no_right(programme: ServiceUnderTest) -> None:
    clinic, stranger = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    taken = await stranger.accept(journey_id, 2)
    await stranger.start(journey_id, 2, "2025-06-25")
    assert (await correct(clinic, journey_id, "stages/2/start", spell=1)).json()["unmet"] == ["own-stay-or-holder"]
    key = "it-was-another-person"
    path = f"/journeys/{journey_id}/stages/2/start/entered-in-error"
    await programme.deliver(taken.model_copy(update={"answer": "declined"}))
    assert (await stranger.send("POST", path, A_STAY, key=key)).status_code == 200
    assert (await stranger.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await stranger.get("/journeys")).json()["items"] == []
    assert (await stranger.send("POST", path, A_STAY, key=key)).status_code == 200, "the answer that ended the right is given again"


async def test_what_stands_on_a_start_is_corrected_first(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.start(journey_id, 2, "2025-06-10")
    assert (await correct(clinic, journey_id, "stages/1/start", spell=1)).json()["unmet"] == ["later-stages-corrected"]
    assert (await correct(clinic, journey_id, "stages/2/start", spell=1)).status_code == 200
    assert (await correct(clinic, journey_id, "stages/1/start", spell=1)).status_code == 200
    assert await statuses(clinic, journey_id) == ["planned", "planned", "planned"]


async def test_a_start_is_amended_and_its_weeks_move_with_it(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-07-03", planned_until="2025-09-30")
    weeks = [{"week": week, "result": "positive"} for week in range(1, 5)]
    await clinic.send("PUT", f"/journeys/{journey_id}/observations", {"stage": 1, "results": weeks})
    before = (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    said = {**A_VISIT, "started_on": "2025-06-03", "planned_until": "2025-09-30"}
    assert (await correct(clinic, journey_id, "stages/1/start", "amendment", **said)).status_code == 200
    after = {one["relapse_id"]: one for one in (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]}
    known = {one["definition"]: (one["known_on"], after[one["relapse_id"]]["known_on"]) for one in before}
    assert known["consecutive-4"] == ("2025-07-30", "2025-06-30")
    assert (await seen(clinic, journey_id))["spells"][0]["started_on"] == "2025-06-03"
    shorter = {**A_VISIT, "started_on": "2025-06-03", "planned_until": "2025-06-10"}
    assert (await correct(clinic, journey_id, "stages/1/start", "amendment", **shorter)).json()["unmet"] == ["week-within-planned-weeks"]
    (event,) = await told(programme, StayCorrected)
    assert (str(event.started_on), event.ended_on) == ("2025-06-03", None)


async def test_a_skip_and_a_reopening_are_taken_back(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/skip", {"how": "not-needed", "reason": "not-eligible"})
    assert (await correct(clinic, journey_id, "stages/1/skip")).json()["status"] == "planned"
    assert [event.stage for event in await told(programme, SkipWithdrawn)] == [1]
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "returned-to-treatment"})
    assert (await correct(clinic, journey_id, "stages/1/reopening")).json()["status"] == "completed"
    await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": "2025-06-25"})
    assert (await correct(clinic, journey_id, "stages/1/reopening")).json()["unmet"] == ["reopened-by-decision"]


async def test_a_journey_of_the_wrong_person_never_was(programme: ServiceUnderTest) -> None:
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    person_id = await clinic.register()
    journey_id = UUID((await clinic.try_to_open(person_id)).json()["id"])
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": "2025-06-28"})
    answer = await correct(clinic, journey_id, "")
    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error"), answer.text
    (event,) = await told(programme, JourneyCorrected)
    assert (event.journey_id, event.opened_on) == (journey_id, None)
    assert len(await told(programme, RelapseWithdrawn)) == 1
    assert (await clinic.get("/journeys")).json()["items"] == []
    (kept,) = (await clinic.get("/journeys?status=entered-in-error")).json()["items"]
    assert (kept["journey_id"], kept["holder_organisation_id"]) == (str(journey_id), None)
    assert (await seen(clinic, journey_id))["corrections"][0]["before"]["spells"][0]["started_on"] == "2025-06-03"
    assert (await clinic.start(journey_id, 1, "2025-06-03")).status_code == 422
    assert (await correct(clinic, journey_id, "")).json()["unmet"] == ["journey-not-entered-in-error"]
    assert (await clinic.try_to_open(person_id)).status_code == 201, "and the right one can be opened"
    held = UUID((await clinic.try_to_open(person_id)).json()["id"])
    await clinic.start(held, 1, "2025-06-03")
    await other.accept(held, 2)
    await other.start(held, 2, "2025-06-05")
    assert (await correct(clinic, held, "")).json()["unmet"] == ["no-stay-of-another"]


async def test_a_journey_and_its_completion_are_amended(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open(pathway="addiction-rehabilitation")
    await clinic.start(journey_id, 1, "2025-06-03")
    said = {"opened_on": "2025-05-30", "legal_basis": "own-decision"}
    assert (await correct(clinic, journey_id, "", "amendment", **said)).status_code == 200
    journey = await seen(clinic, journey_id)
    assert (journey["opened_on"], journey["legal_basis"]) == ("2025-05-30", "own-decision")
    assert [str(event.opened_on) for event in await told(programme, JourneyCorrected)] == ["2025-05-30"]
    late = await correct(clinic, journey_id, "", "amendment", opened_on="2025-06-10")
    assert late.json()["unmet"] == ["earlier-starts-with-reason"]
    no_completion = await correct(clinic, journey_id, "completion", completed_on="2025-06-20")
    assert no_completion.json()["unmet"] == ["journey-completed"]
    assert await told(programme, CompletionCorrected) == []


async def test_a_second_click_takes_back_nothing_more(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    for started_on, ended_on in (("2025-06-03", "2025-06-20"), ("2025-07-03", None)):
        await clinic.start(journey_id, 1, started_on)
        if ended_on:
            await clinic.complete(journey_id, 1, ended_on)
            await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "returned-to-treatment"})
    assert (await correct(clinic, journey_id, "stages/1/start", spell=2)).json()["status"] == "reopened"
    assert (await correct(clinic, journey_id, "stages/1/start", spell=2)).json()["unmet"] == ["last-stay-of-stage"]
    assert len((await seen(clinic, journey_id))["spells"]) == 1


async def test_nobody_becomes_holder_by_a_correction_of_its_own(programme: ServiceUnderTest) -> None:
    """A relation comes from what somebody else, or the person, did."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-10")
    await centre.accept(journey_id, 2)
    await centre.start(journey_id, 2, "2025-06-12")
    later = await correct(clinic, journey_id, "stages/1/start", "amendment", **A_VISIT, started_on="2025-06-08")
    assert later.status_code == 200
    await clinic.accept(journey_id, 3)
    await clinic.start(journey_id, 3, "2025-06-15")
    taken = await correct(centre, journey_id, "stages/2/start", "amendment", **A_VISIT, started_on="2025-06-16")
    assert taken.json()["unmet"] == ["holder-unchanged"]


async def test_the_stay_before_one_that_never_was_is_judged_again(programme: ServiceUnderTest) -> None:
    """Its weeks had stopped closing because another stay followed."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2026-01-05", planned_until="2026-03-30")
    await clinic.send("PUT", f"/journeys/{journey_id}/observations", {"stage": 1, "results": [{"week": 1, "result": "negative"}]})
    await clinic.leave(journey_id, 1, "2026-01-20")
    waiting = await programme.fetch("SELECT due_at FROM deadline WHERE kind = 'week-over'")
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "returned-to-treatment"})
    await clinic.start(journey_id, 1, "2026-01-25")
    await clinic.send(
        "PUT", f"/journeys/{journey_id}/observations", {"stage": 1, "spell": 1, "results": [{"week": 2, "result": "negative"}]}
    )
    assert await programme.fetch("SELECT due_at FROM deadline WHERE kind = 'week-over'") == []
    await correct(clinic, journey_id, "stages/1/start", spell=2)
    again = await programme.fetch("SELECT due_at FROM deadline WHERE kind = 'week-over'")
    assert len(again) == len(waiting) == 1


async def test_a_skip_is_amended_also_once_later_stages_began(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/skip", {"how": "not-needed", "reason": "not-eligible"})
    await clinic.start(journey_id, 2, "2025-06-03")
    amended = await correct(clinic, journey_id, "stages/1/skip", "amendment", how="done-elsewhere", why="discharge-letter")
    assert amended.json()["status"] == "done-elsewhere", amended.text
    assert [event.how for event in await told(programme, StageSkipped)] == ["not-needed", "done-elsewhere"]
    assert await told(programme, SkipWithdrawn) == [], "it stays skipped"
    assert (await correct(clinic, journey_id, "stages/1/skip")).json()["unmet"] == ["later-stages-corrected"]
