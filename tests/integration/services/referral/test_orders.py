"""Orders of events and commands that could strand a referral or give a right away: two at once, late, the journey heard last."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.delivery import inbox
from shared.events import Event
from shared.events.programme import JourneyCorrected
from shared.events.referral import ReferralAnswered, ReferralOpened
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    NOW,
    STRANGER,
    TODAY,
    a_registered,
    a_request,
    a_request_from_before,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    opened,
    opened_on,
    relapse,
    skipped,
    started,
    statuses,
    system,
)
from tests.eventually import eventually
from tests.harness import ServiceUnderTest

WAITS = "SELECT 1 FROM pg_locks WHERE NOT granted"


async def command_during(service: ServiceUnderTest, event: Event, command: Awaitable[object]) -> None:
    """The command comes while the transaction that heard the event is not committed yet."""
    heard, answered = asyncio.Event(), asyncio.Event()

    async def answered_or_waiting() -> bool:
        return answered.is_set() or bool(await service.fetch(WAITS))

    async def hear() -> None:
        async with service.worker.transaction() as tx:
            await inbox.apply(tx, [service.envelope(event)], service.service.handlers)
            heard.set()
            await eventually(answered_or_waiting)

    async def ask() -> None:
        await heard.wait()
        await command
        answered.set()

    await asyncio.gather(hear(), ask())


async def test_a_request_made_while_the_start_is_heard_is_in_progress(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3; mission row OUR-01."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await command_during(referral, started(person, 2), a_request(referral, person, to_organisation_id=str(CENTRE)))
    assert await statuses(referral, person) == [(2, "in-progress", CENTRE)]
    assert await deadlines(referral) == []


async def test_a_death_recorded_while_a_completion_is_heard_leaves_nothing_open(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3 (who reads a root's rule locks it)."""
    person = await a_registered(referral)
    death = referral.call("POST", f"/persons/{person}/death/confirmation", coordinator(), json={})
    assert (await referral.call("PUT", f"/persons/{person}/death", coordinator(sub="first"), json={"on": "2026-03-01"})).status_code == 200
    await command_during(referral, completed(person, 1), death)
    assert await statuses(referral, person) == [(2, "cancelled", None)]
    assert await deadlines(referral) == []


async def test_a_batch_of_many_persons_and_commands_the_other_way_round_wait_for_each_other(referral: ServiceUnderTest) -> None:
    """Nobody is a deadlock's victim: a command locks one person, first of all. Source: delivery section 2 (lock order)."""
    await an_entry(referral, CENTRE)
    persons = [await a_registered(referral) for _ in range(12)]
    for person in persons:
        await a_request(referral, person, to_organisation_id=str(CENTRE))
        await referral.deliver(opened(person, uuid4(), imported=True))
    facts = [event for person in persons for event in (started(person, 2), completed(person, 2, organisation_id=CENTRE))]
    said = {"on": "2026-03-01", "imported": True}
    deaths = [referral.call("PUT", f"/persons/{p}/death", system(), json=said) for p in reversed(persons)]
    _, answers = await asyncio.gather(referral.deliver(*facts), asyncio.gather(*deaths))
    assert {answer.status_code for answer in answers} == {200}
    found = [status for person in persons for _, status, _ in await statuses(referral, person)]
    assert set(found) <= {"completed", "cancelled"}


async def test_a_referral_ends_with_its_person_locked(referral: ServiceUnderTest) -> None:
    """What it kept from being open may be open again: a handler that has the person waits for no referral that waits for it."""
    person = await a_registered(referral)
    asked = await a_request(referral, person)
    await referral.deliver(opened(person))
    another_day = JourneyCorrected(person_id=person, journey_id=JOURNEY, organisation_id=CLINIC, opened_on=TODAY - timedelta(days=3))
    seen = []

    async def cancel() -> None:
        assert await change(referral, asked, "cancelled", coordinator(), "other") == 200
        seen.extend(await referral.fetch("SELECT opened_on FROM journey"))

    await command_during(referral, another_day, cancel())
    assert [row["opened_on"] for row in seen] == [another_day.opened_on], "the command waited until it was heard"


