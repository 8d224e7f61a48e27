"""Observations, deadlines and relapses on a real database: late, out of order, by themselves, reported."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.programme.settings import settings
from shared.events import Event
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from shared.events.referral import PersonDied
from tests.builders_programme import Clinic, a_clinic
from tests.harness import NOW, ServiceUnderTest

ON = "2026-01-05"


async def in_stage_two(clinic: Clinic, ended_on: str | None = None, on: str = ON, **fields: Any) -> UUID:
    journey_id = await clinic.open(opened_on=on, **fields)
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/skip", {"how": "not-needed", "reason": "not-eligible"})
    assert (await clinic.start(journey_id, 2, on, programme="naltrexone")).status_code == 200
    if ended_on:
        await clinic.leave(journey_id, 2, ended_on)
    return journey_id


async def observe(clinic: Clinic, journey_id: UUID, results: dict[int, str], closes: bool = False) -> httpx2.Response:
    weeks = [{"week": week, "result": result} for week, result in results.items()]
    body = {"stage": 2, "results": weeks, "closes_record": closes}
    return await clinic.send("PUT", f"/journeys/{journey_id}/observations", body)


async def told(programme: ServiceUnderTest, kind: type[Event]) -> list[Any]:
    return [event for event in await programme.appended() if isinstance(event, kind)]


async def status(clinic: Clinic, journey_id: UUID) -> str:
    stages = (await clinic.get(f"/journeys/{journey_id}")).json()["stages"]
    return str(stages[1]["status"])


async def findings(clinic: Clinic, journey_id: UUID) -> dict[str, dict[str, Any]]:
    """What the weeks of a journey showed, by definition; the newest of each."""
    items = (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    return {one["definition"]: one for one in sorted(items, key=lambda one: bool(one["withdrawn"]), reverse=True)}


async def decide(clinic: Clinic, journey_id: UUID, relapse_id: str, decision: str, **body: Any) -> httpx2.Response:
    said = body or ({"reason": "laboratory-error"} if decision == "refutation" else {})
    return await clinic.send("POST", f"/journeys/{journey_id}/relapses/{relapse_id}/{decision}", said)


POSITIVE_FROM_WEEK_TWO = {1: "negative", 2: "positive", 3: "positive", 4: "positive", 5: "positive"}


async def test_a_relapse_shown_by_weeks_is_a_finding_and_reopens_once_it_is_confirmed(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-46, issue of corrections, section 2."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    answer = await observe(clinic, journey_id, POSITIVE_FROM_WEEK_TWO)
    assert answer.json()["status"] == "left"
    # Week 2 opens the first windows; the definitions from week 3 and 4 on need the weeks that passed without a result (to 8).
    assert {event.definition for event in await told(programme, RelapseAssessed)} == {
        "consecutive-4",
        "consecutive-4-from-week-3",
        "consecutive-3",
        "two-of-four",
        "two-after-week-4",
    }
    assert await told(programme, RelapseRecorded) == []
    found = await findings(clinic, journey_id)
    assert {one["status"] for one in found.values()} == {"found"}
    confirmed = await decide(clinic, journey_id, found["consecutive-4"]["relapse_id"], "confirmation")
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "reopened")
    again = await decide(clinic, journey_id, found["consecutive-3"]["relapse_id"], "confirmation")
    assert again.json()["status"] == "marked"
    assert [event.reopens for event in await told(programme, RelapseRecorded)] == [2, None]
    await observe(clinic, journey_id, {1: "negative"})
    await decide(clinic, journey_id, found["consecutive-4"]["relapse_id"], "confirmation")
    assert len(await told(programme, RelapseRecorded)) == 2
    assert (await clinic.start(journey_id, 2, "2026-03-01")).json()["status"] == "started"


async def test_a_relapse_in_a_started_stage_only_marks_it(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic)
    assert (await observe(clinic, journey_id, {week: "positive" for week in range(1, 9)})).json()["status"] == "started"
    for found in (await findings(clinic, journey_id)).values():
        assert (await decide(clinic, journey_id, found["relapse_id"], "confirmation")).json()["status"] == "marked"
    assert [event.reopens for event in await told(programme, RelapseRecorded)] == [None] * 5
    spell = (await clinic.get(f"/journeys/{journey_id}")).json()["spells"][0]
    assert len(spell["own"]["relapses"]) == 5


async def test_a_refuted_finding_is_told_to_nobody_and_a_confirmed_one_is_taken_back(programme: ServiceUnderTest) -> None:
    """Source: issue of corrections, section 2."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    await observe(clinic, journey_id, POSITIVE_FROM_WEEK_TWO)
    found = await findings(clinic, journey_id)
    first, second = found["consecutive-4"]["relapse_id"], found["consecutive-3"]["relapse_id"]
    assert (await decide(clinic, journey_id, second, "refutation")).status_code == 200
    assert await told(programme, RelapseRecorded) == [] == await told(programme, RelapseWithdrawn)
    await decide(clinic, journey_id, first, "confirmation")
    assert await status(clinic, journey_id) == "reopened"
    assert (await decide(clinic, journey_id, first, "refutation")).status_code == 200
    (withdrawn,) = await told(programme, RelapseWithdrawn)
    assert (withdrawn.stage, withdrawn.spell, withdrawn.takes_back, withdrawn.is_last) == (2, 1, 2, True)
    assert await status(clinic, journey_id) == "left"
    kept = (await findings(clinic, journey_id))["consecutive-4"]
    assert (kept["status"], kept["reason"]) == ("refuted", "laboratory-error")
    assert (await decide(clinic, journey_id, first, "confirmation")).json()["status"] == "reopened", "a refutation is undone by confirming"


