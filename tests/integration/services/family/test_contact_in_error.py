"""A contact that was entered on the wrong person: it ends at once, sees nothing any more, and is kept for who reads the circle."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.family.message.sender import claim_next
from shared.events.family import ConcernWithdrawn, GuardianEnded, MessageSuppressed
from shared.identity import Caller
from tests.builders_family import Way, a_contact, a_contact_caller, a_guardian, a_liaison, a_way, add_contact, give, name_guardian
from tests.harness import ServiceUnderTest, a_caller

LINKED: dict[str, Any] = {"signs": [{"sign": "apathy"}]}


async def enter(family: ServiceUnderTest, contact_id: UUID, caller: Caller, reason: str = "other-person") -> httpx2.Response:
    return await family.call("POST", f"/contacts/{contact_id}/entered-in-error", caller, {"reason": reason})


async def shown(family: ServiceUnderTest, way: Way, caller: Caller, in_error: bool = False) -> list[dict[str, Any]]:
    answer = await family.call("GET", f"/persons/{way.person_id}/contacts?entered_in_error={in_error}", caller)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_it_ends_with_its_permissions_and_what_waits(family: ServiceUnderTest) -> None:
    """Source: issue of corrections."""
    way = await a_way(family)
    holder = a_liaison(way.organisation_id)
    contact_id, _ = await a_contact(family, way, topics=["stage"], channels=["email"])
    other, _ = await a_contact(family, way, topics=["stage"], channels=["email"])
    await give(family, way, contact_id, topics=["relapse"])
    await family.deliver(way.started())
    answer = await enter(family, contact_id, holder)
    assert (answer.status_code, answer.json()) == (200, {"id": str(contact_id), "status": "entered-in-error"})
    permissions = await family.fetch("SELECT ended_because FROM permission WHERE revoked_at IS NOT NULL AND contact_id = $1", contact_id)
    assert [row["ended_because"] for row in permissions] == ["revoked", "revoked"]
    rows = await family.fetch("SELECT contact_id, state, reason FROM message ORDER BY message_id")
    assert {tuple(row) for row in rows} == {(contact_id, "suppressed", "entered-in-error"), (other, "pending", None)}
    assert [type(event) for event in await family.appended()] == [MessageSuppressed]
    await family.deliver(way.completed())
    assert len(await family.fetch("SELECT FROM message WHERE contact_id = $1", contact_id)) == 1, "and nothing more is told"


async def test_it_is_kept_with_the_reason_for_who_reads_the_circle(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    holder, person = a_liaison(way.organisation_id), a_caller("person", sub=str(way.person_id))
    contact_id, _ = await a_contact(family, way)
    other, _ = await a_contact(family, way)
    assert (await enter(family, contact_id, holder)).status_code == 200
    family.now = family.now.replace(day=9)
    again = await enter(family, contact_id, holder, "other")
    assert (again.status_code, again.json()["status"]) == (200, "entered-in-error"), "a second time answers the same"
    for caller in (holder, person):
        assert [item["id"] for item in await shown(family, way, caller)] == [str(other)]
        (item,) = await shown(family, way, caller, in_error=True)
        assert item["id"] == str(contact_id) and item["error"] == {
            "reason": "other-person",
            "at": "2026-03-02T09:00:00Z",
            "by": holder.sub,
            "by_organisation_id": str(way.organisation_id),
        }
    assert (await family.call("GET", f"/contacts/{contact_id}", holder)).json()["error"]["reason"] == "other-person"
    assert (await family.call("GET", f"/contacts/{other}", holder)).json().get("error") is None


async def test_its_own_token_shows_nothing_of_the_person_any_more(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    own = a_contact_caller(contact_id)
    await family.deliver(way.started())
    (message,) = (await family.call("GET", "/messages", own)).json()["items"]
    raised = await family.call("POST", "/concerns", own, LINKED)
    assert (await enter(family, contact_id, a_liaison(way.organisation_id))).status_code == 200
    assert (await family.call("GET", "/messages", own)).json()["items"] == []
    assert (await family.call("GET", "/concerns", own)).json()["items"] == []
    for path in (f"/messages/{message['id']}", f"/contacts/{contact_id}", f"/contacts/{contact_id}/permissions"):
        assert (await family.call("GET", path, own)).status_code == 404, path
    assert (await family.call("PUT", f"/messages/{message['id']}/reading", own, {})).status_code == 404
    taking_back = f"/concerns/{raised.json()['id']}/entered-in-error"
    assert (await family.call("POST", taking_back, own, {"reason": "other"})).status_code == 404
    assert (await family.call("PUT", f"/contacts/{contact_id}/language", own, {"language": "ru"})).status_code == 404


async def test_its_link_names_nobody_any_more_and_the_receipt_is_the_same(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    holder = a_liaison(way.organisation_id)
    assert (await enter(family, contact_id, holder)).status_code == 200
    link = {**LINKED, "link": str(contact_id)}
    for caller in (a_contact_caller(contact_id), holder):
        assert (await family.call("POST", "/concerns", caller, link)).status_code == 201
    rows = await family.fetch("SELECT person_id, linked FROM concern")
    assert [tuple(row) for row in rows] == [(None, False)] * 2


async def test_a_guardian_in_error_answers_for_nobody(family: ServiceUnderTest) -> None:
    """What it permitted for others ends with it, and referral hears that it is no guardian."""
    way = await a_way(family, "minor")
    guardian_id = await a_guardian(family, way)
    contact_id, permission_id = await a_contact(family, way, given_by="guardian", guardian_id=str(guardian_id))
    assert (await enter(family, guardian_id, a_liaison(way.organisation_id))).status_code == 200
    assert (await family.appended())[-1] == GuardianEnded(person_id=way.person_id, contact_id=guardian_id)
    (permission,) = await family.fetch("SELECT ended_because FROM permission WHERE permission_id = $1", permission_id)
    assert permission["ended_because"] == "guardian-ended"
    assert (await give(family, way, contact_id, given_by="guardian", guardian_id=str(guardian_id))).status_code == 422
    events = len(await family.appended())
    await enter(family, guardian_id, a_liaison(way.organisation_id))
    assert len(await family.appended()) == events


async def test_nothing_is_given_to_it_any_more(family: ServiceUnderTest) -> None:
    way = await a_way(family, "minor")
    contact_id, _ = await a_contact(family, way)
    await enter(family, contact_id, a_liaison(way.organisation_id))
    answers = [
        await give(family, way, contact_id),
        await name_guardian(family, way, contact_id),
        await family.call("PUT", f"/contacts/{contact_id}/language", a_liaison(way.organisation_id), {"language": "ru"}),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert {answer.json()["type"].rpartition(":")[2] for answer in answers} == {"contact-entered-in-error"}


@pytest.mark.parametrize(("reason", "stands"), [("other-person", False), ("entered-twice", True), ("other", True)])
async def test_what_a_contact_of_the_wrong_person_raised_is_entered_in_error_with_it(
    family: ServiceUnderTest, reason: str, stands: bool
) -> None:
    """An answered one too; of a contact that was entered twice the concern is right. Source: issue of corrections."""
    way = await a_way(family)
    (contact_id, _), (other, _) = await a_contact(family, way), await a_contact(family, way)
    holder = a_liaison(way.organisation_id)
    raised = []
    for each, link in ((contact_id, contact_id), (contact_id, contact_id), (other, other), (contact_id, None)):
        body = {**LINKED, "link": str(link) if link else None}
        raised.append(UUID((await family.call("POST", "/concerns", a_contact_caller(each), body)).json()["id"]))
    assert (await family.call("POST", f"/concerns/{raised[0]}/answer", holder, {})).status_code == 200
    await family.run_deadlines()
    for _ in range(2):
        assert (await enter(family, contact_id, holder, reason)).status_code == 200
    await family.run_deadlines()
    shown = {item["id"] for item in (await family.call("GET", "/concerns", holder)).json()["items"]}
    assert shown == {str(one) for one in (raised if stands else raised[2:3])}
    (kept,) = (await family.call("GET", "/concerns?entered_in_error=true", holder)).json()["items"][:1] or [None]
    assert (kept is None) is stands and (kept is None or kept["report"]["error"]["reason"] == "other-person")
    gone = [event.concern_id for event in await family.appended() if isinstance(event, ConcernWithdrawn)]
    assert sorted(gone) == ([] if stands else sorted(raised[:2])), "the free one was never told"


async def test_a_person_takes_back_what_its_own_token_entered(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    person, another = a_caller("person", sub=str(way.person_id)), a_caller("person", sub=str(uuid4()))
    own = UUID((await add_contact(family, way, person)).json()["id"])
    holders, _ = await a_contact(family, way)
    assert (await enter(family, own, another)).status_code == 404
    assert (await enter(family, holders, person)).status_code == 404, "what the organisation entered is the organisation's to take back"
    assert (await enter(family, own, person)).status_code == 200
    (item,) = await shown(family, way, person, in_error=True)
    assert (item["id"], item["error"]["by"], item["error"]["by_organisation_id"]) == (str(own), str(way.person_id), None)


@pytest.mark.parametrize("role", ["liaison", "system"])
async def test_who_entered_it_takes_it_back_while_it_may_change_the_circle(family: ServiceUnderTest, role: str) -> None:
    way, registrar, other = Way(), uuid4(), uuid4()
    await family.deliver(way.registered(by=registrar), way.opened())
    theirs = UUID((await add_contact(family, way, a_liaison(registrar))).json()["id"])
    holders = UUID((await add_contact(family, way)).json()["id"])
    assert (await enter(family, holders, a_caller(role, registrar))).status_code == 404, "neither its own nor its case"
    assert (await enter(family, theirs, a_caller(role, registrar))).status_code == 200
    assert (await enter(family, theirs, a_caller(role, way.organisation_id))).status_code == 200
    await family.deliver(way.started_by(other))
    assert (await enter(family, holders, a_caller(role, way.organisation_id))).status_code == 404, "its relation is over"
    assert (await enter(family, holders, a_caller(role, other))).status_code == 200


async def test_nothing_of_it_is_claimed_and_its_history_is_shown(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"], channels=["email"])
    await family.deliver(way.started())
    await enter(family, contact_id, a_liaison(way.organisation_id))
    assert await claim_next(family.worker) == (False, None)
    assert (await family.call("GET", "/messages", a_liaison(way.organisation_id))).json()["items"][0]["state"] == "suppressed"
