"""What happens when nothing happens, the lists by due day, motivating acts, enquiries, and two commands at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.referral.settings import settings
from shared.events.referral import AnswerOverdue, HandoverOverdue, PersonCameOfAge, PlaceNotFound, ReferralOpened
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    NOW,
    STRANGER,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    registrar,
    started,
    statuses,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

ANSWER_LATE = datetime(2026, 3, 11, tzinfo=UTC)
HANDOVER_LATE = datetime(2026, 3, 24, tzinfo=UTC)


async def test_an_answer_not_given_by_the_due_day_is_overdue_once(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-22 (5 working days over a public holiday)."""
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1))
    assert await referral.run_deadlines(ANSWER_LATE - timedelta(seconds=1)) == 0
    assert await referral.run_deadlines(ANSWER_LATE) == 1
    assert await referral.run_deadlines(ANSWER_LATE) == 0
    assert [type(e) for e in await referral.appended()].count(AnswerOverdue) == 1


async def test_naming_an_organisation_makes_the_answer_due_anew(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-22."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1))
    referral.now = NOW + timedelta(days=3)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await referral.run_deadlines(ANSWER_LATE) == 0
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    assert await deadlines(referral) == ["handover-due"]


async def test_nobody_is_lost_after_a_rejection(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01: the limit of the hand-over stands until somebody takes the person."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    assert await referral.run_deadlines(HANDOVER_LATE - timedelta(seconds=1)) == 0
    assert await referral.run_deadlines(HANDOVER_LATE) == 1
    assert [type(e) for e in await referral.appended()].count(HandoverOverdue) == 1


async def test_a_replaced_or_started_one_is_not_overdue(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01."""
    await an_entry(referral, CENTRE)
    one, other = await a_registered(referral), await a_registered(referral)
    journeys = {one: str(uuid4()), other: str(JOURNEY)}
    for person, journey in journeys.items():
        asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=journey)
        assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    referral.now = NOW + timedelta(days=1)
    await a_request(referral, one, journey_id=journeys[one])
    await referral.deliver(started(other, 2))
    await referral.run_deadlines(HANDOVER_LATE)
    assert HandoverOverdue not in [type(e) for e in await referral.appended()]


async def test_a_minor_comes_of_age(referral: ServiceUnderTest) -> None:
    """Source: mission rows 000-24, 000-25."""
    person = await a_registered(referral, birth_on="2008-03-05")
    shown = (await referral.call("GET", f"/persons/{person}", coordinator())).json()
    assert (shown["life_period"], shown["role_text"]) == ("minor", "protected-with-guardian")
    assert await referral.run_deadlines(datetime(2026, 3, 4, 23, tzinfo=UTC)) == 0
    assert await referral.run_deadlines(datetime(2026, 3, 5, tzinfo=UTC)) == 1
    event = (await referral.appended())[-1]
    assert isinstance(event, PersonCameOfAge) and event.on.isoformat() == "2026-03-05"


async def test_an_enquiry_is_answered_on_a_clock(referral: ServiceUnderTest) -> None:
    """Source: mission row 001-11."""
    await an_entry(referral, CENTRE)
    contact = a_caller("contact", sub="a-contact")
    body = {"kind": "question", "text": "Is there a place?", "to_organisation_id": str(CENTRE)}
    first = UUID((await referral.call("POST", "/enquiries", contact, json=body)).json()["id"])
    network = {"kind": "suggestion", "text": "Open in the evening."}
    second = UUID((await referral.call("POST", "/enquiries", the_person(UUID(int=9)), json=network)).json()["id"])
    answer = {"text": "Yes."}
    assert (await referral.call("POST", f"/enquiries/{first}/answer", contact, json=answer)).status_code == 403
    assert (await referral.call("POST", f"/enquiries/{first}/answer", coordinator(CLINIC), json=answer)).status_code == 404
    assert (await referral.call("POST", f"/enquiries/{first}/answer", registrar(CENTRE), json=answer)).status_code == 200
    assert (await referral.call("POST", f"/enquiries/{first}/answer", registrar(CENTRE), json=answer)).status_code == 422
    assert await referral.run_deadlines(ANSWER_LATE) == 1
    assert (await referral.call("GET", "/enquiries", coordinator(STRANGER))).json()["items"] == []
    listed = (await referral.call("GET", "/enquiries", a_caller("safeguarding", regions=("UZ",)))).json()["items"]
    assert [(e["enquiry_id"], e["overdue"]) for e in listed] == [(str(second), True)]
    (mine,) = (await referral.call("GET", "/enquiries", contact)).json()["items"]
    assert (mine["answer"], mine["overdue"]) == ("Yes.", False)


async def test_lists_go_by_direction_status_and_due_day(referral: ServiceUnderTest) -> None:
    """Each page goes on where the last one ended."""
    await an_entry(referral, CENTRE)
    asked = []
    for day in range(5):
        referral.now = NOW + timedelta(days=4 - day)
        asked.append(str(await a_request(referral, await a_registered(referral), to_organisation_id=str(CENTRE))))
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await referral.call("GET", f"/referrals?direction=in&limit=2{cursor}", coordinator(CENTRE))).json()
        seen += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    rows = await referral.fetch("SELECT referral_id::text FROM referral ORDER BY due_on, referral_id")
    assert seen == [row["referral_id"] for row in rows]
    assert await change(referral, UUID(asked[0]), "accepted", coordinator(CENTRE)) == 200
    queries = {"status=accepted": 1, "direction=out": 5, "direction=out&due_before=2026-03-11": 1, "direction=in&status=requested": 4}
    for query, count in queries.items():
        caller = coordinator(CLINIC) if "out" in query else coordinator(CENTRE)
        assert len((await referral.call("GET", f"/referrals?{query}", caller)).json()["items"]) == count, query
    for bad in ("x", "WyJhIiwgImIiXQ=="):
        assert (await referral.call("GET", f"/referrals?cursor={bad}", coordinator())).status_code == 422


async def test_acceptance_is_shown_with_and_without_each_kind_of_act(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-06."""
    await an_entry(referral, CENTRE)
    for to, reason, moved in (("accepted", None, True), ("rejected", "declined-by-person", True), ("accepted", None, False)):
        asked = await a_request(referral, await a_registered(referral), to_organisation_id=str(CENTRE))
        if moved:
            act = {"kind": "call", "by": "peer", "on": "2026-03-01"}
            assert (await referral.call("POST", f"/referrals/{asked}/motivations", coordinator(), json=act)).status_code == 201
        assert await change(referral, asked, to, coordinator(CENTRE), reason) == 200
    figures = (await referral.call("GET", "/motivations/acceptance", coordinator())).json()["items"]
    call = next(figure for figure in figures if figure["kind"] == "call")
    assert call == {"kind": "call", "answered_with": 2, "accepted_with": 1, "answered_without": 1, "accepted_without": 1}


async def test_commands_and_events_at_once_open_one_referral(referral: ServiceUnderTest) -> None:
    """At most one open referral a stage, under concurrency. Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    for _ in range(5):
        person = await a_registered(referral)
        asking = [a_request(referral, person, to_organisation_id=str(CENTRE)) for _ in range(4)]
        await asyncio.gather(*asking, referral.deliver(completed(person, 1)))
        assert await statuses(referral, person) == [(2, "requested", CENTRE)]
    assert [type(e) for e in await referral.appended()].count(ReferralOpened) == 5


async def test_the_common_position_may_be_required(referral: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source: mission row 002-40: a setting, off by default."""
    assert settings().refuse_without_position is False
    monkeypatch.setattr(settings(), "refuse_without_position", True)
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    body = {"person_id": str(person), "stage": 2, "to_organisation_id": str(CENTRE)}
    refused = await referral.call("POST", "/referrals", coordinator(), json=body)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["position-confirmed"])
    await a_request(referral, person)
    assert PlaceNotFound in [type(e) for e in await referral.appended()]
