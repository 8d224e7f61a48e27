"""A role works at its own level and for its own kind of subject: what a token carries beside it opens nothing. Privacy section 1."""

from uuid import UUID, uuid4

import pytest

from shared.identity import Caller
from tests.builders_family import a_contact, a_liaison, a_way
from tests.harness import ServiceUnderTest, a_caller


async def test_a_contact_whose_subject_is_no_id_gets_no_organisations_inbox(family: ServiceUnderTest) -> None:
    """A teacher's token with the school's claim, from an issuer that names subjects in its own way."""
    way = await a_way(family)
    await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started())
    answer = await family.call("GET", "/messages", a_caller("contact", way.organisation_id, sub="teacher-17"))
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("beside", ["system", "clinician"])
async def test_a_role_of_another_level_beside_a_contacts_opens_nothing(family: ServiceUnderTest, beside: str) -> None:
    way = await a_way(family)
    (own, _), (other, _) = await a_contact(family, way), await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started())
    (message,) = await family.fetch("SELECT message_id FROM message WHERE contact_id = $1", other)
    teacher = Caller(str(own), way.organisation_id, "micro", frozenset({"contact", beside}))
    for path in (f"/contacts/{other}", f"/contacts/{other}/permissions", f"/messages/{message['message_id']}"):
        assert (await family.call("GET", path, teacher)).status_code == 404, path


async def test_a_link_is_not_opened_by_a_role_of_another_level(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    (own, _), (other, _) = await a_contact(family, way), await a_contact(family, way)
    teacher = Caller(str(own), way.organisation_id, "micro", frozenset({"contact", "system"}))
    body = {"link": str(other), "description": "quieter than before"}
    answer = await family.call("POST", "/concerns", teacher, body, key=f"concern-{uuid4()}")
    assert answer.status_code == 201
    (row,) = await family.fetch("SELECT linked FROM concern WHERE concern_id = $1", UUID(answer.json()["id"]))
    assert row["linked"] is False


async def test_a_school_does_not_read_what_its_teacher_reports_as_a_contact(family: ServiceUnderTest) -> None:
    """The family's own liaisons do; the school was never assigned to it."""
    way, school = await a_way(family), uuid4()
    own, _ = await a_contact(family, way)
    teacher = a_caller("contact", school, sub=str(own))
    assert (await family.call("POST", "/concerns", teacher, {"description": "quieter"})).status_code == 201
    assert (await family.call("GET", "/concerns", a_liaison(school))).json()["items"] == []
    assert len((await family.call("GET", "/concerns", a_liaison(way.organisation_id))).json()["items"]) == 1


async def test_every_read_of_a_circle_is_audited_under_its_person(family: ServiceUnderTest) -> None:
    """So that a person finds each read, also when the contact is gone. Source: privacy sections 4 and 5."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    assert (await family.call("POST", "/concerns", a_caller("contact", sub=str(contact_id)), {"description": "quieter"})).status_code == 201
    for path in (f"/contacts/{contact_id}", f"/contacts/{contact_id}/permissions", "/concerns"):
        assert (await family.call("GET", path, a_liaison(way.organisation_id))).status_code == 200
    rows = await family.fetch("SELECT action, subject_id FROM audit WHERE action LIKE 'read-%' ORDER BY 1")
    assert [tuple(row) for row in rows] == [(action, way.person_id) for action in ("read-concern", "read-contact", "read-permissions")]
