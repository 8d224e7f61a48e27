"""Who still waits after nobody took the person, and who waits no more: what a hand-over's limit is for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.events.programme import DeathReported, JourneyCompleted
from shared.events.referral import HandoverOverdue
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    NOW,
    TODAY,
    a_death,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    left,
    registrar,
    skipped,
    started,
    statuses,
)
from tests.harness import ServiceUnderTest

HANDOVER_LATE = datetime(2026, 3, 24, tzinfo=UTC)


async def a_turned_down(service: ServiceUnderTest) -> UUID:
    """A person who completed stage 1 and whom CENTRE declined for stage 2."""
    await an_entry(service, CENTRE)
    person = await a_registered(service)
    asked = await a_request(service, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    await service.deliver(started(person, 1, CLINIC), completed(person, 1))
    assert await change(service, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    assert await deadlines(service) == ["handover-due"]
    return person


async def overdue(service: ServiceUnderTest) -> int:
    await service.run_deadlines(HANDOVER_LATE)
    return [type(e) for e in await service.appended()].count(HandoverOverdue)


async def test_nobody_is_told_that_the_dead_wait(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01: a rejected referral's limit ends with the person's death."""
    person = await a_turned_down(referral)
    await a_death(referral, person)
    assert await deadlines(referral) == []
    assert await overdue(referral) == 0


async def test_who_was_turned_down_for_a_skipped_stage_waits_for_the_following(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-01, OUR-01: nobody is lost between a rejection and a skipped stage."""
    person = await a_turned_down(referral)
    await referral.deliver(skipped(person, 2))
    assert await statuses(referral, person) == [(2, "rejected", CENTRE), (3, "requested", None)]
    assert await deadlines(referral) == ["answer-due", "handover-due"]


async def test_a_start_meets_the_limit_however_late_it_was_entered(referral: ServiceUnderTest) -> None:
    """It began before the referral was asked for and ended before the limit. Source: mission row OUR-01."""
    person = await a_turned_down(referral)
    begun = TODAY - timedelta(days=20)
    await referral.deliver(started(person, 2, on=begun))
    assert await deadlines(referral) == []
    await referral.deliver(left(person, 2, "dropped-out"))
    assert await overdue(referral) == 0


async def test_a_completed_journey_waits_for_nobody_who_declined(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-02."""
    person = await a_turned_down(referral)
    await referral.deliver(JourneyCompleted(person_id=person, journey_id=JOURNEY, completed_on=TODAY))
    assert await deadlines(referral) == []


async def test_who_accepted_and_then_failed_before_a_start_leaves_the_person_waiting(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01: only a start, or a decision of the sender, ends the wait."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert await change(referral, asked, "failed", coordinator(CENTRE), "could-not-contact") == 200
    assert await deadlines(referral) == ["handover-due"]
    assert await overdue(referral) == 1


async def test_neither_a_draft_nor_a_mistake_takes_the_place_of_a_rejected_one(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01."""
    person = await a_turned_down(referral)
    referral.now = NOW + timedelta(days=1)
    mistake = await a_request(referral, person, journey_id=str(JOURNEY))
    assert await change(referral, mistake, "entered-in-error", coordinator(), "mistaken-or-duplicate") == 200
    await a_request(referral, person, draft=True)
    assert await overdue(referral) == 1


async def test_a_stage_left_by_death_leaves_no_request_open(referral: ServiceUnderTest) -> None:
    """Once a second person confirmed it; no contact is told later that the dead wait. Source: standards section 2, issue of rights."""
    person = await a_registered(referral)
    await referral.deliver(started(person, 1, CLINIC), completed(person, 1), started(person, 3, CLINIC))
    await referral.deliver(left(person, 3, "died", organisation_id=CLINIC))
    await referral.deliver(DeathReported(person_id=person, on=TODAY, organisation_id=CLINIC))
    assert await statuses(referral, person) == [(2, "requested", None)]
    assert (await referral.call("POST", f"/persons/{person}/death/confirmation", coordinator(), json={})).status_code == 200
    assert await statuses(referral, person) == [(2, "cancelled", None)]
    assert await deadlines(referral) == []


async def test_places_counted_in_the_future_are_refused(referral: ServiceUnderTest) -> None:
    """They would keep every later count out. Source: mission row 000-62."""
    await an_entry(referral, CENTRE)
    for as_of, status in (("2099-01-01", 422), ("2026-03-02", 200)):
        body = {"places_free": 0, "as_of": as_of}
        answer = await referral.call("PUT", f"/organisations/{CENTRE}/services/2/places", registrar(CENTRE), json=body)
        assert answer.status_code == status, as_of
