"""What an undoing leaves alone: the day of an acceptance, and the wait of who was turned down."""

from datetime import timedelta
from uuid import uuid4

from shared.events.programme import RelapseRecorded, RelapseWithdrawn
from shared.events.referral import ReferralAnswered
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    NOW,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    opened,
    started,
    stay,
)
from tests.harness import ServiceUnderTest


async def test_an_acceptance_in_time_stays_one_however_often_a_start_is_taken_back(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person))
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    for days in (30, 31):
        referral.now = NOW + timedelta(days=days)
        await referral.deliver(started(person, 2, CENTRE))
        await referral.deliver(stay(person, 2, CENTRE, None))
    answers = [event for event in await referral.appended() if isinstance(event, ReferralAnswered)]
    assert [answer.in_time for answer in answers] == [True, True, True]


async def test_a_refuted_relapse_of_a_planned_stage_ends_nobody_elses_wait(referral: ServiceUnderTest) -> None:
    """Who was turned down for the stage still waits for it."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC), completed(person, 1, to=CENTRE))
    (asked,) = [row["referral_id"] for row in await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)]
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    place = {"person_id": person, "relapse_id": uuid4(), "journey_id": JOURNEY, "stage": 1, "spell": 1}
    await referral.deliver(RelapseRecorded(**place, reopens=2))
    await referral.deliver(RelapseWithdrawn(**place, takes_back=2, is_last=True))
    waits = await referral.fetch("SELECT kind FROM deadline WHERE subject_id = $1", asked)
    assert [row["kind"] for row in waits] == ["handover-due"]
