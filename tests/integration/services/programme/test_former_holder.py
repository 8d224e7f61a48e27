"""What who lost a person is told when it corrects or records: nothing of what came later. Source: issue of rights, section 1."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.programme.journey.domain import Found
from services.programme.right.domain import sight
from shared.events.referral import PersonDied
from tests.builders_programme import CENTRE, CLINIC, Clinic, a_clinic, a_journey, a_pathway, an_answer, day, started
from tests.harness import ServiceUnderTest

MISTYPED = {"correction_reason": "mistyped"}


async def in_two(programme: ServiceUnderTest, **opened: Any) -> tuple[Clinic, Clinic, UUID]:
    """A clinic that left stage 1, and the centre that has the person in stage 2 of the same journey."""
    clinic, centre = await a_clinic(programme, "system" if opened else "clinician"), await a_clinic(programme)
    journey_id = await clinic.open(**opened)
    await clinic.start(journey_id, 1, "2025-06-03")
    await centre.accept(journey_id, 2)
    await clinic.complete(journey_id, 1, "2025-06-20")
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200
    return clinic, centre, journey_id


async def ends(clinic: Clinic, journey_id: UUID, on: str, how: str = "completed", stage: int = 1) -> httpx2.Response:
    body = {"ended_on": on, "how": how, "spell": 1, **MISTYPED}
    return await clinic.send("POST", f"/journeys/{journey_id}/stages/{stage}/end/amendment", body)


async def opens(clinic: Clinic, journey_id: UUID, on: str) -> httpx2.Response:
    body = {"opened_on": on, "date_reason": "archive", **MISTYPED}
    return await clinic.send("POST", f"/journeys/{journey_id}/amendment", body)


def told(answer: httpx2.Response) -> tuple[int, list[str]]:
    return answer.status_code, answer.json().get("unmet", [])


async def reports(clinic: Clinic, journey_id: UUID, on: str) -> httpx2.Response:
    return await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": on})


async def weeks(clinic: Clinic, journey_id: UUID, week: int) -> httpx2.Response:
    results = {"stage": 1, "results": [{"week": week, "result": "negative"}]}
    return await clinic.send("PUT", f"/journeys/{journey_id}/observations", results)


@pytest.mark.parametrize(("correct", "hindered"), [(ends, "holder-unchanged"), (opens, "earlier-starts-with-reason")])
async def test_the_days_refused_to_who_lost_the_person_do_not_tell_a_death(
    programme: ServiceUnderTest, correct: Any, hindered: str
) -> None:
    """What hinders for another reason is said alone."""
    clinic, centre, journey_id = await in_two(programme)
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    assert (await centre.complete(journey_id, 2, "2025-07-10")).status_code == 200
    await programme.deliver(PersonDied(person_id=row["person_id"], on=date(2025, 8, 1)))
    before, after = [told(await correct(clinic, journey_id, on)) for on in ("2025-07-31", "2025-08-02")]
    assert before == after == (422, [hindered])
    assert told(await ends(centre, journey_id, "2025-08-02", stage=2)) == (422, ["not-after-death"])


async def test_the_end_of_a_former_stay_moves_up_to_the_next_one_elsewhere(programme: ServiceUnderTest) -> None:
    clinic, _, journey_id = await in_two(programme)
    assert told(await ends(clinic, journey_id, "2025-06-26")) == (422, ["holder-unchanged"])
    assert told(await ends(clinic, journey_id, "2025-06-25")) == (200, [])


async def test_a_refusal_tells_who_lost_the_person_of_no_reopening_and_the_holder_of_it(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await in_two(programme)
    again = await centre.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "mistyped"})
    assert again.status_code == 200, again.text
    assert told(await ends(clinic, journey_id, "2025-06-20", "dropped-out")) == (422, ["holder-unchanged"])
    assert told(await ends(centre, journey_id, "2025-06-20", "dropped-out")) == (422, ["reopening-corrected"])


async def test_the_answer_to_a_correction_shows_the_stage_as_the_journey_does(programme: ServiceUnderTest) -> None:
    """Another stay in the same stage came later: to who lost the person the stage stands as its own stay ended."""
    clinic, centre, journey_id = await in_two(programme)
    third = await a_clinic(programme)
    again = await centre.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "mistyped"})
    assert again.status_code == 200, again.text
    await third.accept(journey_id, 1)
    assert (await third.start(journey_id, 1, "2025-07-01")).status_code == 200
    answer = await ends(clinic, journey_id, "2025-06-21")
    shown = (await clinic.get(f"/journeys/{journey_id}")).json()["stages"][0]["status"]
    assert (answer.status_code, answer.json()["status"], shown) == (200, "completed", "completed")
    results = {"stage": 1, "spell": 1, "results": [{"week": 1, "result": "negative"}]}
    recorded = await clinic.send("PUT", f"/journeys/{journey_id}/observations", results)
    assert (recorded.status_code, recorded.json()["status"]) == (200, "completed")


def test_who_lost_the_person_does_not_see_that_the_journey_was_completed() -> None:
    moved_on = started(a_journey("completed"), 2, day(20), CENTRE).model_copy(update={"status": "completed"})
    seen = [sight(Found(moved_on, a_pathway()), one).journey.status for one in (CLINIC, CENTRE)]
    assert seen == ["open", "completed"]


async def test_a_use_reported_by_who_lost_the_person_lies_in_its_own_stay(programme: ServiceUnderTest) -> None:
    """What came after its stay is not its to tell, and would be told to the family."""
    clinic, _, journey_id = await in_two(programme)
    assert told(await reports(clinic, journey_id, "2025-06-21")) == (422, ["within-own-stay"])
    assert told(await reports(clinic, journey_id, "2025-06-20")) == (201, [])


async def test_what_who_lost_the_person_may_not_do_tells_it_nothing(programme: ServiceUnderTest) -> None:
    """Of a stay that another has, or of one that never began, it is told the same, whatever came later."""
    clinic, centre, journey_id = await in_two(programme)
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)

    async def tries() -> list[object]:
        answers = [await ends(clinic, journey_id, "2025-07-10", stage=stage) for stage in (2, 3)]
        answers += [await clinic.complete(journey_id, stage, "2025-07-10") for stage in (1, 2, 3)]
        answers += [await reports(clinic, journey_id, on) for on in ("2025-07-01", "2025-09-01")]
        answers.append(await clinic.send("PUT", f"/journeys/{journey_id}/observations", {"stage": 2, "results": []}))
        answers += [await weeks(clinic, journey_id, week) for week in (4, 9, 40)]
        return [(answer.status_code, answer.json()["type"].split(":")[-1], answer.json()["unmet"]) for answer in answers]

    before = await tries()
    own = [(422, "relation-not-sufficient", [name]) for name in ("own-stay-or-holder", "spell-of-own-organisation")]
    assert before[-3:] == [(422, "observations-not-recordable", ["within-own-stay"])] * 3
    assert before[:5] == [own[0]] * 2 + [own[1]] * 3
    assert (await centre.complete(journey_id, 2, "2025-07-10")).status_code == 200
    again = await centre.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "mistyped"})
    assert again.status_code == 200, again.text
    await programme.deliver(PersonDied(person_id=row["person_id"], on=date(2025, 8, 1)))
    assert await tries() == before


async def test_a_stay_that_who_lost_the_person_never_ended_tells_no_death(programme: ServiceUnderTest) -> None:
    """Nobody but who has the person says that it left by a death, known or not; what cannot be is refused for that alone."""
    _, centre, journey_id = await in_two(programme)
    third = await a_clinic(programme)
    await third.accept(journey_id, 3)
    assert (await third.start(journey_id, 3, "2025-06-28")).status_code == 200
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)

    async def tries() -> list[tuple[int, list[str]]]:
        said = [{"left_on": on, "how": how} for on in ("2025-07-31", "2025-08-01", "2025-08-02") for how in ("died", "transferred")]
        return [told(await centre.send("PUT", f"/journeys/{journey_id}/stages/2/leaving", body)) for body in said]

    before = await tries()
    assert before == [(422, ["holder-or-registrar-reports-death"]), (422, ["next-organisation"])] * 3
    await programme.deliver(PersonDied(person_id=row["person_id"], on=date(2025, 8, 1)))
    assert await tries() == before


async def test_a_journey_that_was_left_tells_no_death_by_the_days_of_its_last_stay(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    assert (await clinic.leave(journey_id, 1, "2025-06-20")).status_code == 200
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    await programme.deliver(an_answer(row["person_id"], centre.organisation_id, 1))
    other = (await centre.try_to_open(row["person_id"])).json()["id"]
    assert (await centre.start(other, 1, "2025-06-25")).status_code == 200
    decided = {"opened_on": "2025-06-02", "decided_on": "2025-07-01", **MISTYPED}
    for answer in (
        await ends(clinic, journey_id, "2025-07-01", "dropped-out"),
        await clinic.send("POST", f"/journeys/{journey_id}/amendment", decided),
    ):
        assert told(answer) == (422, ["holder-unchanged"])
    assert told(await ends(clinic, journey_id, "2025-06-19", "dropped-out")) == (200, [])


async def test_a_use_that_is_kept_of_a_stay_that_never_was_may_lie_after_the_one_before(programme: ServiceUnderTest) -> None:
    """It was reported when it was possible; who corrects does not report it anew."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    again = await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "mistyped"})
    assert again.status_code == 200, again.text
    await clinic.start(journey_id, 1, "2025-07-01")
    assert told(await reports(clinic, journey_id, "2025-07-05")) == (201, [])
    await clinic.complete(journey_id, 1, "2025-07-10")
    await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-07-15")).status_code == 200
    body = {"spell": 2, **MISTYPED}
    answer = await clinic.send("POST", f"/journeys/{journey_id}/stages/1/start/entered-in-error", body)
    assert answer.status_code == 200, answer.text


async def test_who_still_has_the_person_reports_a_use_after_the_stay(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    assert told(await reports(clinic, journey_id, "2025-06-30")) == (201, [])


async def test_late_results_of_an_imported_stay_reopen_nothing_once_another_has_the_person(programme: ServiceUnderTest) -> None:
    clinic, _, journey_id = await in_two(programme, imported=True)
    results = [{"week": 1, "result": "positive"}]
    body = {"stage": 1, "results": results, "closes_record": True}
    answer = await clinic.send("PUT", f"/journeys/{journey_id}/observations", body)
    assert answer.status_code == 200, answer.text
    (row,) = await programme.fetch("SELECT state::jsonb->'stages'->0->>'status' AS status FROM journey WHERE journey_id = $1", journey_id)
    assert row["status"] == "completed"