@pytest.fixture
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The law of the place wants a relapse by definition told at once."""
    monkeypatch.setenv("FINDINGS_NEED_CONFIRMATION", "false")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.usefixtures("told_at_once")
async def test_where_the_law_wants_it_a_finding_is_told_at_once_and_is_still_refutable(programme: ServiceUnderTest) -> None:
    """Source: issue of corrections, section 2."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    assert (await observe(clinic, journey_id, POSITIVE_FROM_WEEK_TWO)).json()["status"] == "reopened"
    found = await findings(clinic, journey_id)
    recorded = await told(programme, RelapseRecorded)
    assert {str(event.relapse_id) for event in recorded} == {one["relapse_id"] for one in found.values()} and len(found) == 5
    assert sorted(event.reopens or 0 for event in recorded) == [0, 0, 0, 0, 2], "consequences follow once per stay"
    assert {one["status"] for one in found.values()} == {"confirmed"}
    for one in found.values():
        assert await status(clinic, journey_id) == "reopened"
        assert (await decide(clinic, journey_id, one["relapse_id"], "refutation")).status_code == 200
    assert await status(clinic, journey_id) == "left"
    withdrawn = await told(programme, RelapseWithdrawn)
    assert [(event.takes_back, event.is_last) for event in withdrawn] == [*[(None, False)] * 4, (2, True)]
    assert {one["status"] for one in (await findings(clinic, journey_id)).values()} == {"refuted"}
    await observe(clinic, journey_id, {6: "positive"})
    assert len(await told(programme, RelapseRecorded)) == 5, "a refuted one is not told again by a later result"


