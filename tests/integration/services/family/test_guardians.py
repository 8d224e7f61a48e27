"""Guardians: recorded contacts with a basis and an end, who alone give for a minor. Source: mission rows 000-24, 000-25."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.family.settings import settings
from shared.events.family import GuardianEnded, GuardianNamed, MessageSuppressed
from shared.events.referral import PersonCameOfAge
from tests.builders_family import DAY, Way, a_contact, a_guardian, a_known, a_liaison, a_way, add_contact, give, name_guardian, states
from tests.harness import ServiceUnderTest, a_caller


async def a_minor(family: ServiceUnderTest) -> tuple[Way, UUID]:
    """And a contact."""
    way = await a_way(family, "minor")
    return way, (await a_contact(family, way))[0]


def unmet(answer: Any) -> tuple[int, list[str] | None]:
    return answer.status_code, answer.json().get("unmet")


async def test_a_minors_own_token_never_says_given_by_guardian(family: ServiceUnderTest) -> None:
    """Nor does it name one; with a guardian that is recorded the organisation says so."""
    way, contact_id = await a_minor(family)
    guardian_id = await a_guardian(family, way)
    person = a_caller("person", sub=str(way.person_id))
    for given_by in ("guardian", "both"):
        named: dict[str, Any] = {"given_by": given_by, "guardian_id": str(guardian_id)}
        assert unmet(await give(family, way, contact_id, person, **named)) == (422, ["given-by-the-caller"])
        assert (await give(family, way, contact_id, **named)).status_code == 201
    assert unmet(await give(family, way, contact_id, person)) == (422, ["given-with-guardian"])
    assert (await name_guardian(family, way, contact_id, person)).status_code == 403


async def test_who_gives_as_guardian_is_recorded_valid_that_day_and_of_this_person(family: ServiceUnderTest) -> None:
    way, contact_id = await a_minor(family)
    other, _ = await a_minor(family)
    until = str(DAY + timedelta(days=3))
    valid, foreign = await a_guardian(family, way, until=until), await a_guardian(family, other)
    for wrong in (None, contact_id, foreign, uuid4()):
        named: dict[str, Any] = {"given_by": "guardian", "guardian_id": str(wrong) if wrong else None}
        assert unmet(await give(family, way, contact_id, **named)) == (422, ["guardian-valid-that-day"])
    named = {"given_by": "guardian", "guardian_id": str(valid)}
    assert (await give(family, way, contact_id, **named)).status_code == 201
    family.now += timedelta(days=5)
    late = {**named, "given_on": str(DAY + timedelta(days=4))}
    assert unmet(await give(family, way, contact_id, **late)) == (422, ["guardian-valid-that-day"])
    assert (await give(family, way, contact_id, given_by="person", guardian_id=str(valid))).json()["unmet"] == [
        "given-with-guardian",
        "guardian-takes-part",
    ]


async def test_who_names_a_guardian(family: ServiceUnderTest) -> None:
    """Who registered the person or holds it; not who only accepted, nor an assigned liaison, nor a stranger."""
    way, contact_id = await a_minor(family)
    registrar, school, receiver = uuid4(), await a_known(family), uuid4()
    await family.deliver(way.registered("minor", by=registrar), way.accepted(uuid4(), receiver))
    await family.call("POST", f"/persons/{way.person_id}/liaison", a_liaison(way.organisation_id), {"organisation_id": str(school)})
    for nobody in (school, receiver, uuid4()):
        assert (await name_guardian(family, way, contact_id, a_liaison(nobody))).status_code == 404
    assert (await name_guardian(family, way, contact_id, a_caller("system", registrar), until="2027-05-31")).status_code == 201
    assert await family.appended() == [
        GuardianNamed(person_id=way.person_id, contact_id=contact_id, basis="parent", until=DAY.replace(2027, 5, 31))
    ]
    (view,) = (await family.call("GET", f"/persons/{way.person_id}/guardians", a_liaison(school))).json()["items"]
    assert (view["contact_id"], view["named_by_organisation_id"], view["ended_at"]) == (str(contact_id), str(registrar), None)
    assert unmet(await name_guardian(family, way, contact_id)) == (422, ["not-guardian-already"])


async def test_who_can_be_a_guardian(family: ServiceUnderTest) -> None:
    way, contact_id = await a_minor(family)
    child = UUID((await add_contact(family, way, majority="minor")).json()["id"])
    assert unmet(await name_guardian(family, way, child, until="2026-03-01")) == (422, ["contact-is-adult", "until-today-or-later"])
    assert (await name_guardian(family, way, contact_id, basis="neighbour")).status_code == 422
    adult = await a_way(family)
    (of_adult, _) = await a_contact(family, adult)
    assert unmet(await name_guardian(family, adult, of_adult)) == (422, ["person-has-guardians"])


async def test_with_a_guardianship_ends_what_the_guardian_gave(family: ServiceUnderTest) -> None:
    way, _ = await a_minor(family)
    mother, father = await a_guardian(family, way), await a_guardian(family, way)
    for guardian_id in (mother, father):
        await a_contact(family, way, given_by="both", guardian_id=str(guardian_id), channels=["email"])
    await family.deliver(way.started())
    end = f"/contacts/{mother}/guardianship/end"
    assert (await family.call("POST", end, a_liaison(uuid4()), {})).status_code == 404
    assert (await family.call("POST", end, a_liaison(way.organisation_id), {})).status_code == 200
    assert sorted(await states(family)) == ["pending", "suppressed"]
    ended = [event for event in await family.appended() if isinstance(event, GuardianEnded | MessageSuppressed)]
    assert GuardianEnded(person_id=way.person_id, contact_id=mother) in ended and len(ended) == 2
    assert (await family.call("POST", end, a_liaison(way.organisation_id), {})).status_code == 404
    again = await name_guardian(family, way, mother)
    assert again.status_code == 201


async def test_a_guardianship_ends_after_its_last_day(family: ServiceUnderTest) -> None:
    way, _ = await a_minor(family)
    guardian_id = await a_guardian(family, way, until=str(DAY))
    contact_id, _ = await a_contact(family, way, given_by="guardian", guardian_id=str(guardian_id))
    assert await family.run_deadlines(family.now + timedelta(hours=10)) == 0
    assert await family.run_deadlines(family.now + timedelta(days=1)) == 1
    assert (await family.appended())[-1] == GuardianEnded(person_id=way.person_id, contact_id=guardian_id)
    (item,) = (await family.call("GET", f"/contacts/{contact_id}/permissions", a_liaison(way.organisation_id))).json()["items"]
    assert (item["ended_because"], item["guardian_id"]) == ("guardian-ended", str(guardian_id))


async def test_at_majority_all_guardianships_and_all_they_gave_end(family: ServiceUnderTest) -> None:
    """Once, twice, and where the person was registered of age after all. Source: mission rows 000-24, 000-25."""
    way, _ = await a_minor(family)
    guardians = [await a_guardian(family, way, until=until) for until in (None, "2027-01-01")]
    for guardian_id, given_by in zip(guardians, ("guardian", "both"), strict=True):
        await a_contact(family, way, given_by=given_by, guardian_id=str(guardian_id), channels=["email"])
    of_age = PersonCameOfAge(person_id=way.person_id, on=DAY)
    (_, envelope, _) = await family.deliver(way.started(), of_age, way.completed())
    await family.deliver_again(envelope)
    await family.fetch("UPDATE inbox SET last_seq = $1 WHERE topic = $2 RETURNING topic", envelope.seq - 1, envelope.topic)
    await family.deliver_again(envelope)
    assert await states(family) == ["suppressed", "suppressed"]
    told = await family.appended()
    ended = [event for event in told if isinstance(event, GuardianEnded)]
    assert sorted(event.contact_id for event in ended) == sorted(guardians)
    assert {event.reason for event in told if isinstance(event, MessageSuppressed)} == {"came-of-age"}
    assert await family.run_deadlines(family.now + timedelta(days=900)) == 0
    assert unmet(await name_guardian(family, way, guardians[0])) == (422, ["person-has-guardians"])


async def test_a_person_of_unknown_age_is_not_yet_known(family: ServiceUnderTest) -> None:
    """Who may decide depends on it; the news of the registration is on its way."""
    way = Way()
    await family.deliver(way.opened())
    contact_id, _ = await a_contact(family, way)
    for answer in (await give(family, way, contact_id), await name_guardian(family, way, contact_id)):
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    await family.deliver(way.registered("minor"))
    assert (await name_guardian(family, way, contact_id)).status_code == 201


async def test_another_countrys_table_decides(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    way, contact_id = await a_minor(family)
    person = a_caller("person", sub=str(way.person_id))
    monkeypatch.setitem(settings().may_consent, "minor", ("person",))
    assert (await give(family, way, contact_id, person)).status_code == 201
    assert unmet(await name_guardian(family, way, contact_id)) == (422, ["person-has-guardians"])
