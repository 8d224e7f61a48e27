"""Deaths: reported with a stage that was left, known, reversed; what bounds dates after one. Source: contracts section 3, "Death"."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.programme import DeathReported, RelapseAssessed, StageLeft
from shared.events.referral import PersonDeathReversed, PersonDied
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest, a_caller

DIED = date(2025, 7, 10)
AFTER = "2025-07-11"


async def in_one(service: ServiceUnderTest, role: str = "clinician", **fields: Any) -> tuple[Clinic, UUID, UUID]:
    """A clinic, its journey in stage 1, and the person."""
    clinic, person_id = await a_clinic(service, role), uuid4()
    journey_id = await clinic.open(person_id, **fields)
    assert (await clinic.start(journey_id, 1, "2025-06-03")).status_code == 200
    return clinic, journey_id, person_id


@pytest.mark.parametrize("imported", [False, True])
async def test_a_stage_left_by_death_reports_it_in_the_same_command(programme: ServiceUnderTest, imported: bool) -> None:
    clinic, journey_id, person_id = await in_one(programme, "system", imported=imported)
    answer = await clinic.leave(journey_id, 1, str(DIED), how="died")
    assert answer.headers["throughcare-events"].count("programme/") == 2
    left, reported = (await programme.appended())[-2:]
    assert isinstance(left, StageLeft) and left.how == "died"
    told = {"person_id": person_id, "on": DIED, "organisation_id": clinic.organisation_id, "imported": imported}
    assert reported == DeathReported(**told, by=a_caller("system", clinic.organisation_id).fingerprint)


async def test_another_end_reports_no_death(programme: ServiceUnderTest) -> None:
    clinic, journey_id, _ = await in_one(programme)
    await clinic.leave(journey_id, 1, "2025-06-20")
    assert not any(isinstance(event, DeathReported) for event in await programme.appended())


async def test_only_the_holder_or_the_registrar_reports_a_death(programme: ServiceUnderTest) -> None:
    """Stage 1 and stage 2 are still open when a third clinic has the person. Who lost it is told the same once the death is known."""
    clinic, journey_id, person_id = await in_one(programme)
    second, third = await a_clinic(programme), await a_clinic(programme)
    for one, stage, on in ((second, 2, "2025-06-05"), (third, 3, "2025-06-10")):
        await one.accept(journey_id, stage)
        assert (await one.start(journey_id, stage, on)).status_code == 200
    before = await second.leave(journey_id, 2, str(DIED), how="died")
    assert (before.status_code, before.json()["unmet"]) == (422, ["holder-or-registrar-reports-death"])
    assert (await clinic.leave(journey_id, 1, str(DIED), how="died")).status_code == 200, "it registered the person"
    await programme.deliver(PersonDied(person_id=person_id, on=DIED))
    known = await second.leave(journey_id, 2, str(DIED), how="died")
    assert (known.status_code, known.json()["unmet"]) == (before.status_code, before.json()["unmet"])
    assert (await third.leave(journey_id, 3, str(DIED), how="died")).status_code == 200


LATER: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/stages/2/start", {"started_on": AFTER, "setting": "inpatient", "programme": "detox"}),
    ("PUT", "/stages/1/completion", {"completed_on": AFTER}),
    ("PUT", "/stages/1/leaving", {"left_on": AFTER, "how": "dropped-out"}),
    ("PUT", "/stages/1/leaving", {"left_on": AFTER, "how": "died"}),
    ("POST", "/relapses", {"stage": 1, "on": AFTER}),
    ("PUT", "/withdrawal-scores", {"scores": [{"on": "2025-07-01", "score": 1}, {"on": AFTER, "score": 1}]}),
    ("POST", "/scores", {"scores": [{"level": "social", "moment": "baseline", "on": AFTER, "score": 3}]}),
    ("POST", "/scores", {"scores": [{"level": "spiritual", "moment": "baseline", "refused_on": AFTER}]}),
    ("POST", "/goals", {"level": "social", "goal": "restored-ties", "set_on": AFTER}),
    ("POST", "/goals", {"level": "social", "goal": "restored-ties"}),
    ("POST", "/adaptation-steps", {"kind": "work-outside", "planned_on": AFTER}),
    ("POST", "/completion", {"completed_on": AFTER}),
    ("PUT", "/observations", {"stage": 1, "results": [{"week": 7, "result": "negative"}]}),
]


@pytest.mark.parametrize(("method", "path", "body"), LATER)
async def test_nothing_is_dated_after_a_known_death(programme: ServiceUnderTest, method: str, path: str, body: dict[str, Any]) -> None:
    clinic, journey_id, person_id = await in_one(programme)
    await programme.deliver(PersonDied(person_id=person_id, on=DIED))
    refused = await clinic.send(method, f"/journeys/{journey_id}{path}", body)
    assert refused.status_code == 422 and "not-after-death" in refused.json()["unmet"], refused.text


async def test_no_journey_is_opened_after_a_known_death(programme: ServiceUnderTest) -> None:
    clinic, _, person_id = await in_one(programme)
    await programme.deliver(PersonDied(person_id=person_id, on=DIED))
    assert (await clinic.try_to_open(person_id, opened_on=AFTER)).json()["unmet"] == ["not-after-death"]
    assert (await clinic.try_to_open(person_id, decided_on=AFTER)).json()["unmet"] == ["not-after-death"]


async def test_an_imported_record_is_closed_over_all_its_weeks_after_a_death(programme: ServiceUnderTest) -> None:
    """Weekly results carry a week, not a date; 0051-3364 is such a record."""
    clinic, journey_id, person_id = await in_one(programme, "system", imported=True)
    assert (await clinic.start(journey_id, 2, "2025-06-20")).status_code == 200
    await clinic.leave(journey_id, 2, str(DIED), how="died")
    await programme.deliver(PersonDied(person_id=person_id, on=DIED))
    closing = {"stage": 2, "results": [{"week": 24, "result": "missing"}], "closes_record": True}
    assert (await clinic.send("PUT", f"/journeys/{journey_id}/observations", closing)).status_code == 200
    late = {"scores": [{"on": AFTER, "score": 1}]}
    refused = await clinic.send("PUT", f"/journeys/{journey_id}/withdrawal-scores", late)
    assert refused.json()["unmet"] == ["not-after-death"]


async def test_a_reversed_death_lets_stages_start_again(programme: ServiceUnderTest) -> None:
    clinic, journey_id, person_id = await in_one(programme)
    await clinic.leave(journey_id, 1, str(DIED), how="died")
    await programme.deliver(PersonDied(person_id=person_id, on=DIED))
    assert (await clinic.start(journey_id, 2, "2025-08-01")).json()["unmet"] == ["not-after-death"]
    await programme.deliver(PersonDeathReversed(person_id=person_id))
    assert (await clinic.start(journey_id, 2, "2025-08-01")).status_code == 200
    assert (await clinic.try_to_open(person_id, opened_on="2025-08-02")).status_code == 201


@pytest.mark.parametrize("told_by", ["referral", "both"])
async def test_the_weeks_that_a_death_stopped_pass_again_once_it_is_reversed(programme: ServiceUnderTest, told_by: str) -> None:
    programme.now = datetime(2025, 6, 12, 9, tzinfo=UTC)
    clinic, journey_id, person_id = await in_one(programme)
    await clinic.send("PUT", f"/journeys/{journey_id}/stages/1/leaving", {"left_on": "2025-06-11", "how": "dropped-out"})
    assert (await clinic.start(journey_id, 2, "2025-06-12")).status_code == 200
    weeks = {"stage": 2, "results": [{"week": 1, "result": "negative"}]}
    assert (await clinic.send("PUT", f"/journeys/{journey_id}/observations", weeks)).status_code == 200
    if told_by == "both":
        await clinic.leave(journey_id, 2, "2025-06-12", how="died")
    await programme.deliver(PersonDied(person_id=person_id, on=date(2025, 6, 12)))
    await programme.run_deadlines(datetime(2025, 7, 10, tzinfo=UTC))
    assert await programme.fetch("SELECT * FROM deadline") == []
    programme.now = datetime(2025, 8, 5, tzinfo=UTC)
    await programme.deliver(PersonDeathReversed(person_id=person_id))
    assessed = [event for event in await programme.appended() if isinstance(event, RelapseAssessed)]
    assert {event.definition for event in assessed} >= {"dropout-4-missing"}, "weeks 2 to 5 were closed without a result"
    assert await programme.run_deadlines(programme.now + timedelta(weeks=1)) == 1
