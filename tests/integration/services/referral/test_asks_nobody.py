"""What an organisation that lost a person enters or corrects later: it changes what was, and gives nobody the person back.

Source: issue of rights, section 1; issue of corrections, section 1.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events import Event
from shared.events.programme import CompletionCorrected, JourneyCompleted, JourneyCorrected, SkipWithdrawn
from tests.builders_correction import three_organisations
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    PERSON,
    STRANGER,
    TODAY,
    a_registered,
    a_request,
    change,
    completed,
    coordinator,
    left,
    opened,
    skipped,
    started,
    statuses,
    stay,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

P = PERSON
AT_CENTRE = [opened(P), started(P, 1, CLINIC), completed(P, 1, to=CENTRE), started(P, 2)]
AMENDED = stay(P, 1, CLINIC, how="completed", next_organisation_id=STRANGER)
NOT_SKIPPED = SkipWithdrawn(person_id=P, journey_id=JOURNEY, stage=2, asks_nobody=True)
NOT_DONE = CompletionCorrected(person_id=P, journey_id=JOURNEY, completed_on=None, asks_nobody=True)
DONE = JourneyCompleted(person_id=P, journey_id=JOURNEY, completed_on=TODAY)
NEVER = JourneyCorrected(person_id=P, journey_id=JOURNEY, organisation_id=CLINIC, opened_on=None, asks_nobody=True)


def quiet(event: Event) -> Event:
    return event.model_copy(update={"asks_nobody": True})


def named(how: str, to: UUID | None) -> Event:
    return quiet(stay(P, 1, CLINIC, how=how, next_organisation_id=to))


# what was told before the person went on elsewhere, what is told afterwards, and how the referrals stand.
CASES: dict[str, tuple[Sequence[Event | str], Event, Sequence[tuple[int, str]]]] = {
    "a start that was none, once its stay had ended": (
        [*AT_CENTRE, left(P, 2, "dropped-out")],
        quiet(stay(P, 2, on=None)),
        [(2, "failed")],
    ),
    "a start that was none, of a stay that went on": (AT_CENTRE, quiet(stay(P, 2, on=None)), [(2, "cancelled")]),
    "an end that was none": ([*AT_CENTRE, left(P, 2, "dropped-out")], quiet(stay(P, 2)), [(2, "failed")]),
    "a skip that was none": ([*AT_CENTRE[:3], skipped(P, 2)], NOT_SKIPPED, [(2, "cancelled"), (3, "entered-in-error")]),
    "a skip that was none, behind the stage that was completed since": (
        [*AT_CENTRE[:3], skipped(P, 3), started(P, 2), completed(P, 2, organisation_id=CENTRE)],
        NOT_SKIPPED.model_copy(update={"stage": 3}),
        [(2, "completed"), (4, "requested")],
    ),
    "a start that was none, of what was in doubt": (
        [*AT_CENTRE[:3], "accepted", AMENDED, started(P, 2), left(P, 2, "other")],
        quiet(stay(P, 2, on=None)),
        [(2, "failed")],
    ),
    "an end that was none, whose request a skip had ended": (
        [*AT_CENTRE[:3], skipped(P, 2)],
        quiet(stay(P, 1, CLINIC)),
        [(2, "entered-in-error"), (3, "entered-in-error")],
    ),
    "a completion of the journey that was none": ([*AT_CENTRE[:3], DONE], NOT_DONE, [(2, "cancelled")]),
    "left, that was completed": ([*AT_CENTRE[:2], left(P, 1, "dropped-out", organisation_id=CLINIC)], named("completed", CENTRE), []),
    "left, that was transferred": ([*AT_CENTRE[:2], left(P, 1, "other", organisation_id=CLINIC)], named("transferred", CENTRE), []),
    "another one named as the next": (AT_CENTRE[:3], named("completed", STRANGER), [(2, "requested")]),
    "a completion": (AT_CENTRE[:2], quiet(completed(P, 1, to=CENTRE)), []),
    "a transfer": (AT_CENTRE[:2], quiet(left(P, 1, "transferred", CENTRE, CLINIC)), []),
    "a journey that never was": ([*AT_CENTRE, left(P, 2, "dropped-out")], NEVER, [(2, "failed")]),
}


@pytest.mark.parametrize("name", CASES)
async def test_nobody_is_asked_and_nobody_has_accepted_by_it(referral: ServiceUnderTest, name: str) -> None:
    await three_organisations(referral)
    before, told, stand = CASES[name]
    person, journey = await a_registered(referral), UUID(int=72)
    for event in [*before, told]:
        if isinstance(event, str):
            (asked,) = await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)
            assert await change(referral, asked["referral_id"], event, coordinator(CENTRE)) == 200
        else:
            await referral.deliver(event.model_copy(update={"person_id": person, "journey_id": journey}))
    assert [(stage, status) for stage, status, _ in await statuses(referral, person)] == list(stand)
    assert all(to in (CENTRE, None) for _, _, to in await statuses(referral, person)), "whom the correction names is not asked"


async def test_who_has_the_person_asks_by_the_same(referral: ServiceUnderTest) -> None:
    """Else nothing above would show that the flag counts."""
    await three_organisations(referral)
    person = await a_registered(referral)
    for event in [*AT_CENTRE, left(P, 2, "dropped-out"), stay(P, 2, on=None)]:
        await referral.deliver(event.model_copy(update={"person_id": person}))
    assert await statuses(referral, person) == [(2, "requested", CENTRE)]


async def went_on(referral: ServiceUnderTest, person: UUID) -> None:
    """STRANGER has the person now, by a journey of its own."""
    elsewhere = uuid4()
    later = started(person, 3, STRANGER, on=TODAY + timedelta(days=1))
    for event in (opened(person, elsewhere, STRANGER), later.model_copy(update={"journey_id": elsewhere})):
        await referral.deliver(event)


async def test_a_decline_is_taken_back_while_its_sender_has_the_person_too(referral: ServiceUnderTest) -> None:
    await three_organisations(referral)
    person = await a_registered(referral)
    for event in AT_CENTRE[:2]:
        await referral.deliver(event.model_copy(update={"person_id": person}))
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    await went_on(referral, person)
    assert await change(referral, asked, "requested", coordinator(CENTRE), "mistaken-or-duplicate") == 200


@pytest.mark.parametrize("names_a_journey", [True, False])
async def test_a_decline_is_not_taken_back_once_somebody_else_has_the_person(referral: ServiceUnderTest, names_a_journey: bool) -> None:
    """In whichever journey and stage: the one that has the person asks again itself."""
    await three_organisations(referral)
    person = await a_registered(referral)
    where: dict[str, Any] = {"journey_id": str(JOURNEY)} if names_a_journey else {}
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), **where)
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    await went_on(referral, person)
    body = {"to": "requested", "reason": "mistaken-or-duplicate"}
    answer = await referral.call("POST", f"/referrals/{asked}/status", coordinator(CENTRE), json=body)
    assert (answer.status_code, answer.json()["unmet"]) == (422, ["nothing-took-its-place"])


async def test_a_decline_taken_back_does_not_say_whom_it_is_about(referral: ServiceUnderTest) -> None:
    await three_organisations(referral)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    body = {"to": "requested", "reason": "mistaken-or-duplicate"}
    answer = await referral.call("POST", f"/referrals/{asked}/status", coordinator(CENTRE), json=body)
    assert answer.status_code == 200
    assert str(person) not in f"{answer.text} {dict(answer.headers)}"


@pytest.mark.parametrize("status", ["in-progress", "on-hold"])
async def test_the_person_and_the_holder_end_what_was_accepted_and_never_started(referral: ServiceUnderTest, status: str) -> None:
    """By its own status alone an organisation kept the case, and the stage, for as long as it liked."""
    await three_organisations(referral)
    for ends in ("person", "holder"):
        person = await a_registered(referral)
        asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
        for to in ("accepted", status):
            assert await change(referral, asked, to, coordinator(CENTRE), "other" if to == "on-hold" else None) == 200
        await went_on(referral, person)
        caller = the_person(person) if ends == "person" else coordinator(STRANGER)
        assert await change(referral, asked, "cancelled", caller, "other") == 200


async def test_a_stay_that_goes_on_ends_before_its_referral(referral: ServiceUnderTest) -> None:
    """The person's word ends no stay: else its referral was cancelled, and another one open for the same stage."""
    await three_organisations(referral)
    person, journey = await a_registered(referral), uuid4()
    for event in AT_CENTRE:
        await referral.deliver(event.model_copy(update={"person_id": person, "journey_id": journey}))
    (row,) = await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)
    path, body = f"/referrals/{row['referral_id']}/status", {"to": "cancelled", "reason": "other"}
    answer = await referral.call("POST", path, the_person(person), json=body)
    assert (answer.status_code, answer.json()["unmet"]) == (422, ["stay-ended"])


