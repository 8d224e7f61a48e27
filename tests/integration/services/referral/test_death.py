"""A death: reported by one person, confirmed by a second one, reversed with everything it stopped. Source: issue of rights, section 4."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.programme import DeathReported
from shared.events.referral import PersonCameOfAge, PersonDeathReversed, PersonDied, ReferralAnswered, ReferralClosed, ReferralOpened
from shared.identity import Caller
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    TODAY,
    a_death,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    opened,
    started,
    statuses,
    system,
    the_person,
)
from tests.harness import ServiceUnderTest


async def said(service: ServiceUnderTest, person: UUID, caller: Caller, step: str = "", **body: Any) -> Any:
    """Report it, or go a step on with it."""
    method, path = ("POST", f"/persons/{person}/death/{step}") if step else ("PUT", f"/persons/{person}/death")
    return await service.call(method, path, caller, json=body if step else {"on": "2026-03-01"} | body)


async def deaths(service: ServiceUnderTest) -> list[type]:
    return [type(event) for event in await service.appended() if isinstance(event, PersonDied | PersonDeathReversed)]


async def test_a_death_ends_what_still_waits_once_it_is_confirmed(referral: ServiceUnderTest) -> None:
    """By another person, once and twice; the same day again changes nothing."""
    person = await a_registered(referral)
    await a_request(referral, person, journey_id=str(JOURNEY))
    for _ in range(2):
        assert (await said(referral, person, coordinator())).json()["status"] == "reported"
    for caller in (coordinator(sub="second"), coordinator(), coordinator(sub="second")):
        assert (await said(referral, person, caller, "confirmation")).json()["status"] == "died"
    assert await statuses(referral, person) == [(2, "cancelled", None)]
    assert await deadlines(referral) == []
    assert await deaths(referral) == [PersonDied]
    refused = await referral.call("POST", "/referrals", coordinator(), json={"person_id": str(person), "stage": 2})
    assert refused.json()["unmet"] == ["person-alive"]


async def test_one_person_alone_makes_nobody_dead(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await a_request(referral, person)
    assert (await said(referral, person, coordinator())).status_code == 200
    refused = await said(referral, person, coordinator(), "confirmation")
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["confirmed-by-another"])
    shown = (await referral.call("GET", f"/persons/{person}", coordinator(sub="second"))).json()
    assert (shown["died_on"], shown["death_reported_on"]) == (None, "2026-03-01")
    assert await statuses(referral, person) == [(2, "requested", None)]
    assert await deaths(referral) == []


async def test_another_day_is_another_report(referral: ServiceUnderTest) -> None:
    """Who corrects a report cannot confirm the correction; who made the first one can. A confirmed day is corrected the same way."""
    person = await a_registered(referral)
    first, second = coordinator(), coordinator(sub="second")
    assert (await said(referral, person, first)).status_code == 200
    assert (await said(referral, person, second, on="2026-02-27")).json()["status"] == "reported"
    assert (await said(referral, person, second, "confirmation")).status_code == 422
    assert (await said(referral, person, first, "confirmation")).status_code == 200
    assert (await said(referral, person, first, on="2026-02-28")).json()["status"] == "reported"
    assert (await said(referral, person, second, "confirmation")).status_code == 200
    assert [str(event.on) for event in await referral.appended() if isinstance(event, PersonDied)] == ["2026-02-27", "2026-02-28"]


async def test_only_the_holder_and_who_registered_the_person_say_it(referral: ServiceUnderTest) -> None:
    """One of each will do; who is asked, who has accepted and who had the person before cannot."""
    await an_entry(referral, STRANGER, stage=3)
    person = await a_registered(referral)
    asked = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER))
    await referral.deliver(
        opened(person), started(person, 1, STRANGER), completed(person, 1, organisation_id=STRANGER), started(person, 2, CENTRE)
    )
    for accepted in (False, True):
        assert not accepted or await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
        for step in ("", "confirmation", "reversal"):
            body = {"reason": "x"} if step == "reversal" else {}
            assert (await said(referral, person, coordinator(STRANGER), step, **body)).status_code == 404
    assert (await said(referral, person, coordinator(CENTRE))).status_code == 200
    assert (await said(referral, person, coordinator(CLINIC), "confirmation")).status_code == 200
    assert await deaths(referral) == [PersonDied]


async def test_a_confirmed_death_is_not_shown_to_who_had_the_person_before(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await referral.deliver(
        opened(person), started(person, 1, STRANGER), completed(person, 1, organisation_id=STRANGER), started(person, 2, CENTRE)
    )
    await a_death(referral, person)
    for caller, died_on in (
        (coordinator(CLINIC), "2026-03-01"),
        (coordinator(CENTRE), "2026-03-01"),
        (the_person(person), "2026-03-01"),
        (coordinator(STRANGER), None),
    ):
        assert (await referral.call("GET", f"/persons/{person}", caller)).json()["died_on"] == died_on


@pytest.mark.parametrize("imported", [False, True])
async def test_a_stage_left_by_death_is_a_report(referral: ServiceUnderTest, imported: bool) -> None:
    """Imported history needs no confirmation. Delivered twice it is one; of the dead it is no news."""
    person = await a_registered(referral)
    await a_request(referral, person)
    await referral.deliver(opened(person, imported=imported))
    event = DeathReported(person_id=person, on=TODAY, organisation_id=CENTRE, imported=imported)
    envelopes = await referral.deliver(event, DeathReported(person_id=uuid4(), on=TODAY, organisation_id=CENTRE))
    await referral.deliver_again(*envelopes)
    await referral.deliver(event)
    assert await statuses(referral, person) == [(2, "cancelled" if imported else "requested", None)]
    assert await deaths(referral) == ([PersonDied] if imported else [])
    assert (await said(referral, person, coordinator(), "confirmation")).status_code == 200
    assert await statuses(referral, person) == [(2, "cancelled", None)]
    assert await deaths(referral) == [PersonDied]


async def test_who_left_the_stage_does_not_confirm_the_death_either(referral: ServiceUnderTest) -> None:
    """Two services know by a fingerprint that it is the same person."""
    person = await a_registered(referral)
    by = coordinator(sub="first").fingerprint
    await referral.deliver(DeathReported(person_id=person, on=TODAY, organisation_id=CLINIC, by=by))
    refused = await said(referral, person, coordinator(sub="first"), "confirmation")
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["confirmed-by-another"])
    assert (await said(referral, person, coordinator(sub="second"), "confirmation")).status_code == 200


async def test_only_a_system_brings_imported_deaths(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    refused = await said(referral, person, coordinator(), imported=True)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["imported-by-a-system"])
    early = await said(referral, person, system(), imported=True)
    assert early.json()["unmet"] == ["imported-by-a-system"], "no record of this person was brought from the past"
    await referral.deliver(opened(person, imported=True))
    assert (await said(referral, person, system(), imported=True)).json()["status"] == "died"
    assert await deaths(referral) == [PersonDied]


async def test_a_history_that_its_importer_made_itself_makes_nobody_dead(referral: ServiceUnderTest) -> None:
    """Opened by who was asked for a person of today; a second person confirms. Source: issue of rights, section 4."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    by_acceptance = opened(person, JOURNEY, CENTRE, imported=True).model_copy(update={"by_acceptance": True})
    await referral.deliver(by_acceptance, started(person, 2).model_copy(update={"imported": True}))
    await referral.deliver(DeathReported(person_id=person, on=TODAY, organisation_id=CENTRE, imported=True))
    assert await deaths(referral) == []
    refused = await said(referral, person, system(CENTRE), imported=True)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["imported-by-a-system"])
    assert (await said(referral, person, coordinator(), "confirmation")).status_code == 200
    assert await deaths(referral) == [PersonDied]


