"""What somebody accepted, declined or asked for stays when the fact behind it is corrected; its two sides are asked.

Source: issue of corrections, section 1.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.programme import JourneyCorrected, RelapseWithdrawn
from shared.events.referral import ReferralAnswered, ReferralClosed, ReferralOpened, ReferralStarted
from shared.identity import Caller
from tests.builders_correction import picture, three_organisations, told
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    PERSON,
    STRANGER,
    a_given_consent,
    a_registered,
    a_request,
    change,
    completed,
    coordinator,
    deadlines,
    left,
    opened,
    relapse,
    started,
    statuses,
    stay,
    the_person,
)
from tests.harness import ServiceUnderTest

P = PERSON
BEGUN = [opened(P), started(P, 1, CLINIC)]
NEXT = [*BEGUN, completed(P, 1, to=CENTRE)]
NO_END = stay(P, 1, CLINIC)


async def a_person(service: ServiceUnderTest, *events: Any) -> UUID:
    await three_organisations(service)
    person = await a_registered(service)
    await told(service, person, JOURNEY, events)
    return person


async def the_one(service: ServiceUnderTest, person: UUID, stage: int = 2) -> UUID:
    """The newest referral for the stage."""
    rows = await service.fetch(
        "SELECT referral_id FROM referral WHERE person_id = $1 AND stage = $2 ORDER BY opened_at DESC, referral_id DESC", person, stage
    )
    found: UUID = rows[0]["referral_id"]
    return found


async def accepted(service: ServiceUnderTest) -> tuple[UUID, UUID]:
    """A person and the referral that CENTRE accepted after CLINIC completed stage 1."""
    person = await a_person(service, *NEXT)
    asked = await the_one(service, person)
    assert await change(service, asked, "accepted", coordinator(CENTRE)) == 200
    return person, asked


async def basis(service: ServiceUnderTest, referral_id: UUID, caller: Caller) -> Any:
    return (await service.call("GET", f"/referrals/{referral_id}", caller)).json()["basis_withdrawn"]


async def in_doubt(service: ServiceUnderTest, caller: Caller, direction: str, said: str = "true") -> list[str]:
    answer = await service.call("GET", f"/referrals?direction={direction}&basis_withdrawn={said}", caller)
    return [item["id"] for item in answer.json()["items"]]


async def facts_of(service: ServiceUnderTest, referral_id: UUID, since: int = 0) -> list[type]:
    return [type(event) for event in (await service.appended())[since:] if getattr(event, "referral_id", None) == referral_id]


async def test_what_was_accepted_stays_and_both_sides_are_asked(referral: ServiceUnderTest) -> None:
    """Shown to both in GET and in the list; nothing is told to others, and its limit runs on."""
    person, asked = await accepted(referral)
    due, before = await deadlines(referral), await facts_of(referral, asked)
    await told(referral, person, JOURNEY, [NO_END, NO_END])
    assert await statuses(referral, person) == [(2, "accepted", CENTRE)]
    for caller, direction in ((coordinator(CLINIC), "out"), (coordinator(CENTRE), "in")):
        assert (await basis(referral, asked, caller))["what"] == "end-of-stay"
        assert await in_doubt(referral, caller, direction) == [str(asked)]
        assert await in_doubt(referral, caller, direction, "false") == []
    assert (await deadlines(referral), await facts_of(referral, asked)) == (due, before)


@pytest.mark.parametrize("organisation", [CLINIC, CENTRE])
async def test_either_side_cancels_it(referral: ServiceUnderTest, organisation: UUID) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [NO_END])
    assert await change(referral, asked, "cancelled", coordinator(organisation), "mistaken-or-duplicate") == 200
    assert await in_doubt(referral, coordinator(CENTRE), "in") == []


@pytest.mark.parametrize("organisation", [CLINIC, CENTRE])
async def test_either_side_says_that_it_goes_on(referral: ServiceUnderTest, organisation: UUID) -> None:
    """Again it answers the same, and it is somebody's wish from then on: a start taken back leaves it accepted."""
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [NO_END])
    for _ in range(2):
        answer = await referral.call("PUT", f"/referrals/{asked}/basis", coordinator(organisation), json={})
        assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert await basis(referral, asked, coordinator(CENTRE)) is None
    lines = await referral.fetch("SELECT reason FROM referral_history WHERE referral_id = $1 ORDER BY history_id", asked)
    assert [line["reason"] for line in lines][-2:] == ["basis-withdrawn", "goes-on-all-the-same"]
    await told(referral, person, JOURNEY, [started(P, 2), stay(P, 2, on=None)])
    assert await statuses(referral, person) == [(2, "accepted", CENTRE)]


async def test_others_say_nothing(referral: ServiceUnderTest) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [NO_END])
    for caller, status in ((coordinator(STRANGER), 404), (the_person(person), 403)):
        assert (await referral.call("PUT", f"/referrals/{asked}/basis", caller, json={})).status_code == status