async def test_a_persons_token_acts_for_no_organisation_it_names(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    caller = a_caller("person", organisation_id=CLINIC, sub="pupil-17")
    assert (await referral.call("GET", f"/persons/{person}", caller)).status_code == 404
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CLINIC))).status_code == 200


@pytest.mark.parametrize(("how", "reason"), [("died", "died"), ("incarcerated", "returned-to-custody"), ("dropped-out", "not-engaged")])
async def test_who_lost_the_person_reads_no_reason_of_what_came_later(referral: ServiceUnderTest, how: str, reason: str) -> None:
    """The sender of a referral, whose stay is over: neither a death nor custody, nor acts of others; the holder reads them."""
    await three_organisations(referral)
    person = await a_registered(referral, STRANGER)
    for event in [*AT_CENTRE, left(P, 2, how)]:
        await referral.deliver(event.model_copy(update={"person_id": person}))
    (row,) = await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)
    path, act = f"/referrals/{row['referral_id']}", {"kind": "call", "by": "peer", "on": "2026-03-01"}
    assert (await referral.call("POST", f"{path}/motivations", coordinator(CENTRE), json=act)).status_code == 201
    assert (await referral.call("POST", f"{path}/motivations", coordinator(CLINIC), json=act)).status_code == 404
    for caller, shown, acts in ((CLINIC, "other", 0), (CENTRE, reason, 1)):
        seen = (await referral.call("GET", path, coordinator(caller))).json()
        assert (seen["history"][-1]["to_status"], seen["history"][-1].get("reason")) == ("failed", shown)
        assert len((await referral.call("GET", f"{path}/motivations", coordinator(caller))).json()["items"]) == acts


async def test_what_was_accepted_shows_nothing_while_its_confirmation_is_withdrawn(referral: ServiceUnderTest) -> None:
    await three_organisations(referral)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    for shown in (str(person), None):
        seen = await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))
        assert (seen.status_code, seen.json().get("person_id")) == (200, shown)
        withdrawn = await referral.call("PUT", f"/organisations/{CENTRE}/confirmation", a_caller("ministry"), json={"confirmed": False})
        assert withdrawn.status_code == 200
