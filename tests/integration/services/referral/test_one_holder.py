"""A person has one holder on a pathway: who had it before keeps nothing, and what it asked for is the present holder's to end."""

from dataclasses import replace
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
    left,
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


async def has_case(service: ServiceUnderTest, person: UUID, organisation_id: UUID, pathway: str = "addiction-rehabilitation") -> bool:
    """Whether it may refer the person on the pathway: it has the case there now, be there another's draft or not."""
    body = {"person_id": str(person), "stage": 5, "source": "3", "draft": True, "journey_id": None, "pathway": pathway}
    answer = await service.call("POST", "/referrals", coordinator(organisation_id), json=body)
    assert answer.status_code in (201, 422, 404), answer.text
    return answer.status_code != 404


async def held(service: ServiceUnderTest, organisation_id: UUID) -> list[tuple[str, str]]:
    """What is open for whom it holds, as (referral, person)."""
    items = (await service.call("GET", "/referrals?direction=held", coordinator(organisation_id))).json()["items"]
    return sorted((one["id"], one["person_id"]) for one in items)


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
    assert [await has_case(referral, prison, one) for one in (CLINIC, STRANGER)] == [True, False]
    assert [await has_case(referral, prison, one, "prison-reintegration") for one in (CLINIC, STRANGER)] == [False, True]


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
    assert await held(referral, CENTRE) == []
    await referral.deliver(started(person, 2))
    assert await held(referral, CENTRE) == sorted((str(one), str(person)) for one in asked)
    assert await held(referral, CLINIC) == []
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