async def test_a_draft_sent_after_the_start_was_heard_is_in_progress(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(started(person, 2))
    draft = await a_request(referral, person, to_organisation_id=str(CENTRE), draft=True)
    assert await change(referral, draft, "requested", coordinator()) == 200
    assert await statuses(referral, person) == [(2, "in-progress", CENTRE)]


async def test_what_is_heard_late_is_not_judged_late(referral: ServiceUnderTest) -> None:
    """The worker was away for ten days; the start was recorded in time. Source: delivery section 6, mission row 002-22."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await a_request(referral, person, to_organisation_id=str(CENTRE))
    in_time = referral.envelope(started(person, 2))
    referral.now = NOW + timedelta(days=10)
    await referral.deliver_again(in_time)
    assert [e.in_time for e in await referral.appended() if isinstance(e, ReferralAnswered)] == [True]


async def test_the_handover_limit_runs_from_the_completion(referral: ServiceUnderTest) -> None:
    """However late it is heard. Source: delivery section 6 (obligations run from what was recorded)."""
    heard = referral.envelope(completed(await a_registered(referral), 1))
    referral.now = NOW + timedelta(days=10)
    await referral.deliver_again(heard)
    (row,) = await referral.fetch("SELECT due_at FROM deadline WHERE kind = 'handover-due'")
    assert row["due_at"] == datetime.fromisoformat("2026-03-24T00:00:00Z")


@pytest.mark.parametrize("journey_heard", ["before", "after"])
async def test_a_request_for_an_imported_journey_sets_no_deadlines(referral: ServiceUnderTest, journey_heard: str) -> None:
    """Also one from before, when a command might name a journey that was not heard of. Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    if journey_heard == "before":
        await referral.deliver(opened(person, imported=True))
        await a_request(referral, person, system(), to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    else:
        await a_request_from_before(referral, person, JOURNEY)
        await referral.deliver(opened(person, imported=True))
    assert await deadlines(referral) == []
    (row,) = await referral.fetch("SELECT due_on, imported FROM referral")
    assert tuple(row) == (None, True)


async def test_a_request_made_while_its_journey_is_heard_is_of_the_journeys_pathway(referral: ServiceUnderTest) -> None:
    """Neither misses the other. Source: contracts section 3."""
    person = await a_registered(referral)
    event = opened_on("return-from-prison", person, JOURNEY, ("arrival", "work"))
    body = {"person_id": str(person), "stage": 2, "journey_id": str(JOURNEY)}
    await command_during(referral, event, referral.call("POST", "/referrals", coordinator(), json=body))
    (row,) = await referral.fetch("SELECT pathway, stage_code FROM referral")
    assert tuple(row) == ("return-from-prison", "work")


async def test_an_imported_completion_takes_the_clocks_off_the_request_it_meets(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await a_request(referral, person, system(), to_organisation_id=str(CENTRE))
    await referral.deliver(completed(person, 1, imported=True))
    assert await deadlines(referral) == []


async def test_a_draft_of_another_organisation_keeps_nobody_waiting(referral: ServiceUnderTest) -> None:
    """A draft asks nobody: the completion asks. Source: mission rows 002-15, OUR-01."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, STRANGER)
    await a_request(referral, person, coordinator(STRANGER), to_organisation_id=str(CENTRE), draft=True)
    await referral.deliver(completed(person, 1))
    assert await statuses(referral, person) == [(2, "entered-in-error", CENTRE), (2, "requested", None)]
    assert await deadlines(referral) == ["answer-due", "handover-due"]


async def test_a_request_of_another_organisation_gets_the_handovers_limit(referral: ServiceUnderTest) -> None:
    """It stays as it is, and is not started one day too late without anybody hearing of it. Source: mission row OUR-01."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, STRANGER)
    await a_request(referral, person, coordinator(STRANGER), to_organisation_id=str(CENTRE))
    assert await deadlines(referral) == ["answer-due"]
    await referral.deliver(completed(person, 1))
    assert await statuses(referral, person) == [(2, "requested", CENTRE)]
    assert await deadlines(referral) == ["answer-due", "handover-due"]


async def test_five_definitions_met_in_one_stay_open_one_referral(referral: ServiceUnderTest) -> None:
    """Each delivered twice, some told as reopening too. Source: mission row 002-46."""
    person = await a_registered(referral)
    await referral.deliver(started(person, 2), completed(person, 2, organisation_id=CENTRE))
    five = [relapse(person, 2, reopens) for reopens in (2, None, None, 2, None)]
    envelopes = await referral.deliver(*five)
    await referral.deliver_again(*envelopes)
    assert await statuses(referral, person) == [(3, "requested", None), (2, "requested", None)]
    assert [e.stage for e in await referral.appended() if isinstance(e, ReferralOpened)] == [3, 2]


async def test_a_stage_skipped_on_one_journey_leaves_the_request_of_another(referral: ServiceUnderTest) -> None:
    """Source: mission rows 000-66, OUR-01."""
    person, other = await a_registered(referral), uuid4()
    await referral.deliver(completed(person, 1), skipped(person, 2).model_copy(update={"journey_id": other}))
    assert await statuses(referral, person) == [(2, "requested", None)]


async def test_a_request_cannot_name_the_journey_of_somebody_else(referral: ServiceUnderTest) -> None:
    """Who accepts a referral may act on its journey. Source: privacy section 1."""
    person, other = await a_registered(referral), await a_registered(referral)
    await referral.deliver(opened(other))
    body = {"person_id": str(person), "stage": 2, "journey_id": str(JOURNEY)}
    refused = await referral.call("POST", "/referrals", coordinator(), json=body)
    assert (refused.status_code, refused.json()["type"][-13:]) == (409, "not-yet-known"), "as of one that nobody has"


async def test_today_is_today_in_the_clinics_night(referral: ServiceUnderTest) -> None:
    """Two in the morning in Toshkent is the day before in UTC; what happened today is not refused as future."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    referral.now = datetime.fromisoformat("2026-03-02T21:00:00Z")
    consent = {"scope": "referral", "discloser_organisation_id": str(CLINIC), "to_organisation_id": str(CENTRE), "purpose": "treatment"}
    consent |= {"given_on": "2026-03-03", "how": "written"}
    commands: list[tuple[str, str, UUID, dict[str, str]]] = [
        ("POST", f"/persons/{person}/consents", person, consent),
        ("PUT", f"/persons/{person}/death", person, {"on": "2026-03-03"}),
    ]
    for method, path, _, body in commands:
        answer = await referral.call(method, path, coordinator(), json=body)
        assert answer.status_code < 300, answer.text
    later = {"on": "2026-03-04"}
    assert (await referral.call("PUT", f"/persons/{person}/death", coordinator(), json=later)).status_code == 422
