"""A person has one holder on a pathway: who had it before keeps nothing, and what it asked for is the present holder's to end."""

from datetime import timedelta
from uuid import UUID, uuid4

from shared.events import Event
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    TODAY,
    a_given_consent,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    confirm,
    coordinator,
    opened,
    skipped,
    started,
    statuses,
    system,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

OTHER = UUID(int=7)
LATER = TODAY + timedelta(days=1)


async def has_case(service: ServiceUnderTest, person: UUID, organisation_id: UUID) -> bool:
    """Whether it may refer the person: it has the case now."""
    body = {"person_id": str(person), "stage": 5, "source": "3", "draft": True, "journey_id": None}
    answer = await service.call("POST", "/referrals", coordinator(organisation_id), json=body)
    assert answer.status_code in (201, 404), answer.text
    return answer.status_code == 201


def elsewhere(event: Event) -> Event:
    return event.model_copy(update={"journey_id": OTHER})


async def test_who_goes_on_in_another_journey_leaves_the_holder_of_the_one_before(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC), completed(person, 1, organisation_id=CLINIC))
    assert await has_case(referral, person, CLINIC)
    by_acceptance = opened(person, OTHER, STRANGER).model_copy(update={"by_acceptance": True})
    await referral.deliver(by_acceptance, elsewhere(started(person, 1, STRANGER, on=LATER)))
    assert [await has_case(referral, person, one) for one in (CLINIC, STRANGER)] == [False, True]
    assert (await referral.call("POST", f"/persons/{person}/emergency-access", coordinator(), json={"reason": "x"})).status_code == 404


async def test_a_stay_that_goes_on_and_a_journey_on_another_pathway_keep_their_holder(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC), opened(person, OTHER, STRANGER))
    await referral.deliver(elsewhere(started(person, 1, STRANGER, on=LATER)))
    assert [await has_case(referral, person, one) for one in (CLINIC, STRANGER)] == [True, True]
    prison = await a_registered(referral, uuid4())
    other = opened(prison, UUID(int=8), STRANGER).model_copy(update={"pathway": "prison-reintegration"})
    begun = started(prison, 1, STRANGER, on=LATER).model_copy(update={"journey_id": other.journey_id})
    await referral.deliver(opened(prison, UUID(int=9)), other, begun)
    assert [await has_case(referral, prison, one) for one in (CLINIC, STRANGER)] == [True, True]


async def test_an_opener_leaves_a_person_that_started_elsewhere_on_the_pathway(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person))
    assert await has_case(referral, person, CLINIC)
    await referral.deliver(opened(person, OTHER, STRANGER), elsewhere(started(person, 1, STRANGER, on=LATER)))
    assert [await has_case(referral, person, one) for one in (CLINIC, STRANGER)] == [False, True]
    await referral.deliver(elsewhere(completed(person, 1, organisation_id=STRANGER)))
    assert [await has_case(referral, person, one) for one in (CLINIC, STRANGER)] == [False, True]