@pytest.mark.parametrize(("to", "is_in_doubt"), [(CENTRE, False), (None, False), (STRANGER, True)])
async def test_a_later_completion_that_asks_for_it_again_is_its_basis(
    referral: ServiceUnderTest, to: UUID | None, is_in_doubt: bool
) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [NO_END, completed(P, 1, to=to)])
    assert await statuses(referral, person) == [(2, "accepted", CENTRE)]
    assert (await basis(referral, asked, coordinator(CENTRE)) is not None) == is_in_doubt


@pytest.mark.parametrize(("to", "is_in_doubt"), [(CENTRE, False), (None, False), (STRANGER, True)])
async def test_another_next_organisation_doubts_what_the_first_one_accepted(
    referral: ServiceUnderTest, to: UUID | None, is_in_doubt: bool
) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [stay(P, 1, CLINIC, how="completed", next_organisation_id=to)])
    assert (await basis(referral, asked, coordinator(CENTRE)) is not None) == is_in_doubt


async def test_a_start_that_was_none_after_an_acceptance(referral: ServiceUnderTest) -> None:
    """Accepted again, with its limit; who accepted has what that gives; the others are told so."""
    person, asked = await accepted(referral)
    before = await picture(referral, person)
    await told(referral, person, JOURNEY, [started(P, 2)])
    since = len(await referral.appended())
    await told(referral, person, JOURNEY, [stay(P, 2, on=None)])
    assert await picture(referral, person) == before
    assert await facts_of(referral, asked, since) == [ReferralOpened, ReferralAnswered]


async def test_a_start_that_was_none_tells_that_nobody_accepted(referral: ServiceUnderTest) -> None:
    """Where the start had accepted it, that acceptance is ended for everybody who heard of it."""
    person = await a_person(referral, *NEXT, started(P, 2))
    asked, since = await the_one(referral, person), len(await referral.appended())
    await told(referral, person, JOURNEY, [stay(P, 2, on=None)])
    assert await facts_of(referral, asked, since) == [ReferralClosed, ReferralOpened]


async def test_another_next_organisation_is_told_as_asked_at_first(referral: ServiceUnderTest) -> None:
    """The request of the first one was none, so that figures count the new one."""
    person = await a_person(referral, *NEXT)
    asked, since = await the_one(referral, person), len(await referral.appended())
    await told(referral, person, JOURNEY, [stay(P, 1, CLINIC, how="completed", next_organisation_id=STRANGER)])
    assert await facts_of(referral, asked, since) == [ReferralClosed, ReferralOpened]


async def test_an_end_that_was_none_tells_that_it_goes_on(referral: ServiceUnderTest) -> None:
    person = await a_person(referral, *NEXT, started(P, 2), left(P, 2, "dropped-out"))
    asked, since = await the_one(referral, person), len(await referral.appended())
    await told(referral, person, JOURNEY, [stay(P, 2)])
    assert await facts_of(referral, asked, since) == [ReferralOpened, ReferralAnswered, ReferralStarted]


async def test_a_hold_stays_when_the_start_was_none(referral: ServiceUnderTest) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [started(P, 2)])
    assert await change(referral, asked, "on-hold", coordinator(CENTRE), "no-capacity") == 200
    await told(referral, person, JOURNEY, [stay(P, 2, on=None)])
    assert await statuses(referral, person) == [(2, "on-hold", CENTRE)]
    assert "handover-due" in await deadlines(referral)


async def test_nobody_waits_for_who_declined_what_never_was(referral: ServiceUnderTest) -> None:
    person = await a_person(referral, *NEXT)
    assert await change(referral, await the_one(referral, person), "rejected", coordinator(CENTRE), "no-capacity") == 200
    await told(referral, person, JOURNEY, [NO_END])
    assert (await statuses(referral, person), await deadlines(referral)) == ([(2, "entered-in-error", CENTRE)], [])


async def test_who_waited_for_those_who_declined_waits_again(referral: ServiceUnderTest) -> None:
    """A start ends the wait; taken back, it runs until the day on which it would have ended."""
    person = await a_person(referral, *NEXT)
    assert await change(referral, await the_one(referral, person), "rejected", coordinator(CENTRE), "no-capacity") == 200
    before = await referral.fetch("SELECT * FROM deadline")
    await told(referral, person, JOURNEY, [started(P, 2)])
    assert await deadlines(referral) == []
    await told(referral, person, JOURNEY, [stay(P, 2, on=None)])
    assert await referral.fetch("SELECT * FROM deadline") == before