async def test_a_late_result_takes_back_what_a_confirmed_finding_reopened(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    await observe(clinic, journey_id, POSITIVE_FROM_WEEK_TWO)
    await decide(clinic, journey_id, (await findings(clinic, journey_id))["consecutive-4"]["relapse_id"], "confirmation")
    answer = await observe(clinic, journey_id, dict.fromkeys(range(2, 9), "negative"))
    assert answer.json()["status"] == "left"
    (withdrawn,) = await told(programme, RelapseWithdrawn)
    assert (withdrawn.takes_back, withdrawn.is_last) == (2, True)


async def test_a_report_entered_in_error_is_taken_back(programme: ServiceUnderTest) -> None:
    """Source: issue of corrections, section 1."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    report = {"stage": 2, "on": "2026-02-20"}
    relapse_id = (await clinic.send("POST", f"/journeys/{journey_id}/relapses", report)).json()["id"]
    assert await status(clinic, journey_id) == "reopened"
    assert (await decide(clinic, journey_id, relapse_id, "refutation", reason="mistaken-or-duplicate")).status_code == 200
    assert await status(clinic, journey_id) == "left"
    assert [event.withdrawn for event in await told(programme, RelapseAssessed)] == [False, True]
    remission = (await clinic.get(f"/journeys/{journey_id}/remission")).json()
    assert remission["last_use_on"] is None
    assert (await decide(clinic, journey_id, relapse_id, "confirmation")).json()["unmet"] == ["relapse-standing"]
    again = (await clinic.send("POST", f"/journeys/{journey_id}/relapses", report)).json()
    assert again["id"] != relapse_id and again["status"] == "reopened"


async def test_only_the_holder_and_whose_stay_it_is_decide(programme: ServiceUnderTest) -> None:
    clinic, accepting = await a_clinic(programme), await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    await observe(clinic, journey_id, POSITIVE_FROM_WEEK_TWO)
    relapse_id = (await findings(clinic, journey_id))["consecutive-4"]["relapse_id"]
    assert (await decide(accepting, journey_id, relapse_id, "confirmation")).status_code == 404
    await accepting.accept(journey_id, 3)
    for decision in ("confirmation", "refutation"):
        assert (await decide(accepting, journey_id, relapse_id, decision)).status_code == 404
        assert (await decide(clinic, journey_id, str(uuid4()), decision)).status_code == 404
    assert await told(programme, RelapseRecorded) == []


async def test_late_results_of_an_imported_record_withdraw_and_leave_it_reopened(programme: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    system = await a_clinic(programme, role="system")
    journey_id = await in_stage_two(system, ended_on="2025-02-10", on="2025-01-06", imported=True)
    known: dict[int, str] = {week: "negative" for week in range(1, 25)}
    del known[6], known[7], known[8], known[9]
    await observe(system, journey_id, {week: result for week, result in known.items() if week < 6})
    assert await told(programme, RelapseAssessed) == [], "weeks that no later result follows have not passed"
    await observe(system, journey_id, {week: result for week, result in known.items() if week > 9}, closes=True)
    assessed = {event.definition: event.week for event in await told(programme, RelapseAssessed)}
    assert assessed == {
        "consecutive-4": 6,
        "consecutive-4-from-week-3": 6,
        "consecutive-3": 6,
        "two-of-four": 4,
        "two-after-week-4": 6,
        "dropout-4-missing": 6,
    }
    assert len(await told(programme, RelapseRecorded)) == 5, "dropout is listed, never a relapse"
    await observe(system, journey_id, {6: "negative", 7: "negative", 8: "negative"})
    assert len(await told(programme, RelapseWithdrawn)) == 5
    assert await status(system, journey_id) == "reopened"
    listed = (await system.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    assert len(listed) == 6 and all(relapse["withdrawn"] for relapse in listed)
    assert all(event.imported for event in await told(programme, RelapseWithdrawn))
    assert await programme.fetch("SELECT * FROM deadline") == [], "imported history sets no deadlines"


async def test_weeks_that_pass_by_themselves_are_missing(programme: ServiceUnderTest) -> None:
    """Source: delivery section 6, standards section 3."""
    clinic = await a_clinic(programme)
    programme.now = datetime(2026, 1, 13, 8, tzinfo=UTC)
    journey_id = await in_stage_two(clinic)
    assert await programme.fetch("SELECT * FROM deadline") == [], "where nobody keeps weekly results nothing is missing"
    await observe(clinic, journey_id, {1: "negative"})
    weeks = [datetime(2026, 2, 2, tzinfo=UTC) + timedelta(weeks=number) for number in range(24)]
    assert await programme.run_deadlines(weeks[0] - timedelta(days=1)) == 0, "a result may come for 14 days after the week"
    acted = [await programme.run_deadlines(week) for week in weeks[:4]]
    assert acted == [1, 1, 1, 1]
    found = {event.definition: (event.week, str(event.known_on)) for event in await told(programme, RelapseAssessed)}
    assert found["consecutive-3"] == (2, "2026-02-01") and found["consecutive-4"] == (2, "2026-02-08")
    assert found["dropout-4-missing"] == (2, "2026-02-08")
    assert await programme.run_deadlines(weeks[3]) == 0
    for week in weeks[4:]:
        await programme.run_deadlines(week)
    assert await programme.fetch("SELECT * FROM deadline") == []


async def test_a_stay_completed_with_negative_results_alone_shows_no_relapse(programme: ServiceUnderTest) -> None:
    """Entered late and in two batches, too; and no week after the completion is waited for. Source: issue of corrections, section 2."""
    clinic = await a_clinic(programme)
    programme.now = datetime(2026, 4, 6, 8, tzinfo=UTC)
    journey_id = await in_stage_two(clinic)
    await observe(clinic, journey_id, dict.fromkeys(range(9, 13), "negative"))
    await clinic.complete(journey_id, 2, "2026-03-29")
    await observe(clinic, journey_id, dict.fromkeys(range(1, 9), "negative"))
    for number in range(30):
        await programme.run_deadlines(programme.now + timedelta(weeks=number))
    assert await told(programme, RelapseAssessed) == []
    assert await programme.fetch("SELECT * FROM deadline") == []


async def test_a_completion_takes_back_what_only_the_weeks_after_it_showed(programme: ServiceUnderTest) -> None:
    """The end is entered a month late: meanwhile its weeks had been closed without a result."""
    clinic = await a_clinic(programme)
    programme.now = datetime(2026, 1, 13, 8, tzinfo=UTC)
    journey_id = await in_stage_two(clinic)
    await observe(clinic, journey_id, {1: "negative"})
    for number in range(8):
        await programme.run_deadlines(datetime(2026, 2, 2, tzinfo=UTC) + timedelta(weeks=number))
    met = {event.definition for event in await told(programme, RelapseAssessed)}
    assert "consecutive-4" in met
    programme.now = datetime(2026, 3, 24, 8, tzinfo=UTC)
    assert (await clinic.complete(journey_id, 2, "2026-01-12")).json()["status"] == "completed"
    withdrawn = {event.definition for event in await told(programme, RelapseAssessed) if event.withdrawn}
    assert withdrawn == met
    assert await programme.fetch("SELECT * FROM deadline") == []


async def test_a_clinician_closes_weeks(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    programme.now = datetime(2026, 2, 9, 8, tzinfo=UTC)
    journey_id = await in_stage_two(clinic)
    await observe(clinic, journey_id, {1: "negative"})
    assert await told(programme, RelapseAssessed) == []
    path, body = f"/journeys/{journey_id}/observations", {"stage": 2, "results": [], "closes_through": 6}
    assert (await clinic.send("PUT", path, body)).json()["unmet"] == ["closed-weeks-over"]
    assert (await clinic.send("PUT", path, body | {"closes_through": 5})).status_code == 200
    assert {(event.definition, event.week) for event in await told(programme, RelapseAssessed)} >= {("dropout-4-missing", 2)}


async def test_no_week_passes_for_an_erased_person(programme: ServiceUnderTest) -> None:
    from shared.events.referral import PersonErased

    clinic, person_id = await a_clinic(programme), UUID(int=77)
    journey_id = await in_stage_two(clinic, person_id=person_id)
    await observe(clinic, journey_id, {1: "negative"})
    before = len(await programme.appended())
    await programme.deliver(PersonErased(person_id=person_id, on=NOW.date()))
    assert await programme.run_deadlines(NOW + timedelta(weeks=2)) == 1
    assert len(await programme.appended()) == before


@pytest.mark.parametrize("told_by", ["referral", "the stage"])
async def test_no_week_is_missing_after_the_death(programme: ServiceUnderTest, told_by: str) -> None:
    """Source: standards section 3; no contact may hear of a relapse of the dead."""
    clinic, person_id = await a_clinic(programme), uuid4()
    programme.now = datetime(2026, 1, 13, 8, tzinfo=UTC)
    journey_id = await in_stage_two(clinic, person_id=person_id)
    await observe(clinic, journey_id, {1: "negative"})
    if told_by == "referral":
        await programme.deliver(PersonDied(person_id=person_id, on=date(2026, 1, 13)))
    else:
        await clinic.leave(journey_id, 2, "2026-01-13", how="died")
    for number in range(26):
        await programme.run_deadlines(datetime(2026, 1, 19, tzinfo=UTC) + timedelta(weeks=number))
    assert await told(programme, RelapseRecorded) == []
    assert await programme.fetch("SELECT * FROM deadline") == []
    assert (await observe(clinic, journey_id, {2: "negative"})).status_code == 200
    assert await told(programme, RelapseAssessed) == []


async def test_a_clinician_reports_every_use_of_a_spell(programme: ServiceUnderTest) -> None:
    """The first one is told and reopens; remission counts from the last. Source: mission row 002-46, issue of corrections, section 2."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic, ended_on="2026-02-10")
    path, body = f"/journeys/{journey_id}/relapses", {"stage": 2, "on": "2026-02-20", "reopens": 1}
    first = await clinic.send("POST", path, body, key="report-1")
    again = await clinic.send("POST", path, body, key="report-1")
    assert (first.status_code, first.json()["status"], again.json()) == (201, "reopened", first.json())
    same = await clinic.send("POST", path, body)
    assert (same.status_code, same.json()) == (201, first.json()), "one use of a day, whatever the key"
    for on in ("2026-02-22", "2026-02-21"):
        later = await clinic.send("POST", path, {"stage": 2, "on": on})
        assert (later.status_code, later.json()["status"]) == (201, "marked")
    (recorded,) = await told(programme, RelapseRecorded)
    assert (recorded.stage, recorded.reopens) == (2, 1)
    assert len(await told(programme, RelapseAssessed)) == 1
    assert (await clinic.get(f"/journeys/{journey_id}")).json()["stages"][0]["status"] == "reopened"
    kept = (await clinic.get(path)).json()["items"]
    assert sorted(relapse["known_on"] for relapse in kept) == ["2026-02-20", "2026-02-21", "2026-02-22"]
    remission = (await clinic.get(f"/journeys/{journey_id}/remission")).json()
    assert (remission["clock"], remission["label"], remission["last_use_on"]) == ("observed-days-only", "under-three-months", "2026-02-22")


async def test_observations_of_a_stage_never_started_are_refused(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    answer = await observe(clinic, await clinic.open(), {1: "negative"})
    assert (answer.status_code, answer.json()["unmet"]) == (422, ["stage-started"])
    twice = {"stage": 2, "results": [{"week": 1, "result": "negative"}, {"week": 1, "result": "positive"}]}
    journey_id = await in_stage_two(clinic)
    assert (await clinic.send("PUT", f"/journeys/{journey_id}/observations", twice)).status_code == 422


async def test_prescribed_use_is_never_a_relapse(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-08."""
    clinic = await a_clinic(programme)
    journey_id = await in_stage_two(clinic)
    listed = {one["code"]: one for one in (await clinic.get("/substances")).json()["items"]}
    assert {one["legal_class"] for one in listed.values()} == {"narcotic-drug", "psychotropic-substance", "analogue", "not-listed"}
    assert {one["group"] for one in listed.values()} == {*"123456789", "99"}
    weeks = [{"week": week, "result": "positive", "found": [{"substance": "methadone", "use": "prescribed"}]} for week in range(1, 9)]
    path = f"/journeys/{journey_id}/observations"
    assert (await clinic.send("PUT", path, {"stage": 2, "results": weeks})).status_code == 200
    assert await told(programme, RelapseAssessed) == []
    report = {"stage": 2, "on": "2026-02-20", "use": "prescribed"}
    assert (await clinic.send("POST", f"/journeys/{journey_id}/relapses", report)).json()["unmet"] == ["non-medical-use"]
    for week in weeks:
        week["found"] = [{"substance": "methadone", "use": "prescribed"}, {"substance": "heroin"}]
    await clinic.send("PUT", path, {"stage": 2, "results": weeks})
    assert len(await told(programme, RelapseAssessed)) == 5
    weeks[0] |= {"result": "negative", "found": [{"substance": "unheard-of"}]}
    refused = await clinic.send("PUT", path, {"stage": 2, "results": weeks})
    assert refused.json()["unmet"] == ["substance-of-the-vocabulary", "found-only-where-positive"]


async def test_who_only_accepted_sees_no_relapses(programme: ServiceUnderTest) -> None:
    """Source: privacy section 1."""
    clinic, named = await a_clinic(programme), await a_clinic(programme)
    journey_id = await in_stage_two(clinic)
    await clinic.complete(journey_id, 2, "2026-02-10", next_organisation_id=str(named.organisation_id))
    await named.accept(journey_id, 3)
    assert (await named.get(f"/journeys/{journey_id}")).status_code == 200
    for part in ("relapses", "remission", "functioning"):
        assert (await named.get(f"/journeys/{journey_id}/{part}")).status_code == 404
        assert (await clinic.get(f"/journeys/{journey_id}/{part}")).status_code == 200
