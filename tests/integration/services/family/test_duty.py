"""Who reads a concern that reaches no family of its own; an unconfirmed organisation reads none. Source: 000-15, OUR-05."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.family.settings import settings
from shared.events.referral import OrganisationChanged, PersonErased
from shared.identity import Caller
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_liaison, a_way
from tests.harness import ServiceUnderTest, a_caller


def an_entry(organisation_id: UUID, confirmed: bool, region: str = "UZ-TK") -> OrganisationChanged:
    about = {"organisation_id": organisation_id, "level": "meso", "kind": "medical-organisation", "region": region, "services": ()}
    return OrganisationChanged.model_validate({**about, "confirmed": confirmed})


def on_duty(*regions: str, organisation_id: UUID | None = None) -> Caller:
    return a_caller("safeguarding", organisation_id, regions=regions)


async def a_report(family: ServiceUnderTest, caller: Caller | None = None, **body: Any) -> UUID:
    """Without a link, by a contact that nobody knows unless another caller is given."""
    answer = await family.call("POST", "/concerns", caller or a_contact_caller(uuid4()), {"description": "words", **body})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def reads(family: ServiceUnderTest, caller: Caller, concern_id: UUID) -> bool:
    """Whether it is shown what the report says, and may act on it; the two go together."""
    items = (await family.call("GET", "/concerns", caller)).json()["items"]
    shown = any(item["id"] == str(concern_id) and item["report"] for item in items)
    done = [(await family.call("POST", f"/concerns/{concern_id}/reading", caller, {})).status_code for _ in range(2)]
    assert done == ([200, 200] if shown else [404, 404])
    return shown


async def test_a_free_description_is_not_for_every_organisation(family: ServiceUnderTest) -> None:
    """A token with any organisation read and closed it."""
    concern_id = await a_report(family, region="UZ-TK")
    for anybody in (on_duty(organisation_id=uuid4()), a_liaison(uuid4()), on_duty("UZ-SA"), on_duty("UZ-T"), on_duty("UZ-TK-YUN")):
        assert not await reads(family, anybody, concern_id)
        answer = await family.call("POST", f"/concerns/{concern_id}/answer", anybody, {})
        absent = await family.call("POST", f"/concerns/{uuid4()}/answer", anybody, {})
        assert (answer.status_code, answer.text) == (404, absent.text)
    for own in (on_duty("UZ-TK"), on_duty("UZ"), on_duty("UZ-SA", "UZ-TK", organisation_id=uuid4())):
        assert await reads(family, own, concern_id)
    assert (await family.call("POST", f"/concerns/{concern_id}/answer", on_duty("UZ-TK"), {})).status_code == 200


async def test_where_nobody_said_where_it_reaches_who_is_on_duty_anywhere(family: ServiceUnderTest) -> None:
    concern_id = await a_report(family)
    assert await reads(family, on_duty("UZ-SA"), concern_id)
    assert not await reads(family, on_duty(organisation_id=uuid4()), concern_id)


async def test_a_named_organisation_is_on_duty(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its liaisons read it without what is for safeguarding alone."""
    named, other = uuid4(), uuid4()
    monkeypatch.setitem(settings().concern_duty, "UZ-TK", named)
    concern_id = await a_report(family, region="UZ-TK", signs=[{"sign": "recruitment"}, {"sign": "apathy"}])
    elsewhere = await a_report(family, region="UZ-SA")
    assert await reads(family, a_liaison(named), concern_id) and not await reads(family, a_liaison(other), concern_id)
    assert not await reads(family, a_liaison(named), elsewhere)
    (item,) = (await family.call("GET", "/concerns", a_liaison(named))).json()["items"]
    assert [sign["sign"] for sign in item["report"]["signs"]] == ["apathy"]
    await family.deliver(an_entry(named, confirmed=False))
    assert not await reads(family, a_liaison(named), concern_id)


async def test_what_an_organisation_reports_of_others_it_sees_as_a_contact_does(family: ServiceUnderTest) -> None:
    """It neither reads nor answers its own report, which goes to who is on duty where it is. Source: OUR-05."""
    reporter = uuid4()
    await family.deliver(an_entry(reporter, confirmed=True))
    concern_id = await a_report(family, a_liaison(reporter))
    assert not await reads(family, a_liaison(reporter), concern_id)
    assert await reads(family, on_duty("UZ-TK"), concern_id) and not await reads(family, on_duty("UZ-SA"), concern_id)
    (item,) = (await family.call("GET", "/concerns", a_liaison(reporter))).json()["items"]
    assert (item["status"], item["report"]) == ("read", None)


async def test_a_familys_own_is_not_for_who_is_on_duty(family: ServiceUnderTest) -> None:
    """Unless nobody has to do with the person any more."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    concern_id = await a_report(family, a_contact_caller(contact_id), link=str(contact_id))
    assert await reads(family, a_liaison(way.organisation_id), concern_id) and not await reads(family, on_duty("UZ-TK"), concern_id)
    await family.deliver(an_entry(way.organisation_id, confirmed=False))
    assert not await reads(family, a_liaison(way.organisation_id), concern_id) and await reads(family, on_duty("UZ-TK"), concern_id)
    await family.deliver(an_entry(way.organisation_id, confirmed=True))
    assert await reads(family, a_liaison(way.organisation_id), concern_id) and not await reads(family, on_duty("UZ-TK"), concern_id)


async def test_an_unconfirmed_organisation_works_with_its_own_persons(family: ServiceUnderTest) -> None:
    """It receives no concern; contacts and permissions are its own. The newest entry counts, in any order."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    newer = family.envelope(an_entry(way.organisation_id, confirmed=True), seq=2)
    older = family.envelope(an_entry(way.organisation_id, confirmed=False), seq=1)
    await family.deliver_again(older, newer)
    await family.fetch("UPDATE inbox SET last_seq = 0 WHERE stream_id = $1 RETURNING topic", way.organisation_id)
    await family.deliver_again(older)
    assert [row["is_confirmed"] for row in await family.fetch("SELECT is_confirmed FROM organisation")] == [True]
    await family.fetch("UPDATE organisation SET is_confirmed = false RETURNING seq")
    concern_id = await a_report(family, a_contact_caller(contact_id), link=str(contact_id))
    assert not await reads(family, a_liaison(way.organisation_id), concern_id)
    assert (await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(way.organisation_id))).status_code == 200


async def test_what_an_erasure_leaves_reaches_nobody(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    concern_id = await a_report(family, a_contact_caller(contact_id), link=str(contact_id))
    await family.deliver(PersonErased(person_id=way.person_id, on=DAY))
    assert not await reads(family, on_duty("UZ-TK"), concern_id) and not await reads(family, a_liaison(way.organisation_id), concern_id)


async def test_the_registrar_reads_concerns_until_another_is_holder(family: ServiceUnderTest) -> None:
    way, registrar = Way(), uuid4()
    await family.deliver(way.registered(by=registrar))
    contact_id, _ = await a_contact(family, Way(person_id=way.person_id, organisation_id=registrar))
    concern_id = await a_report(family, a_contact_caller(contact_id), link=str(contact_id))
    assert await reads(family, a_liaison(registrar), concern_id)
    await family.deliver(way.opened())
    assert not await reads(family, a_liaison(registrar), concern_id) and await reads(family, a_liaison(way.organisation_id), concern_id)