@pytest.mark.parametrize("order", ["wish first", "completion first"])
async def test_what_an_organisation_asked_for_stays(referral: ServiceUnderTest, order: str) -> None:
    """In both orders it is as if it alone had asked."""
    person, other = await a_person(referral, *BEGUN), await a_registered(referral)
    journey = uuid4()
    await told(referral, other, journey, BEGUN)
    await a_request(referral, other, to_organisation_id=str(CENTRE), journey_id=str(journey))
    if order == "wish first":
        await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
        await told(referral, person, JOURNEY, [completed(P, 1, to=STRANGER)])
    else:
        await told(referral, person, JOURNEY, [completed(P, 1)])
        await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    await told(referral, person, JOURNEY, [NO_END])
    assert await picture(referral, person) == await picture(referral, other)


async def test_a_draft_that_a_completion_sent_is_a_draft_again(referral: ServiceUnderTest) -> None:
    person = await a_person(referral, *BEGUN)
    await a_request(referral, person, draft=True)
    await told(referral, person, JOURNEY, [completed(P, 1)])
    assert await statuses(referral, person) == [(2, "requested", None)]
    await told(referral, person, JOURNEY, [NO_END])
    assert (await statuses(referral, person), await deadlines(referral)) == ([(2, "draft", None)], [])


async def test_what_another_fact_asks_for_stays(referral: ServiceUnderTest) -> None:
    """A relapse reopened stage 2 and opened a request; the transfer that asked for it as well is none of its reasons any more."""
    person = await a_person(referral, *NEXT, started(P, 2), left(P, 2, "transferred"), relapse(P, 2, 2))
    await told(referral, person, JOURNEY, [stay(P, 2, how="dropped-out")])
    assert [row[1] for row in await statuses(referral, person)] == ["failed", "requested"]


async def test_a_transfer_that_was_none_and_that_somebody_accepted(referral: ServiceUnderTest) -> None:
    """There is one open referral for a stage: the stay's own goes on once the accepted one is cancelled."""
    person = await a_person(referral, *NEXT, started(P, 2), left(P, 2, "transferred", to=STRANGER))
    asked = await the_one(referral, person)
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    await told(referral, person, JOURNEY, [stay(P, 2)])
    assert [row[1] for row in await statuses(referral, person)] == ["failed", "accepted"]
    assert (await basis(referral, asked, coordinator(STRANGER)))["what"] == "end-of-stay"
    assert await change(referral, asked, "cancelled", coordinator(STRANGER), "mistaken-or-duplicate") == 200
    assert [row[1] for row in await statuses(referral, person)] == ["in-progress", "cancelled"]


async def test_what_was_asked_for_meanwhile_is_doubted_where_the_stay_goes_on(referral: ServiceUnderTest) -> None:
    """CENTRE asked another organisation after an end that was none: once that is over, the stay's own referral goes on."""
    person = await a_person(referral, *NEXT, started(P, 2), left(P, 2, "dropped-out"))
    asked = await a_request(referral, person, coordinator(CENTRE), to_organisation_id=str(STRANGER), journey_id=str(JOURNEY))
    await told(referral, person, JOURNEY, [stay(P, 2)])
    assert [row[1] for row in await statuses(referral, person)] == ["failed", "requested"]
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    assert (await basis(referral, asked, coordinator(CENTRE)))["what"] == "end-of-stay"
    assert await change(referral, asked, "cancelled", coordinator(CENTRE), "other") == 200
    assert [row[1] for row in await statuses(referral, person)] == ["in-progress", "cancelled"]


async def test_a_journey_that_never_was_doubts_what_was_accepted_for_it(referral: ServiceUnderTest) -> None:
    """Whoever asked for it; rights that rested on its stays end, that of the acceptance does not."""
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [started(P, 3, STRANGER)])
    assert (await referral.call("GET", f"/persons/{person}", coordinator(STRANGER))).status_code == 200
    gone = JourneyCorrected(person_id=P, journey_id=JOURNEY, organisation_id=CLINIC, opened_on=None)
    await told(referral, person, JOURNEY, [gone, gone])
    assert (await basis(referral, asked, coordinator(CENTRE)))["what"] in ("journey", "end-of-stay")
    for organisation, status in ((STRANGER, 404), (CENTRE, 200), (CLINIC, 200)):
        assert (await referral.call("GET", f"/persons/{person}", coordinator(organisation))).status_code == status


async def test_a_consent_ends_with_the_stay_by_which_its_discloser_knew(referral: ServiceUnderTest) -> None:
    """As at the end of any relation: what rests on it shows nothing any more."""
    person = await a_person(referral, *NEXT, started(P, 2), completed(P, 2, to=STRANGER, organisation_id=CENTRE))
    assert (await a_given_consent(referral, person)).status_code == 201
    asked = await the_one(referral, person, 3)
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    between = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER)}
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **between)).status_code == 201
    assert (await referral.call("GET", f"/persons/{person}", coordinator(STRANGER))).json()["identity"] is not None
    await told(referral, person, JOURNEY, [stay(P, 2, on=None)])
    assert (await referral.call("GET", f"/persons/{person}", coordinator(STRANGER))).json()["identity"] is None
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404


