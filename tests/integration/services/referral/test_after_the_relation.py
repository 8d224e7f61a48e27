"""What an organisation is told once its relation has ended: nothing of what it sent, and no kept answer."""

from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
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


async def test_who_has_no_relation_left_follows_nothing_that_it_sent(referral: ServiceUnderTest) -> None:
    """Its start was entered in error and its acceptance cancelled: neither the list nor the figures tell how it went on."""
    for organisation, stage in ((CENTRE, 2), (STRANGER, 3)):
        await an_entry(referral, organisation, stage=stage)
    person = await a_registered(referral)
    await referral.deliver(opened(person), started(person, 1, CLINIC), completed(person, 1))
    asked = await a_request(referral, person, journey_id=str(JOURNEY), to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await referral.deliver(started(person, 2))
    onward = await a_request(referral, person, coordinator(CENTRE), stage=3, journey_id=str(JOURNEY), to_organisation_id=str(STRANGER))
    assert await change(referral, onward, "accepted", coordinator(STRANGER)) == 200
    assert await followed(referral) == (1, 1)
    await referral.deliver(stay(person, 2, on=None))
    assert await change(referral, asked, "cancelled", coordinator(), "other") == 200
    assert await followed(referral) == (0, 0)


async def followed(service: ServiceUnderTest) -> tuple[int, int]:
    """How many referrals CENTRE lists as sent, and how many answered ones its figures count."""
    listed = (await service.call("GET", "/referrals?direction=out", coordinator(CENTRE))).json()["items"]
    counted = (await service.call("GET", "/motivations/acceptance", coordinator(CENTRE))).json()["items"]
    return len(listed), max((one["answered_without"] for one in counted), default=0)


async def test_kept_answers_end_with_the_acceptance(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    centre, question = coordinator(CENTRE), {"scope": "referral", "purpose": "allergies"}
    consents, held = f"/referrals/{asked}/consent-requests", {"to": "on-hold", "reason": "other"}
    early = await referral.call("POST", consents, centre, question, key="asked-early-1")
    again = await referral.call("POST", consents, centre, question, key="asked-early-1")
    assert (early.status_code, again.text) == (201, early.text)
    assert await change(referral, asked, "accepted", centre) == 200
    sent = [("POST", consents, question, "asked-late-01"), ("POST", f"/referrals/{asked}/status", held, "on-hold-0001")]
    for method, path, body, key in sent:
        assert (await referral.call(method, path, centre, body, key=key)).is_success
    assert await change(referral, asked, "cancelled", coordinator(), "other") == 200
    for method, path, body, key in [*sent, ("POST", consents, question, "asked-early-1")]:
        assert (await referral.call(method, path, centre, body, key=key)).status_code == 404