async def test_a_day_far_back_needs_a_reason(referral: ServiceUnderTest) -> None:
    """And one before birth, or to come, is no day at all."""
    person = await a_registered(referral, birth_on="1930-05-01")
    for on, reason, unmet in (
        ("1946-03-01", None, ["reason"]),
        ("1929-03-01", "archive", ["not-before-birth"]),
        ("2026-03-03", None, ["date-not-in-future"]),
    ):
        refused = await said(referral, person, coordinator(), on=on, reason=reason)
        assert (refused.status_code, refused.json()["unmet"]) == (422, unmet), on
    assert (await said(referral, person, coordinator(), on="1946-03-01", reason="archive")).status_code == 200


async def test_a_reversal_opens_what_the_death_stopped(referral: ServiceUnderTest) -> None:
    """As it was: status, who is asked, and the deadlines that ran; what had begun goes on with its stage. In one transaction."""
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER, stage=3)
    person = await a_registered(referral)
    await referral.deliver(opened(person), started(person, 1, CLINIC))
    taken = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await change(referral, taken, "accepted", coordinator(CENTRE)) == 200
    declined = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY))
    assert await change(referral, declined, "rejected", coordinator(STRANGER), "no-capacity") == 200
    await a_request(referral, person, stage=4, journey_id=str(JOURNEY))
    await a_request(referral, person, stage=5, draft=True)
    before = await statuses(referral, person)
    due = await referral.fetch("SELECT kind, subject_id, due_at FROM deadline ORDER BY kind, subject_id")
    assert len(due) == 4
    await a_death(referral, person)
    assert [status for _, status, _ in await statuses(referral, person)] == ["cancelled", "rejected", "cancelled", "entered-in-error"]
    assert await deadlines(referral) == []
    told = len(await referral.appended())
    for _ in range(2):
        reversal = await said(referral, person, coordinator(), "reversal", reason="another of the same name")
        assert reversal.status_code in (200, 404)
    assert await statuses(referral, person) == before
    assert await referral.fetch("SELECT kind, subject_id, due_at FROM deadline ORDER BY kind, subject_id") == due
    again = [type(event) for event in (await referral.appended())[told:]]
    assert again == [PersonDeathReversed, ReferralOpened, ReferralAnswered, ReferralOpened]
    assert (await referral.call("GET", f"/persons/{person}", coordinator())).json()["died_on"] is None
    assert (await referral.call("GET", f"/referrals/{taken}", coordinator(CENTRE))).json()["person_id"] == str(person)
    lines = await referral.fetch("SELECT from_status, to_status, reason FROM referral_history WHERE referral_id = $1", taken)
    assert [tuple(line) for line in lines][-2:] == [("accepted", "cancelled", "died"), ("cancelled", "accepted", "death-reversed")]


