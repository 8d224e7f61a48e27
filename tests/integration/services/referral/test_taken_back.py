"""Who accepted, cancelled, failed or completed a referral by mistake takes that back, as if it had never been.

Source: issue of corrections, section 1.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from shared.events.programme import JourneyCompleted
from shared.events.referral import AnswerOverdue, ReferralAnswered, ReferralClosed, ReferralOpened, ReferralStarted
from shared.identity import Caller
from tests.builders_correction import picture, three_organisations
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    STRANGER,
    TODAY,
    a_death,
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

MISTAKE = "mistaken-or-duplicate"


async def asked(service: ServiceUnderTest, *statuses: str, to: UUID | None = CENTRE) -> tuple[UUID, UUID]:
    """A person and the referral for stage 2 of a journey, led to these statuses by CENTRE."""
    await three_organisations(service)
    person, journey = await a_registered(service), uuid4()
    named: dict[str, Any] = {"to_organisation_id": str(to)} if to else {}
    await service.deliver(opened(person, journey))
    referral_id = await a_request(service, person, journey_id=str(journey), **named)
    for status in statuses:
        assert await change(service, referral_id, status, coordinator(CENTRE), "moved") == 200
    return person, referral_id


async def refused(service: ServiceUnderTest, referral_id: UUID, to: str, caller: Caller, reason: str | None = MISTAKE) -> Any:
    """The requirements that are not met, or the HTTP status."""
    answer = await service.call("POST", f"/referrals/{referral_id}/status", caller, json={"to": to, "reason": reason})
    return answer.json()["unmet"] if answer.status_code == 422 else answer.status_code


async def told(service: ServiceUnderTest, referral_id: UUID) -> list[type]:
    return [type(event) for event in await service.appended() if getattr(event, "referral_id", None) == referral_id]


class Case(NamedTuple):
    before: Sequence[str]
    mistake: str
    by: UUID | str
    tells: Sequence[type]


CASES = {
    "an acceptance": Case([], "accepted", CENTRE, [ReferralClosed, ReferralOpened]),
    "a start": Case(["accepted"], "in-progress", CENTRE, [ReferralClosed, ReferralOpened, ReferralAnswered]),
    "a cancellation by its sender": Case([], "cancelled", CLINIC, [ReferralOpened]),
    "a cancellation by the person": Case([], "cancelled", "person", [ReferralOpened]),
    "a cancellation by who is asked": Case([], "cancelled", CENTRE, [ReferralOpened]),
    "a cancellation of what was accepted": Case(["accepted"], "cancelled", CLINIC, [ReferralOpened, ReferralAnswered]),
    "a cancellation by the person of what was accepted": Case(["accepted"], "cancelled", "person", [ReferralOpened, ReferralAnswered]),
    "a failure": Case(["accepted"], "failed", CENTRE, [ReferralOpened, ReferralAnswered]),
    "a failure of what is on hold": Case(["accepted", "on-hold"], "failed", CENTRE, [ReferralOpened, ReferralAnswered]),
    "a completion": Case(["accepted"], "completed", CENTRE, [ReferralOpened, ReferralAnswered]),
    "a completion of what had begun": Case(
        ["accepted", "in-progress"], "completed", CENTRE, [ReferralOpened, ReferralAnswered, ReferralStarted]
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_as_if_it_had_never_been(referral: ServiceUnderTest, name: str) -> None:
    """With the deadlines that ran; then it goes on as any other."""
    case = CASES[name]
    person, referral_id = await asked(referral, *case.before)
    before, to = await picture(referral, person), (case.before or ["requested"])[-1]
    caller = the_person(person) if isinstance(case.by, str) else coordinator(case.by)
    assert await change(referral, referral_id, case.mistake, caller, "moved") == 200
    heard = len(await told(referral, referral_id))
    assert await picture(referral, person) != before
    referral.now += timedelta(days=1)
    assert await change(referral, referral_id, to, caller, MISTAKE) == 200
    assert await picture(referral, person) == before
    assert (await told(referral, referral_id))[heard:] == list(case.tells)
    line = (await referral.call("GET", f"/referrals/{referral_id}", coordinator(CLINIC))).json()["history"][-1]
    assert (line["from_status"], line["to_status"], line["reason"]) == (case.mistake, to, MISTAKE)
    assert await change(referral, referral_id, case.mistake, caller, "moved") == 200


@pytest.mark.parametrize("name", CASES)
async def test_only_by_who_entered_it_and_with_a_reason(referral: ServiceUnderTest, name: str) -> None:
    case = CASES[name]
    person, referral_id = await asked(referral, *case.before)
    to = (case.before or ["requested"])[-1]
    callers = {CLINIC: coordinator(CLINIC), CENTRE: coordinator(CENTRE), STRANGER: coordinator(STRANGER), "person": the_person(person)}
    assert await change(referral, referral_id, case.mistake, callers[case.by], "moved") == 200
    for who, caller in callers.items():
        is_party = who in (CLINIC, CENTRE) or (who == "person" and case.mistake in ("accepted", "in-progress"))
        wrong = ["reason"] if who == case.by else ["right-party"] if is_party else 404
        assert await refused(referral, referral_id, to, caller, None if who == case.by else MISTAKE) == wrong, who


async def test_one_that_was_open_to_any_is_so_again(referral: ServiceUnderTest) -> None:
    person, referral_id = await asked(referral, to=None)
    before = await picture(referral, person)
    assert await change(referral, referral_id, "accepted", coordinator(CENTRE)) == 200
    assert await change(referral, referral_id, "requested", coordinator(CENTRE), MISTAKE) == 200
    assert await picture(referral, person) == before
    assert await change(referral, referral_id, "accepted", coordinator(STRANGER)) == 200
    assert await refused(referral, referral_id, "requested", coordinator(CENTRE)) == 404


async def test_who_holds_the_person_takes_its_cancellation_back(referral: ServiceUnderTest) -> None:
    """It is no party of the referral but by that; once another organisation has the person it is told nothing of it."""
    person, referral_id = await asked(referral)
    elsewhere = uuid4()
    for event in (opened(person, elsewhere, STRANGER), started(person, 3, STRANGER).model_copy(update={"journey_id": elsewhere})):
        await referral.deliver(event)
    (row,) = await referral.fetch("SELECT journey_id FROM referral WHERE referral_id = $1", referral_id)
    taken = started(person, 1, STRANGER).model_copy(update={"journey_id": row["journey_id"]})
    await referral.deliver(taken)
    before = await picture(referral, person)
    for _ in range(2):
        assert await change(referral, referral_id, "cancelled", coordinator(STRANGER), "moved") == 200
        assert await change(referral, referral_id, "requested", coordinator(STRANGER), MISTAKE) == 200
        assert await picture(referral, person) == before
    assert await change(referral, referral_id, "cancelled", coordinator(STRANGER), "moved") == 200
    for journey_id in (elsewhere, row["journey_id"]):
        later = started(person, 4, CLINIC, on=TODAY + timedelta(days=1)).model_copy(update={"journey_id": journey_id})
        await referral.deliver(later)
    assert await refused(referral, referral_id, "requested", coordinator(STRANGER)) == ["right-party"]


@pytest.mark.parametrize("what", ["another request", "a start", "a skip", "a completion", "a death", "another holder"])
@pytest.mark.parametrize(("mistake", "by"), [("cancelled", CLINIC), ("failed", CENTRE), ("completed", CENTRE)])
async def test_not_once_something_took_its_place(referral: ServiceUnderTest, what: str, mistake: str, by: UUID) -> None:
    person, referral_id = await asked(referral, "accepted")
    (row,) = await referral.fetch("SELECT journey_id FROM referral WHERE referral_id = $1", referral_id)
    assert await change(referral, referral_id, mistake, coordinator(by), "moved") == 200
    in_it = {"journey_id": row["journey_id"]}
    if what == "another request":
        await a_request(referral, person, journey_id=str(row["journey_id"]))
    elif what == "a start":
        await referral.deliver(started(person, 2, CENTRE).model_copy(update=in_it))
    elif what == "a skip":
        await referral.deliver(skipped(person, 2).model_copy(update=in_it))
    elif what == "a completion":
        await referral.deliver(JourneyCompleted(person_id=person, journey_id=row["journey_id"], completed_on=TODAY))
    elif what == "a death":
        await a_death(referral, person)
    else:
        await referral.deliver(started(person, 3, STRANGER).model_copy(update=in_it))
    unmet = ["right-party"] if what in ("a start", "another holder") and by == CLINIC else ["nothing-took-its-place"]
    assert await refused(referral, referral_id, "accepted", coordinator(by)) == unmet


async def test_an_acceptance_stays_once_the_stage_was_started(referral: ServiceUnderTest) -> None:
    """A stay is corrected where it was entered; that leads back to the acceptance, and from there to the request."""
    person, referral_id = await asked(referral)
    (row,) = await referral.fetch("SELECT journey_id FROM referral WHERE referral_id = $1", referral_id)
    before = await picture(referral, person)
    assert await change(referral, referral_id, "accepted", coordinator(CENTRE)) == 200
    began, never = started(person, 2), stay(person, 2, on=None)
    await referral.deliver(began.model_copy(update={"journey_id": row["journey_id"]}))
    assert await refused(referral, referral_id, "requested", coordinator(CENTRE)) == ["possible-from-present-status"]
    await referral.deliver(never.model_copy(update={"journey_id": row["journey_id"]}))
    assert await change(referral, referral_id, "requested", coordinator(CENTRE), MISTAKE) == 200
    assert await picture(referral, person) == before


async def test_a_stay_that_goes_on_is_no_hindrance_for_its_own_referral(referral: ServiceUnderTest) -> None:
    person, referral_id = await asked(referral, "accepted")
    (row,) = await referral.fetch("SELECT journey_id FROM referral WHERE referral_id = $1", referral_id)
    in_it = {"journey_id": row["journey_id"]}
    await referral.deliver(started(person, 2).model_copy(update=in_it))
    before = await picture(referral, person)
    assert await change(referral, referral_id, "completed", coordinator(CENTRE)) == 200
    assert await change(referral, referral_id, "in-progress", coordinator(CENTRE), MISTAKE) == 200
    assert await picture(referral, person) == before
    assert await change(referral, referral_id, "failed", coordinator(CENTRE), "moved") == 200
    await referral.deliver(left(person, 2, "other").model_copy(update=in_it))
    assert await refused(referral, referral_id, "in-progress", coordinator(CENTRE)) == ["nothing-took-its-place"]


async def test_what_was_opened_for_nothing_never_was(referral: ServiceUnderTest) -> None:
    """Its basis was corrected while it was accepted: without the acceptance, whom the end names by now is asked at once."""
    await three_organisations(referral)
    person, journey = await a_registered(referral), uuid4()
    amended = stay(person, 1, CLINIC, how="completed", next_organisation_id=STRANGER)
    facts = [opened(person, journey), started(person, 1, CLINIC), completed(person, 1, to=CENTRE), amended]
    for event in facts:
        await referral.deliver(event.model_copy(update={"journey_id": journey}))
        for row in await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1 AND status = 'requested'", person):
            assert await change(referral, row["referral_id"], "accepted", coordinator(CENTRE)) == 200
            referral_id = row["referral_id"]
    assert await change(referral, referral_id, "requested", coordinator(CENTRE), MISTAKE) == 200
    assert await statuses(referral, person) == [(2, "entered-in-error", CENTRE), (2, "requested", STRANGER)]
    assert (await told(referral, referral_id))[-1] is ReferralClosed


async def test_what_was_cancelled_while_its_basis_went_is_not_asked_again(referral: ServiceUnderTest) -> None:
    await three_organisations(referral)
    for accepted in (False, True):
        person, journey = await a_registered(referral), uuid4()
        for event in (opened(person, journey), started(person, 1, CLINIC), completed(person, 1, to=CENTRE)):
            await referral.deliver(event.model_copy(update={"journey_id": journey}))
        (row,) = await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)
        if accepted:
            assert await change(referral, row["referral_id"], "accepted", coordinator(CENTRE)) == 200
        assert await change(referral, row["referral_id"], "cancelled", coordinator(CLINIC), "moved") == 200
        await referral.deliver(stay(person, 1, CLINIC).model_copy(update={"journey_id": journey}))
        if accepted:
            assert await refused(referral, row["referral_id"], "accepted", coordinator(CLINIC)) == ["nothing-took-its-place"]
        else:
            assert await statuses(referral, person) == [(2, "entered-in-error", CENTRE)]
            assert await change(referral, row["referral_id"], "requested", coordinator(CLINIC), MISTAKE) == 422


async def test_an_answer_that_ran_out_before_is_not_overdue_twice(referral: ServiceUnderTest) -> None:
    """One that ran out while it was accepted is overdue at once."""
    for first in (True, False):
        _, referral_id = await asked(referral)
        if first:
            await referral.run_deadlines(referral.now + timedelta(days=30))
        assert await change(referral, referral_id, "accepted", coordinator(CENTRE)) == 200
        assert await change(referral, referral_id, "requested", coordinator(CENTRE), MISTAKE) == 200
        await referral.run_deadlines(referral.now + timedelta(days=30))
        assert (await told(referral, referral_id)).count(AnswerOverdue) == 1


async def test_what_was_on_hold_before_a_start_is_accepted_again_untold(referral: ServiceUnderTest) -> None:
    person, referral_id = await asked(referral, "accepted")
    before, heard = await picture(referral, person), await told(referral, referral_id)
    assert await change(referral, referral_id, "on-hold", coordinator(CENTRE), "moved") == 200
    assert await change(referral, referral_id, "accepted", coordinator(CENTRE)) == 200
    assert (await picture(referral, person), await told(referral, referral_id)) == (before, heard)
    assert await change(referral, referral_id, "requested", coordinator(CENTRE), MISTAKE) == 200


async def test_the_figures_of_motivating_acts_count_no_acceptance(referral: ServiceUnderTest) -> None:
    _, referral_id = await asked(referral, "accepted")
    act = {"kind": "call", "by": "peer", "on": "2026-03-01"}
    assert (await referral.call("POST", f"/referrals/{referral_id}/motivations", coordinator(), json=act)).status_code == 201
    for to, figures in (("requested", (0, 0)), ("rejected", (1, 0)), ("requested", (0, 0)), ("accepted", (1, 1))):
        assert await change(referral, referral_id, to, coordinator(CENTRE), MISTAKE) == 200
        items = (await referral.call("GET", "/motivations/acceptance", coordinator())).json()["items"]
        calls = [(item["answered_with"], item["accepted_with"]) for item in items if item["kind"] == "call"]
        assert calls == ([figures] if any(figures) else []), to


async def test_the_right_that_an_acceptance_gave_ends_at_once(referral: ServiceUnderTest) -> None:
    person, referral_id = await asked(referral, "accepted")
    body = {"to": "requested", "reason": MISTAKE}
    answer = await referral.call("POST", f"/referrals/{referral_id}/status", coordinator(CENTRE), json=body)
    assert str(person) not in f"{answer.text} {dict(answer.headers)}"
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404
    assert (await referral.call("GET", f"/persons/{person}", a_caller("coordinator", organisation_id=CLINIC))).status_code == 200
