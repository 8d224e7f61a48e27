"""Concerns that were entered in error, and answers that were amended: open nowhere, kept, told neutrally. Source: issue of corrections."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.events.family import ConcernAnswered, ConcernRead, ConcernWithdrawn
from shared.events.referral import PersonErased
from shared.identity import Caller
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_liaison, a_way
from tests.harness import ServiceUnderTest, a_caller

SEEN: dict[str, Any] = {"signs": [{"sign": "apathy"}], "worldview": "no"}


async def raised(family: ServiceUnderTest, caller: Caller, **body: Any) -> UUID:
    answer = await family.call("POST", "/concerns", caller, {**SEEN, **body})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def a_raised(family: ServiceUnderTest) -> tuple[Way, Caller, UUID]:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    caller = a_contact_caller(contact_id)
    return way, caller, await raised(family, caller, link=str(contact_id))


async def enter(family: ServiceUnderTest, concern_id: UUID, caller: Caller, reason: str = "other-person") -> httpx2.Response:
    return await family.call("POST", f"/concerns/{concern_id}/entered-in-error", caller, {"reason": reason})


async def answer(family: ServiceUnderTest, concern_id: UUID, caller: Caller) -> httpx2.Response:
    return await family.call("POST", f"/concerns/{concern_id}/answer", caller, {"measure": "talked", "note": "words"})


def code(refused: httpx2.Response) -> str:
    return str(refused.json()["type"].rpartition(":")[2])


async def listed(family: ServiceUnderTest, caller: Caller, in_error: bool = False) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await family.call("GET", f"/concerns?entered_in_error={in_error}", caller)).json()["items"]
    return items


async def told(family: ServiceUnderTest) -> list[type]:
    return [type(event) for event in await family.appended()]


async def test_it_is_open_nowhere_and_kept_for_who_reads_it(family: ServiceUnderTest) -> None:
    way, _, concern_id = await a_raised(family)
    holder = a_liaison(way.organisation_id)
    await family.run_deadlines()
    wrong = await enter(family, concern_id, holder)
    assert (wrong.status_code, wrong.json()) == (200, {"id": str(concern_id), "status": "entered-in-error"})
    assert await family.run_deadlines() == 1
    assert (await family.appended())[-1] == ConcernWithdrawn(person_id=way.person_id, concern_id=concern_id)
    assert (await enter(family, concern_id, holder, "other")).json() == wrong.json(), "a second time answers the same"
    assert await family.run_deadlines(family.now + timedelta(days=30)) == 0, "and nothing escalates, nor is told twice"
    assert await listed(family, holder) == []
    (item,) = await listed(family, holder, in_error=True)
    error = {"reason": "other-person", "by": holder.sub, "by_organisation_id": str(way.organisation_id)}
    assert (item["status"], item["report"]["error"], item["report"]["signs"][0]["sign"]) == ("entered-in-error", error, "apathy")
    for path in ("reading", "answer"):
        refused = await family.call("POST", f"/concerns/{concern_id}/{path}", holder, {})
        assert (refused.status_code, code(refused)) == (422, "concern-entered-in-error")


async def test_who_raised_it_is_told_neutrally_if_somebody_else_did_it(family: ServiceUnderTest) -> None:
    """A linked one and a free one look the same, and neither says why or by whom."""
    way, caller, linked = await a_raised(family)
    free, holder = await raised(family, caller, description="words"), a_liaison(way.organisation_id)
    for each in (linked, free):
        assert (await enter(family, each, holder)).status_code == 200
    for in_error in (False, True):
        one, other = [{**item, "id": ""} for item in await listed(family, caller, in_error)]
        assert one == other
        assert (one["status"], one["read_at"], one["report"]) == ("entered-in-error", None, None) and one["entered_in_error_at"]


async def test_who_raised_it_takes_it_back_until_it_is_answered(family: ServiceUnderTest) -> None:
    way, caller, concern_id = await a_raised(family)
    _, _, other = await a_raised(family)
    assert (await enter(family, concern_id, caller)).status_code == 200
    assert await listed(family, caller) == [] and len(await listed(family, caller, in_error=True)) == 1
    assert (await enter(family, other, caller)).status_code == 404, "another's"
    assert (await enter(family, uuid4(), caller)).status_code == 404
    later = await raised(family, caller, description="words")
    assert (await answer(family, later, a_liaison(way.organisation_id))).status_code == 200
    refused = await enter(family, later, caller)
    assert (refused.status_code, code(refused)) == (422, "concern-not-withdrawable")


async def test_a_school_takes_back_what_it_raised_and_is_told_of_what_another_did(family: ServiceUnderTest) -> None:
    way, (school, other) = await a_way(family), (a_liaison(uuid4()), a_liaison(uuid4()))
    own = await raised(family, school, description="words", region="UZ-TK")
    assert (await enter(family, own, other)).status_code == 404
    colleague = a_caller("liaison", school.organisation_id)
    assert (await enter(family, own, colleague)).status_code == 200
    assert await listed(family, school) == [] and [item["report"] for item in await listed(family, school, in_error=True)] == [None]
    duty = a_caller("safeguarding", uuid4(), regions=("UZ-TK",))
    second = await raised(family, school, description="words", region="UZ-TK")
    assert (await enter(family, second, duty)).status_code == 200, "who is on duty where it reaches no family"
    (item,) = await listed(family, school)
    assert (item["id"], item["status"], item["report"]) == (str(second), "entered-in-error", None)
    assert way.organisation_id and await listed(family, duty) == []


async def test_its_answer_tells_nobody_whether_the_person_is_known(family: ServiceUnderTest) -> None:
    """The same bytes and headers for a linked one, a free one, an unknown contact's and an erased person's."""
    _, caller, linked = await a_raised(family)
    gone_way, gone_caller, gone = await a_raised(family)
    unknown = a_contact_caller(uuid4())
    cases = [(linked, caller), (await raised(family, caller, description="words"), caller), (gone, gone_caller)]
    cases.append((await raised(family, unknown, link=str(uuid4()), description="words"), unknown))
    await family.run_deadlines()
    before = len(await family.appended())
    await family.deliver(PersonErased(person_id=gone_way.person_id, on=DAY))
    shapes = set()
    for concern_id, who in cases:
        done = await enter(family, concern_id, who)
        headers = [(name, value) for name, value in done.headers.items() if name != "date"]
        shapes.add(repr((done.status_code, headers, done.content.replace(str(concern_id).encode(), b"*"))))
    assert len(shapes) == 1 and "200" in shapes.pop()
    assert len(await family.appended()) == before, "nothing is told by the request itself"
    await family.run_deadlines()
    assert (await told(family))[before:] == [ConcernWithdrawn], "the linked one alone was told"


async def test_one_that_was_not_told_yet_never_is(family: ServiceUnderTest) -> None:
    way, caller, concern_id = await a_raised(family)
    assert (await enter(family, concern_id, caller)).status_code == 200
    assert await family.run_deadlines() == 2 and await told(family) == []
    assert await listed(family, a_liaison(way.organisation_id)) == []


async def test_who_has_accepted_the_person_answers_but_takes_nothing_back(family: ServiceUnderTest) -> None:
    way, _, concern_id = await a_raised(family)
    acceptor = a_liaison(uuid4())
    assert acceptor.organisation_id is not None
    await family.deliver(way.accepted(uuid4(), acceptor.organisation_id))
    assert (await enter(family, concern_id, acceptor)).status_code == 404
    assert (await answer(family, concern_id, acceptor)).status_code == 200
    assert (await enter(family, concern_id, a_liaison(way.organisation_id))).status_code == 200, "an answered one too"


async def test_an_answer_is_amended_by_who_gave_it(family: ServiceUnderTest) -> None:
    way, _, concern_id = await a_raised(family)
    holder, path = a_liaison(way.organisation_id), f"/concerns/{concern_id}/answer/amendment"
    right = {"measure": "referred", "note": "other words", "correction_reason": "mistyped"}
    early = await family.call("POST", path, holder, right)
    assert (early.status_code, early.json()["unmet"]) == (422, ["answered"])
    await answer(family, concern_id, holder)
    for _ in range(2):
        done = await family.call("POST", path, holder, right)
        assert (done.status_code, done.json()) == (200, {"id": str(concern_id), "status": "answered"})
    (item,) = await listed(family, holder)
    (former,) = item["report"]["former_answers"]
    assert (item["report"]["measure"], item["report"]["note"]) == ("referred", "other words")
    assert former == {"measure": "talked", "note": "words", "reason": "mistyped", "at": former["at"], "by": holder.sub}
    assert await told(family) == [ConcernRead, ConcernAnswered]
    acceptor = a_liaison(uuid4())
    assert acceptor.organisation_id is not None
    assert (await family.call("POST", path, acceptor, right)).status_code == 404
    await family.deliver(way.accepted(uuid4(), acceptor.organisation_id))
    other = await family.call("POST", path, acceptor, {**right, "measure": "other"})
    assert other.json()["unmet"] == ["answered-by-own-organisation"]
    await family.deliver(PersonErased(person_id=way.person_id, on=DAY))
    (row,) = await family.fetch("SELECT note, former_answers FROM concern")
    assert tuple(row) == (None, "[]"), "an erasure takes these words too"
