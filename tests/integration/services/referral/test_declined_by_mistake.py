"""Who declined a referral by mistake takes that back, as if it had never declined. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID

import pytest

from shared.events.programme import JourneyCompleted
from shared.events.referral import ReferralAnswered, ReferralOpened
from tests.builders_correction import picture, three_organisations
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    TODAY,
    a_death,
    a_registered,
    a_request,
    change,
    coordinator,
    skipped,
    started,
)
from tests.harness import ServiceUnderTest


async def declined(service: ServiceUnderTest) -> tuple[UUID, UUID, dict[str, Any]]:
    """A person, the referral that CENTRE declined, and how all stood before."""
    await three_organisations(service)
    person = await a_registered(service)
    asked = await a_request(service, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    before = await picture(service, person)
    assert await change(service, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    return person, asked, before


async def test_as_if_never_declined(referral: ServiceUnderTest) -> None:
    """With its due day; the others are told of it anew, and it can be answered again."""
    person, asked, before = await declined(referral)
    assert await change(referral, asked, "requested", coordinator(CENTRE), "mistaken-or-duplicate") == 200
    assert await picture(referral, person) == before
    told = [type(event) for event in await referral.appended() if getattr(event, "referral_id", None) == asked]
    assert told == [ReferralOpened, ReferralAnswered, ReferralOpened]
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200


async def test_only_by_who_declined_and_with_a_reason(referral: ServiceUnderTest) -> None:
    _, asked, _ = await declined(referral)
    for organisation, reason, status in ((CLINIC, "other", 422), (STRANGER, "other", 404), (CENTRE, None, 422)):
        assert await change(referral, asked, "requested", coordinator(organisation), reason) == status


@pytest.mark.parametrize("what", ["another request", "a replacement that was cancelled", "a start", "a skip", "a completion", "a death"])
async def test_not_once_something_took_its_place(referral: ServiceUnderTest, what: str) -> None:
    person, asked, _ = await declined(referral)
    if what == "another request":
        await a_request(referral, person, journey_id=str(JOURNEY))
    elif what == "a replacement that was cancelled":
        other = await a_request(referral, person, replaces=str(asked))
        assert await change(referral, other, "cancelled", coordinator(), "other") == 200
    elif what == "a start":
        await referral.deliver(started(person, 2, STRANGER))
    elif what == "a skip":
        await referral.deliver(skipped(person, 2))
    elif what == "a completion":
        await referral.deliver(JourneyCompleted(person_id=person, journey_id=JOURNEY, completed_on=TODAY))
    else:
        await a_death(referral, person)
    body = {"to": "requested", "reason": "mistaken-or-duplicate"}
    answer = await referral.call("POST", f"/referrals/{asked}/status", coordinator(CENTRE), json=body)
    assert (answer.status_code, answer.json()["unmet"]) == (422, ["nothing-took-its-place"])
