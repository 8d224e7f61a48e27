"""Assignments of liaisons have a start, an end and who made them; the family's own organisation and the person end one."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.events.referral import PersonMerged
from shared.identity import Caller
from tests.builders_family import Way, a_contact, a_known, a_liaison, a_way, add_contact, an_organisation
from tests.harness import ServiceUnderTest, a_caller


async def assign(family: ServiceUnderTest, way: Way, caller: Caller, school: UUID) -> httpx2.Response:
    return await family.call("POST", f"/persons/{way.person_id}/liaison", caller, {"organisation_id": str(school)})


async def remove(family: ServiceUnderTest, way: Way, caller: Caller, school: UUID) -> httpx2.Response:
    return await family.call("POST", f"/persons/{way.person_id}/liaison/removal", caller, {"organisation_id": str(school)})


async def listed(family: ServiceUnderTest, way: Way, caller: Caller) -> list[dict[str, Any]]:
    answer = await family.call("GET", f"/persons/{way.person_id}/liaisons", caller)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def shown(family: ServiceUnderTest, way: Way, organisation_id: UUID) -> int:
    return (await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(organisation_id))).status_code


async def test_an_assigned_liaison_assigns_nobody(family: ServiceUnderTest) -> None:
    """Source: mission rows 002-11, 002-23."""
    way, school, other = await a_way(family), await a_known(family), await a_known(family)
    assert (await assign(family, way, a_liaison(way.organisation_id), school)).status_code == 201
    assert (await assign(family, way, a_liaison(school), other)).status_code == 404
    assert (await assign(family, way, a_caller("system", school), other)).status_code == 409
    assert (await shown(family, way, school), await shown(family, way, other)) == (200, 404)


async def test_who_accepted_a_referral_assigns_nobody_before_it_holds(family: ServiceUnderTest) -> None:
    way, receiver, school = await a_way(family), uuid4(), await a_known(family)
    await family.deliver(way.accepted(uuid4(), receiver))
    assert (await assign(family, way, a_liaison(receiver), school)).status_code == 404
    await family.deliver(way.started_by(receiver, stage=2))
    assert (await assign(family, way, a_liaison(receiver), school)).status_code == 201


async def test_a_removal_ends_an_assignment_at_once_and_the_list_tells_who_made_it(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    own, person = a_liaison(way.organisation_id), a_caller("person", sub=str(way.person_id))
    await assign(family, way, own, school)
    await assign(family, way, own, school)
    (entry,) = await listed(family, way, own)
    assert (entry["organisation_id"], entry["made_by"], entry["ended_at"]) == (str(school), own.sub, None)
    assert entry["made_by_organisation_id"] == str(way.organisation_id) and entry["started_at"]
    family.now += timedelta(days=1)
    assert (await remove(family, way, own, school)).json()["status"] == "removed"
    assert await shown(family, way, school) == 404
    assert (await remove(family, way, own, school)).status_code == 404
    family.now += timedelta(days=1)
    await assign(family, way, own, school)
    assert await shown(family, way, school) == 200
    assert [item["ended_at"] is None for item in await listed(family, way, person)] == [False, True]


async def test_the_person_removes_a_liaison(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    await assign(family, way, a_caller("system", way.organisation_id), school)
    assert (await remove(family, way, a_caller("person", sub=str(uuid4())), school)).status_code == 404
    assert (await remove(family, way, a_caller("person", sub=str(way.person_id)), school)).status_code == 200
    assert await shown(family, way, school) == 404


async def test_an_assigned_liaison_removes_and_lists_none(family: ServiceUnderTest) -> None:
    way, school, other = await a_way(family), await a_known(family), await a_known(family)
    for one in (school, other):
        await assign(family, way, a_liaison(way.organisation_id), one)
    assert (await remove(family, way, a_liaison(school), other)).status_code == 404
    assert (await family.call("GET", f"/persons/{way.person_id}/liaisons", a_liaison(school))).status_code == 404
    assert await shown(family, way, other) == 200


async def test_a_removal_ends_no_relation_but_the_assignment(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    own = a_liaison(way.organisation_id)
    await assign(family, way, own, way.organisation_id)
    assert (await remove(family, way, own, way.organisation_id)).status_code == 200
    assert await shown(family, way, way.organisation_id) == 200


async def test_two_assignments_at_once_are_one(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    answers = await asyncio.gather(*(assign(family, way, a_liaison(way.organisation_id), school) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len(await listed(family, way, a_liaison(way.organisation_id))) == 1


async def test_assignments_of_merged_persons_become_one_and_ended_ones_stay_ended(family: ServiceUnderTest) -> None:
    way, into, school, former = await a_way(family), await a_way(family), await a_known(family), await a_known(family)
    for one in (way, into):
        await assign(family, one, a_liaison(one.organisation_id), school)
    await assign(family, way, a_liaison(way.organisation_id), former)
    await remove(family, way, a_liaison(way.organisation_id), former)
    await family.deliver(PersonMerged(person_id=way.person_id, into_id=into.person_id))
    assert (await shown(family, into, school), await shown(family, into, former)) == (200, 404)
    await remove(family, into, a_liaison(into.organisation_id), school)
    assert await shown(family, into, school) == 404


async def test_an_organisation_that_nobody_heard_of_is_named_nowhere(family: ServiceUnderTest) -> None:
    """Neither as a liaison, which would read the case, nor as where a contact belongs."""
    way, mistyped = await a_way(family), uuid4()
    own = a_liaison(way.organisation_id)
    for attempt in (409, 422, 201):
        assigned, added = await assign(family, way, own, mistyped), await add_contact(family, way, own, organisation_id=str(mistyped))
        assert (assigned.status_code, added.status_code) == (attempt, attempt)
        if attempt == 409:
            assert await shown(family, way, mistyped) == 404
            await family.fetch("INSERT INTO heard (topic, up_to) VALUES ('referral', $1)", family.now + timedelta(minutes=1))
        if attempt == 422:
            assert assigned.json()["unmet"] == added.json()["unmet"] == ["organisation_id"]
            await family.deliver(an_organisation(mistyped))


async def test_kept_answers_end_with_the_assignment(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    await assign(family, way, a_liaison(way.organisation_id), school)
    contact, permission = await a_contact(family, way, topics=["stage"])
    path = f"/contacts/{contact}"
    permit = {"topics": ["stage"], "channels": ["inbox"], "given_by": "person", "given_on": "2026-03-02"}
    sent: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("PUT", f"{path}/language", {"language": "ru"}, "language-0001"),
        ("POST", f"{path}/permissions", permit, "permission-01"),
        ("POST", f"{path}/permissions/{permission}/revocation", {}, "revocation-01"),
    )
    for method, route, body, key in sent:
        for _ in range(2):
            answer = await family.call(method, route, a_liaison(school), body, key=key)
            assert answer.is_success, answer.text
    assert (await remove(family, way, a_liaison(way.organisation_id), school)).status_code == 200
    for method, route, body, key in sent:
        assert (await family.call(method, route, a_liaison(school), body, key=key)).status_code == 404
