"""Emergency access: a reason, 24 hours, told to who registered the person and to the person, and reviewed.

Source: issue of rights, section 2.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.events.referral import EmergencyAccessGiven
from shared.identity import Caller
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    NOW,
    STRANGER,
    a_given_consent,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    handed_over,
    opened,
    started,
    stay,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

REASON = {"reason": "unconscious, allergies unknown"}


async def a_holder(service: ServiceUnderTest) -> tuple[UUID, UUID]:
    """The centre accepted the person and has it now."""
    await an_entry(service, CENTRE)
    person = await a_registered(service)
    asked = await a_request(service, person, to_organisation_id=str(CENTRE))
    assert await change(service, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await taken(service, person, coordinator(CENTRE))).status_code == 404, "an acceptance alone opens no name"
    await service.deliver(opened(person), started(person, 2, CENTRE))
    return person, asked


async def taken(service: ServiceUnderTest, person: UUID, caller: Caller, **fields: Any) -> Any:
    return await service.call("POST", f"/persons/{person}/emergency-access", caller, json=REASON | fields)


async def identity(service: ServiceUnderTest, person: UUID) -> Any:
    return (await service.call("GET", f"/persons/{person}", coordinator(CENTRE))).json()["identity"]


async def test_who_has_the_case_sees_the_name_for_a_day(referral: ServiceUnderTest) -> None:
    person, _ = await a_holder(referral)
    assert await identity(referral, person) is None
    answer = await taken(referral, person, a_caller("clinician", CENTRE))
    assert answer.status_code == 201
    shown = await identity(referral, person)
    assert shown["name"] == "0051-0123" and "emergency" in shown["notice"]
    (told,) = [event for event in await referral.appended() if isinstance(event, EmergencyAccessGiven)]
    assert (told.organisation_id, told.until) == (CENTRE, NOW + timedelta(hours=24))
    assert "unconscious" not in told.model_dump_json()
    (disclosed,) = (await referral.call("GET", f"/persons/{person}/disclosures", the_person(person))).json()["items"]
    assert (disclosed["emergency_access_id"], disclosed["consent_id"]) == (answer.json()["id"], None)
    audited = await referral.fetch("SELECT action FROM audit WHERE subject_id = $1 AND action = 'emergency-access'", person)
    assert len(audited) == 1
    assert "emergency-ends" in await deadlines(referral)
    referral.now = NOW + timedelta(hours=24)
    assert await identity(referral, person) is None
    assert await referral.run_deadlines() == 1
    assert "emergency-ends" not in await deadlines(referral)


async def test_it_is_listed_for_review_by_who_registered_the_person_and_the_person(referral: ServiceUnderTest) -> None:
    person, _ = await a_holder(referral)
    access = (await taken(referral, person, coordinator(CENTRE))).json()["id"]
    path = f"/emergency-accesses/{access}/review"
    for caller in (coordinator(CLINIC), the_person(person)):
        (listed,) = (await referral.call("GET", "/emergency-accesses", caller)).json()["items"]
        assert (listed["reason"], listed["organisation_id"], listed["reviewed_at"]) == (REASON["reason"], str(CENTRE), None)
    for caller in (coordinator(CENTRE), coordinator(STRANGER), the_person(UUID(int=5))):
        assert (await referral.call("GET", "/emergency-accesses", caller)).json()["items"] == []
        assert (await referral.call("POST", path, caller, json={})).status_code == 404
    finding = {"justified": False, "finding": "the person could be asked"}
    assert (await referral.call("POST", path, coordinator(CLINIC), json=finding)).status_code == 200
    again = await referral.call("POST", path, the_person(person), json={})
    assert (again.status_code, again.json()["unmet"]) == (422, ["not-reviewed-before"])
    (listed,) = (await referral.call("GET", "/emergency-accesses", the_person(person))).json()["items"]
    assert (listed["justified"], listed["finding"]) == (False, "the person could be asked")


async def test_it_needs_the_case_and_a_reason(referral: ServiceUnderTest) -> None:
    """Who is only asked, who had the person before and who registered it cannot; nor is there anything to override under a consent."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert (await taken(referral, person, coordinator(CENTRE))).status_code == 404
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await taken(referral, person, coordinator(CENTRE), reason="")).status_code == 422
    await referral.deliver(*handed_over(person, STRANGER, CENTRE))
    for caller in (coordinator(STRANGER), coordinator(CLINIC)):
        assert (await taken(referral, person, caller)).status_code == 404
    for caller in (a_caller("system", CENTRE), a_caller("trainer", CENTRE), the_person(person)):
        assert (await taken(referral, person, caller)).status_code == 403
    assert (await a_given_consent(referral, person)).status_code == 201
    refused = await taken(referral, person, coordinator(CENTRE))
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["without-a-consent"])


async def test_it_ends_with_the_case(referral: ServiceUnderTest) -> None:
    """The stay was another person's, and its referral is cancelled."""
    person, asked = await a_holder(referral)
    assert (await taken(referral, person, coordinator(CENTRE))).status_code == 201
    await referral.deliver(stay(person, 2, CENTRE, None))
    assert (await identity(referral, person)) is None
    assert await change(referral, asked, "cancelled", coordinator(CLINIC), "other") == 200
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))).json()["person"] is None


async def test_it_ends_when_another_has_the_person(referral: ServiceUnderTest) -> None:
    """Once its own stay has ended too: who had the person before still reads the pseudonym, and no name."""
    person = await a_registered(referral)
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    assert (await taken(referral, person, coordinator(CENTRE))).status_code == 201
    assert (await identity(referral, person))["name"] == "0051-0123"
    await referral.deliver(completed(person, 2, organisation_id=CENTRE), started(person, 3, STRANGER))
    assert await identity(referral, person) is None