async def test_a_reversal_opens_nothing_that_was_entered_in_error_meanwhile(referral: ServiceUnderTest) -> None:
    """Source: issue of rights, section 4."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await a_death(referral, person)
    assert await change(referral, asked, "entered-in-error", coordinator(), "mistaken-or-duplicate") == 200
    assert (await said(referral, person, coordinator(), "reversal", reason="another of the same name")).status_code == 200
    assert await statuses(referral, person) == [(2, "entered-in-error", CENTRE)]
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404


async def test_the_dead_again_stop_again(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await a_request(referral, person)
    for _ in range(2):
        await a_death(referral, person)
        assert await statuses(referral, person) == [(2, "cancelled", None)]
        assert (await said(referral, person, coordinator(), "reversal", reason="a mistake")).status_code == 200
        assert await statuses(referral, person) == [(2, "requested", None)]
    assert [type(e) for e in await referral.appended()].count(ReferralClosed) == 2


async def test_a_report_nobody_confirmed_is_withdrawn_without_a_word(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    assert (await said(referral, person, coordinator())).status_code == 200
    assert (await said(referral, person, coordinator(), "reversal", reason="a mistake")).json()["status"] == "alive"
    assert (await said(referral, person, coordinator(sub="second"), "confirmation")).status_code == 404
    assert await deaths(referral) == []
    entries = await referral.fetch("SELECT change, said_by, reason FROM death_entry ORDER BY death_entry_id")
    assert [(e["change"], e["reason"]) for e in entries] == [("reported", None), ("withdrawn", "a mistake")]


async def test_who_came_of_age_meanwhile_is_of_age_after_a_reversal(referral: ServiceUnderTest) -> None:
    """The day passed while the person counted as dead."""
    person = await a_registered(referral, birth_on="2008-03-05")
    await a_death(referral, person)
    referral.now = referral.now.replace(day=9)
    await referral.run_deadlines()
    assert PersonCameOfAge not in [type(event) for event in await referral.appended()]
    assert (await said(referral, person, coordinator(), "reversal", reason="a mistake")).status_code == 200
    assert [type(event) for event in await referral.appended()][-1] is PersonCameOfAge