async def test_what_one_does_in_its_own_journey_leaves_what_another_accepted_without_one(referral: ServiceUnderTest) -> None:
    """Neither a start, nor a skip, nor the end of a stay there."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await referral.deliver(opened(person, OTHER, STRANGER).model_copy(update={"by_acceptance": True}))
    for event in (started(person, 2, STRANGER), completed(person, 2, organisation_id=STRANGER)):
        await referral.deliver(elsewhere(event))
        assert (2, "accepted", CENTRE) in await statuses(referral, person)
    await referral.deliver(elsewhere(skipped(person, 2)))
    assert (2, "accepted", CENTRE) in await statuses(referral, person)
    await referral.deliver(opened(person), started(person, 2, CENTRE))
    assert (2, "in-progress", CENTRE) in await statuses(referral, person)
    await referral.deliver(elsewhere(completed(person, 2, organisation_id=STRANGER)))
    assert (2, "in-progress", CENTRE) in await statuses(referral, person)
    await referral.deliver(completed(person, 2))
    assert (2, "completed", CENTRE) in await statuses(referral, person)


async def test_the_holder_and_the_person_end_what_a_former_holder_asked_for(referral: ServiceUnderTest) -> None:
    await an_entry(referral, STRANGER, 3)
    assert await confirm(referral, STRANGER, [3, 4]) == 200
    person = await a_registered(referral)
    asked = [await a_request(referral, person, stage=stage, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY)) for stage in (3, 4)]
    for one in asked:
        assert await change(referral, one, "accepted", coordinator(STRANGER)) == 200
    assert await change(referral, asked[0], "cancelled", coordinator(CENTRE), "other") == 404
    await referral.deliver(started(person, 2))
    assert await change(referral, asked[0], "entered-in-error", coordinator(CENTRE), "other") == 422
    assert await change(referral, asked[0], "cancelled", coordinator(CENTRE), "other") == 200
    assert await change(referral, asked[1], "cancelled", the_person(uuid4()), "other") == 404
    assert await change(referral, asked[1], "cancelled", the_person(person), "other") == 200
    shown = (await referral.call("GET", f"/referrals/{asked[1]}", the_person(person))).json()
    assert shown["history"][-1]["actor"] == "deciding"


async def test_the_holder_goes_on_with_what_a_former_holder_asked_for(referral: ServiceUnderTest) -> None:
    for organisation in (CLINIC, STRANGER):
        await an_entry(referral, organisation, 3)
    person = await a_registered(referral)
    asked = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY))
    await referral.deliver(started(person, 2))
    to_another = {"stage": 3, "to_organisation_id": str(CLINIC), "journey_id": str(JOURNEY)}
    assert await a_request(referral, person, coordinator(CENTRE), **to_another) == asked
    assert (3, "requested", CLINIC) in await statuses(referral, person)
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(STRANGER))).status_code == 404
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))).json()["person_id"] == str(person)


async def test_a_draft_of_another_serves_no_request(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    draft = await a_request(referral, person, draft=True, journey_id=str(JOURNEY))
    await referral.deliver(started(person, 1))
    body = {"person_id": str(person), "stage": 2, "source": "3", "journey_id": str(JOURNEY)}
    mine = await referral.call("POST", "/referrals", the_person(person), json=body)
    assert mine.status_code in (403, 422)
    assert (await referral.fetch("SELECT status FROM referral WHERE referral_id = $1", draft))[0]["status"] == "draft"


async def test_an_acceptance_counts_while_the_registry_confirms_who_accepted(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    path = f"/persons/{person}"
    assert (await referral.call("GET", path, coordinator(CENTRE))).status_code == 200
    withdrawn = {"confirmed": False}
    answer = await referral.call("PUT", f"/organisations/{CENTRE}/confirmation", a_caller("ministry"), json=withdrawn)
    assert answer.status_code == 200, answer.text
    assert (await referral.call("GET", path, coordinator(CENTRE))).status_code == 404
    assert await confirm(referral, CENTRE, [2]) == 200
    assert (await referral.call("GET", path, coordinator(CENTRE))).status_code == 200


async def test_a_consent_ends_with_the_one_by_which_its_discloser_knew(referral: ServiceUnderTest) -> None:
    """Two that let each other know cannot keep the name between them."""
    for organisation, stage in ((CENTRE, 2), (STRANGER, 3)):
        await an_entry(referral, organisation, stage)
    person = await a_registered(referral)
    for organisation, stage in ((CENTRE, 2), (STRANGER, 3)):
        asked = await a_request(referral, person, stage=stage, to_organisation_id=str(organisation))
        assert await change(referral, asked, "accepted", coordinator(organisation)) == 200
    first = (await a_given_consent(referral, person, until="2026-06-30")).json()["id"]
    there = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER)}
    back = {"discloser_organisation_id": str(STRANGER), "to_organisation_id": str(CENTRE)}
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **there)).status_code == 201
    assert (await a_given_consent(referral, person, coordinator(STRANGER), **back)).status_code == 201
    shown = (await referral.call("GET", f"/persons/{person}/consents", coordinator())).json()["items"]
    assert {one["until"] for one in shown} == {"2026-06-30"}
    assert (await referral.call("POST", f"/persons/{person}/consents/{first}/revocation", coordinator(), json={})).status_code == 200
    for organisation in (CENTRE, STRANGER):
        assert (await referral.call("GET", f"/persons/{person}", coordinator(organisation))).json()["identity"] is None
    assert [type(event).__name__ for event in await referral.appended()].count("ConsentRevoked") == 3


async def test_a_record_of_the_past_declares_nobody_dead_who_lives_on_a_journey_of_today(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await referral.deliver(opened(person), opened(person, OTHER, imported=True))
    said = {"on": TODAY.isoformat(), "imported": True}
    refused = await referral.call("PUT", f"/persons/{person}/death", system(), json=said)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["imported-by-a-system"])