async def test_the_holder_of_a_running_stay_takes_over_no_referral_of_it(referral: ServiceUnderTest) -> None:
    """Its end may be on its way; and who sent it goes on seeing it."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    await referral.deliver(started(person, 2))
    body = {"person_id": str(person), "stage": 2, "source": "3", "journey_id": str(JOURNEY)}
    assert (await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)).status_code == 409
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator())).json()["status"] == "in-progress"


async def test_a_holder_on_another_pathway_ends_nothing_and_goes_on_with_nothing(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, 3)
    person = await a_registered(referral)
    asked = await a_request(referral, person, stage=3, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    other = opened(person, OTHER, STRANGER).model_copy(update={"pathway": "prison-reintegration"})
    await referral.deliver(other, elsewhere(started(person, 1, STRANGER, on=LATER)))
    body = {"person_id": str(person), "stage": 3, "source": "3", "journey_id": str(JOURNEY)}
    refused = await referral.call("POST", "/referrals", coordinator(STRANGER), json=body)
    assert refused.status_code == 404
    assert await change(referral, asked, "cancelled", coordinator(STRANGER), "other") == 404
    await an_entry(referral, CENTRE, 4)
    of_no_journey = await a_request(referral, person, stage=4, to_organisation_id=str(CENTRE))
    assert await change(referral, of_no_journey, "cancelled", coordinator(STRANGER), "other") == 404
    assert await held(referral, STRANGER) == []


async def test_a_draft_of_another_gives_way(referral: ServiceUnderTest) -> None:
    """It was told to nobody, and would keep the stage closed."""
    person = await a_registered(referral)
    draft = await a_request(referral, person, draft=True)
    asked = await referral.call("POST", "/self-referrals", the_person(person), json={"stage": 2})
    assert asked.status_code == 201, asked.text
    assert asked.json()["id"] != str(draft)
    assert [status for _, status, _ in await statuses(referral, person)] == ["entered-in-error", "requested"]


async def test_who_opened_by_an_acceptance_skips_what_it_was_asked_for(referral: ServiceUnderTest) -> None:
    """The person waits for the next stage, and is not left with a referral that nobody needs."""
    await an_entry(referral, CENTRE, 1)
    person = await a_registered(referral)
    asked = await a_request(referral, person, stage=1, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await referral.deliver(opened(person, JOURNEY, CENTRE).model_copy(update={"by_acceptance": True}), skipped(person, 1))
    assert await statuses(referral, person) == [(1, "cancelled", CENTRE), (2, "requested", None)]


async def test_a_stay_in_an_earlier_stage_keeps_the_person(referral: ServiceUnderTest) -> None:
    """Stages may overlap: the one started last ended, the one before goes on."""
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC), started(person, 2, CLINIC), left(person, 2, "other", None, CLINIC))
    await referral.deliver(opened(person, OTHER, STRANGER), elsewhere(started(person, 1, STRANGER, on=LATER)))
    assert [await has_case(referral, person, one) for one in (CLINIC, STRANGER)] == [True, True]


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


async def test_a_consent_shows_nothing_once_its_ground_shows_nothing(referral: ServiceUnderTest) -> None:
    """Who let the others know has no relation any more, though nobody revoked anything."""
    third = UUID(int=9)
    for organisation, stage in ((CENTRE, 2), (STRANGER, 3), (third, 4)):
        await an_entry(referral, organisation, stage)
    person = await a_registered(referral)
    asked = {}
    for organisation, stage in ((CENTRE, 2), (STRANGER, 3), (third, 4)):
        asked[organisation] = await a_request(referral, person, stage=stage, to_organisation_id=str(organisation))
        assert await change(referral, asked[organisation], "accepted", coordinator(organisation)) == 200
    for tells, hears in ((CLINIC, CENTRE), (CENTRE, STRANGER), (STRANGER, third)):
        between = {"discloser_organisation_id": str(tells), "to_organisation_id": str(hears)}
        assert (await a_given_consent(referral, person, coordinator(tells), **between)).status_code == 201
    assert (await referral.call("GET", f"/persons/{person}", coordinator(third))).json()["identity"] is not None
    assert await change(referral, asked[CENTRE], "cancelled", coordinator(), "other") == 200
    for organisation in (STRANGER, third):
        assert (await referral.call("GET", f"/persons/{person}", coordinator(organisation))).json()["identity"] is None


async def test_who_lost_the_person_takes_back_nothing_that_another_accepted(referral: ServiceUnderTest) -> None:
    """Neither before that one starts nor during its stay; its own unanswered request is still its own."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    await confirm(referral, STRANGER, [2, 3, 4])
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC))
    taken, waiting = [
        await a_request(referral, person, stage=stage, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY)) for stage in (3, 4)
    ]
    assert await change(referral, taken, "accepted", coordinator(STRANGER)) == 200
    await referral.deliver(started(person, 2, CENTRE, on=LATER))
    for to in ("cancelled", "entered-in-error"):
        assert await change(referral, taken, to, coordinator(CLINIC), "other") == 422
    assert await change(referral, waiting, "cancelled", coordinator(CLINIC), "other") == 200
    assert await change(referral, taken, "cancelled", coordinator(CENTRE), "other") == 200


async def test_who_lost_the_person_takes_back_no_referral_of_a_stay_that_ended(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral, uuid4())
    await an_entry(referral, STRANGER)
    await referral.deliver(opened(person), started(person, 1, CLINIC))
    sent = await a_request(referral, person, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY))
    assert await change(referral, sent, "accepted", coordinator(STRANGER)) == 200
    await referral.deliver(started(person, 2, STRANGER, on=LATER), completed(person, 2, organisation_id=STRANGER))
    assert await change(referral, sent, "entered-in-error", coordinator(CLINIC), "other") == 422


async def test_the_person_takes_back_what_it_asked_for_whatever_organisation_its_token_names(referral: ServiceUnderTest) -> None:
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral, uuid4())
    await referral.deliver(opened(person), started(person, 1, CLINIC))
    asked = await a_request(referral, person, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY))
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    await referral.fetch("UPDATE referral SET origin = 'self' WHERE referral_id = $1 RETURNING origin", asked)
    await referral.deliver(started(person, 3, CENTRE, on=LATER))
    own = replace(the_person(person), organisation_id=CLINIC)
    assert await change(referral, asked, "entered-in-error", own, "other") == 200
