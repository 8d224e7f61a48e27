"""A relation comes only from a fact that somebody else made: referring on another's journey, to oneself, and answering oneself."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from shared.events import Event
from shared.events.referral import ReferralAnswered
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    a_registered,
    an_entry,
    change,
    coordinator,
    handed_over,
    left,
    opened,
    opened_on,
    started,
    statuses,
)
from tests.harness import ServiceUnderTest

SECOND, SECOND_WAY, CODES = UUID(int=300), "second-way", ("arrival", "work", "home")


def on_second(event: Any) -> Event:
    copied: Event = event.model_copy(update={"journey_id": SECOND})
    return copied


async def two_holders(service: ServiceUnderTest) -> UUID:
    """STRANGER was first in JOURNEY, which CENTRE holds since; it holds SECOND, on another pathway. CLINIC registered the person."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(service, organisation, stage=3)
    person = await a_registered(service)
    await service.deliver(*handed_over(person, STRANGER, CENTRE))
    await service.deliver(opened_on(SECOND_WAY, person, SECOND, CODES), on_second(started(person, 1, STRANGER)))
    return person


async def refer(service: ServiceUnderTest, person: UUID, by: UUID, to: UUID | None, **fields: Any) -> httpx2.Response:
    body = {"person_id": str(person), "stage": 3, "to_organisation_id": to and str(to), **fields}
    return await service.call("POST", "/referrals", coordinator(by), json=body)


@pytest.mark.parametrize("where", [{}, {"journey_id": str(JOURNEY)}, {"draft": True}, {"pathway": "addiction-rehabilitation"}])
@pytest.mark.parametrize("to", [STRANGER, CENTRE, None])
async def test_who_holds_another_journey_refers_on_this_one_to_nobody(referral: ServiceUnderTest, where: Any, to: UUID | None) -> None:
    person = await two_holders(referral)
    assert (await refer(referral, person, STRANGER, to, **where)).status_code == 404
    assert (await refer(referral, person, CENTRE, None, journey_id=str(JOURNEY))).status_code == 201


async def test_on_its_own_pathway_and_on_one_that_nobody_holds_it_refers(referral: ServiceUnderTest) -> None:
    person = await two_holders(referral)
    assert (await refer(referral, person, STRANGER, None, journey_id=str(SECOND))).status_code == 201
    assert (await refer(referral, person, CENTRE, None, pathway=SECOND_WAY)).status_code == 404
    assert (await refer(referral, person, CENTRE, None, pathway="third-way")).status_code == 201


async def test_a_draft_is_sent_only_by_who_has_the_person_there(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    draft = UUID((await refer(referral, person, CLINIC, None, draft=True)).json()["id"])
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    await referral.deliver(opened_on(SECOND_WAY, person, SECOND, CODES))
    assert await change(referral, draft, "requested", coordinator()) == 404


async def test_nobody_refers_to_itself_but_for_its_own_next_stage(referral: ServiceUnderTest) -> None:
    """Source: issue of lives, section 2."""
    await an_entry(referral, CLINIC, stage=1)
    await an_entry(referral, CENTRE, stage=3)
    person = await a_registered(referral)
    early = await refer(referral, person, CLINIC, CLINIC, stage=1)
    assert (early.status_code, early.json()["unmet"]) == (422, ["own-next-stage"])
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    for where in ({}, {"journey_id": str(JOURNEY)}):
        mended = await refer(referral, person, CENTRE, CENTRE, **where)
        assert mended.status_code == 201, mended.text
    assert "own-next-stage" in (await refer(referral, person, CENTRE, CENTRE, stage=4)).json()["unmet"]
    assert await change(referral, UUID(mended.json()["id"]), "accepted", coordinator(CENTRE)) == 200
    (told,) = [event for event in await referral.appended() if isinstance(event, ReferralAnswered) and event.stage == 3]
    assert told.by_sender
    await referral.deliver(started(person, 3))
    assert (3, "in-progress", CENTRE) in await statuses(referral, person)


async def test_who_dropped_out_comes_back_to_the_same_stage(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(*handed_over(person, CLINIC, CENTRE), left(person, 2, "dropped-out"))
    assert (await refer(referral, person, CENTRE, CENTRE, stage=2, journey_id=str(JOURNEY))).status_code == 201


async def test_an_answer_to_oneself_gives_no_relation(referral: ServiceUnderTest) -> None:
    """What was open to any is accepted by its sender while it has the person, and is nothing to it afterwards."""
    await an_entry(referral, CENTRE, stage=3)
    await an_entry(referral, STRANGER, stage=3)
    person = await a_registered(referral)
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    asked = UUID((await refer(referral, person, CENTRE, None, journey_id=str(JOURNEY))).json()["id"])
    await referral.deliver(started(person, 4, STRANGER, on=referral.now.date()))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 422
    facts = await referral.fetch("SELECT relation FROM case_relation WHERE person_id = $1 AND organisation_id = $2", person, CENTRE)
    assert {row["relation"] for row in facts} == {"former-holder"}


async def test_what_was_accepted_of_oneself_ends_with_the_stay(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, stage=3)
    person = await a_registered(referral)
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    asked = UUID((await refer(referral, person, CENTRE, CENTRE, journey_id=str(JOURNEY))).json()["id"])
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await referral.deliver(started(person, 4, STRANGER))
    assert await change(referral, asked, "in-progress", coordinator(CENTRE)) in (404, 422)
    assert (await refer(referral, person, CENTRE, None, stage=5)).status_code == 404
    facts = await referral.fetch("SELECT relation FROM case_relation WHERE person_id = $1 AND organisation_id = $2", person, CENTRE)
    assert {row["relation"] for row in facts} == {"former-holder"}


async def test_a_journey_of_another_and_one_of_nobody_answer_alike(referral: ServiceUnderTest) -> None:
    person, other = await a_registered(referral), await a_registered(referral)
    await referral.deliver(opened(other))
    early = [await refer(referral, person, CLINIC, None, journey_id=str(journey)) for journey in (JOURNEY, uuid4())]
    assert [(answer.status_code, answer.json()["type"][-13:]) for answer in early] == [(409, "not-yet-known")] * 2
    await referral.fetch("INSERT INTO heard (topic, up_to) VALUES ('programme', $1)", referral.now + timedelta(minutes=1))
    late = [await refer(referral, person, CLINIC, None, journey_id=str(JOURNEY))]
    assert [(answer.status_code, answer.json()["unmet"]) for answer in late] == [(422, ["journey_id"])]