async def test_a_relapse_that_was_none_doubts_what_was_accepted_for_it(referral: ServiceUnderTest) -> None:
    event = relapse(P, 3, 2)
    person = await a_person(referral, opened(P), started(P, 3), event)
    asked = await the_one(referral, person)
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    gone = {"relapse_id": event.relapse_id, "takes_back": 2, "stage": 3, "spell": 1, "is_last": True}
    await told(referral, person, JOURNEY, [RelapseWithdrawn.model_validate({"person_id": P, "journey_id": JOURNEY, **gone})])
    assert (await basis(referral, asked, coordinator(STRANGER)))["what"] == "relapse"


async def test_what_a_relapse_of_an_earlier_stay_asked_for_stays_as_it_was_ended(referral: ServiceUnderTest) -> None:
    """The end of a later stay was none: it, and a relapse after it, take nothing back of what the first relapse did."""
    first, second = relapse(P, 2, 2), relapse(P, 2, 2).model_copy(update={"spell": 2})
    person = await a_person(referral, *NEXT, started(P, 2), completed(P, 2, organisation_id=CENTRE), first)
    asked = await the_one(referral, person)
    assert await change(referral, asked, "cancelled", coordinator(CENTRE), "other") == 200
    later = [started(P, 2, STRANGER, spell=2), completed(P, 2, spell=2, organisation_id=STRANGER), second]
    gone = {"relapse_id": second.relapse_id, "takes_back": 2, "stage": 2, "spell": 2, "is_last": True}
    await told(referral, person, JOURNEY, [*later, RelapseWithdrawn.model_validate({"person_id": P, "journey_id": JOURNEY, **gone})])
    assert await status_of(referral, asked) == "cancelled"
    assert await status_of(referral, await the_one(referral, person)) == "entered-in-error"
    await told(referral, person, JOURNEY, [stay(P, 2, STRANGER, spell=2)])
    assert await status_of(referral, asked) == "cancelled"


async def status_of(service: ServiceUnderTest, referral_id: UUID) -> str:
    (row,) = await service.fetch("SELECT status FROM referral WHERE referral_id = $1", referral_id)
    return str(row["status"])


async def test_what_the_system_opened_and_was_cancelled_unanswered_never_was(referral: ServiceUnderTest) -> None:
    """Also where its own journey never was; what an organisation asked for as well and took back itself stays cancelled, with its end."""
    person = await a_person(referral, *NEXT)
    asked = await the_one(referral, person)
    assert await change(referral, asked, "cancelled", coordinator(CLINIC), "other") == 200
    await told(referral, person, JOURNEY, [NO_END])
    assert await status_of(referral, asked) == "entered-in-error"


@pytest.mark.parametrize("corrected", ["amended", "completed anew"])
async def test_who_is_named_rightly_is_asked_once_the_first_one_gave_it_up(referral: ServiceUnderTest, corrected: str) -> None:
    """As the first one accepted nobody else could be asked; what it cancels leaves the stage to the one that the end names now."""
    person, asked = await accepted(referral)
    anew = [NO_END, completed(P, 1, to=STRANGER)]
    amended = [stay(P, 1, CLINIC, how="completed", next_organisation_id=STRANGER)]
    await told(referral, person, JOURNEY, amended if corrected == "amended" else anew)
    assert await change(referral, asked, "cancelled", coordinator(CENTRE), "mistaken-or-duplicate") == 200
    assert await statuses(referral, person) == [(2, "cancelled", CENTRE), (2, "requested", STRANGER)]
    assert await deadlines(referral) == ["answer-due", "handover-due"]


async def test_nobody_is_asked_anew_for_an_end_that_was_none(referral: ServiceUnderTest) -> None:
    person, asked = await accepted(referral)
    await told(referral, person, JOURNEY, [NO_END])
    assert await change(referral, asked, "cancelled", coordinator(CENTRE), "mistaken-or-duplicate") == 200
    assert await statuses(referral, person) == [(2, "cancelled", CENTRE)]


@pytest.mark.parametrize("draft", [False, True])
async def test_what_its_opener_asked_for_goes_with_a_journey_that_never_was(referral: ServiceUnderTest, draft: bool) -> None:
    """It names a journey in which nobody can start anything."""
    person = await a_person(referral, *BEGUN)
    await a_request(referral, person, journey_id=str(JOURNEY), draft=draft)
    await told(referral, person, JOURNEY, [JourneyCorrected(person_id=P, journey_id=JOURNEY, organisation_id=CLINIC, opened_on=None)])
    assert [row[1] for row in await statuses(referral, person)] == ["entered-in-error"]
    assert await deadlines(referral) == []
