"""Concerns over HTTP: one neutral receipt, the time of reading, escalation, and words that stay here. Source: OUR-05, 000-08..14."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernRead, ConcernSigned
from shared.events.referral import PersonErased
from shared.identity import Caller
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_liaison, a_way
from tests.harness import ServiceUnderTest, a_caller

MILD = [{"sign": "apathy"}]
DEEP = [{"sign": "grades-fell", "before": "4-5", "now": "2"}]


async def raise_concern(family: ServiceUnderTest, caller: Caller, **body: Any) -> httpx2.Response:
    return await family.call("POST", "/concerns", caller, {"signs": MILD, "worldview": "no", **body})


async def a_raised(family: ServiceUnderTest, **body: Any) -> tuple[Way, Caller, UUID]:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    caller = a_contact_caller(contact_id)
    answer = await raise_concern(family, caller, link=str(contact_id), **body)
    assert answer.status_code == 201, answer.text
    return way, caller, UUID(answer.json()["id"])


def shape(answer: httpx2.Response) -> tuple[Any, ...]:
    """All of an answer but its random id."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
    return answer.status_code, headers, answer.content.replace(answer.json()["id"].encode(), b"*" * 36)


async def test_the_receipt_is_the_same_whoever_is_known(family: ServiceUnderTest) -> None:
    """Own link, another's link, an unknown link, none, an erased person's, a contact that is gone: byte-identical."""
    way, other = await a_way(family), await a_way(family)
    (mine, _), (theirs, _) = await a_contact(family, way), await a_contact(family, other)
    caller = a_contact_caller(mine)
    answers = [await raise_concern(family, caller, link=link) for link in (str(mine), str(theirs), str(uuid4()), None)]
    answers.append(await raise_concern(family, a_contact_caller(uuid4()), link=None, description="words"))
    answers.append(await raise_concern(family, a_caller("contact", sub="no-id"), link=str(theirs)))
    await family.deliver(PersonErased(person_id=way.person_id, on=DAY))
    answers.append(await raise_concern(family, caller, link=str(mine)))
    assert len({repr(shape(answer)) for answer in answers}) == 1
    await family.run_deadlines()
    assert [type(event) for event in await family.appended()] == []


async def test_a_linked_concern_is_told_in_codes_a_free_one_not_at_all(family: ServiceUnderTest) -> None:
    way, caller, concern_id = await a_raised(family, signs=DEEP, description="she is afraid")
    await raise_concern(family, caller, link=None, description="a boy in class")
    assert await family.appended() == []
    assert await family.run_deadlines() == 2
    about = {"person_id": way.person_id, "concern_id": concern_id}
    assert await family.appended() == [ConcernRaised(**about, severity="severe"), ConcernSigned(**about, signs=("grades-fell",))]
    assert await family.run_deadlines() == 0


async def test_who_raised_it_sees_when_it_was_read_and_no_more(family: ServiceUnderTest) -> None:
    """Source: OUR-05."""
    way, caller, concern_id = await a_raised(family)
    free = UUID((await raise_concern(family, caller, description="words")).json()["id"])
    for each in (concern_id, free):
        assert (await family.call("POST", f"/concerns/{each}/reading", a_liaison(way.organisation_id), {})).status_code == 200
    items = (await family.call("GET", "/concerns", caller)).json()["items"]
    assert {item["id"] for item in items} == {str(concern_id), str(free)}
    linked, unlinked = [{**item, "id": ""} for item in items]
    assert linked == unlinked
    assert (items[0]["status"], items[0]["report"]) == ("read", None) and items[0]["read_at"]
    assert [type(event) for event in await family.appended()] == [ConcernRead]


async def test_an_unanswered_concern_escalates(family: ServiceUnderTest) -> None:
    """Source: mission row 000-10."""
    way, _, concern_id = await a_raised(family)
    await family.run_deadlines()
    assert await family.run_deadlines(family.now + timedelta(days=5)) == 0
    assert await family.run_deadlines(family.now + timedelta(days=5)) == 1
    assert (await family.appended())[-1] == ConcernEscalated(person_id=way.person_id, concern_id=concern_id)


async def test_an_answer_ends_the_clock(family: ServiceUnderTest) -> None:
    way, _, concern_id = await a_raised(family)
    liaison, path = a_liaison(way.organisation_id), f"/concerns/{concern_id}/answer"
    assert (await family.call("POST", path, liaison, {"measure": "talked", "note": "words"})).json()["status"] == "answered"
    assert (await family.call("POST", path, liaison, {})).status_code == 422
    await family.run_deadlines(family.now + timedelta(days=30))
    kinds = [type(event) for event in await family.appended()]
    assert kinds == [ConcernRead, ConcernAnswered, ConcernRaised, ConcernSigned]
    (item,) = (await family.call("GET", "/concerns", liaison)).json()["items"]
    assert (item["report"]["measure"], item["report"]["note"]) == ("talked", "words")


async def test_a_foreign_concern_looks_like_an_absent_one(family: ServiceUnderTest) -> None:
    _, _, concern_id = await a_raised(family)
    stranger = a_liaison(uuid4())
    foreign = await family.call("POST", f"/concerns/{concern_id}/reading", stranger, {})
    absent = await family.call("POST", f"/concerns/{uuid4()}/reading", stranger, {})
    assert (foreign.status_code, foreign.text) == (404, absent.text)
    assert (await family.call("GET", "/concerns", stranger)).json()["items"] == []


async def test_recruitment_is_for_safeguarding_alone(family: ServiceUnderTest) -> None:
    """Source: mission row 000-15."""
    way, _, _ = await a_raised(family, signs=[*MILD, {"sign": "recruitment"}])
    for role, seen in (("liaison", ["apathy"]), ("safeguarding", ["apathy", "recruitment"])):
        (item,) = (await family.call("GET", "/concerns", a_caller(role, way.organisation_id))).json()["items"]
        assert [sign["sign"] for sign in item["report"]["signs"]] == seen


async def test_an_erasure_takes_the_words_and_the_link(family: ServiceUnderTest) -> None:
    way, _, _ = await a_raised(family, signs=DEEP, description="she is afraid")
    await family.deliver(PersonErased(person_id=way.person_id, on=DAY))
    (row,) = await family.fetch("SELECT person_id, description, changes, note, signs FROM concern")
    assert tuple(row) == (None, None, None, None, ["grades-fell"])
    await family.run_deadlines(family.now + timedelta(days=30))
    assert await family.appended() == []
