"""Who may see and change what: organisation and case relation both. Foreign looks like absent. Source: privacy section 1."""

from uuid import UUID, uuid4

from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_known, a_liaison, a_way, add_contact, give, revoke
from tests.harness import ServiceUnderTest, a_caller


async def test_a_foreign_family_looks_like_an_absent_one(family: ServiceUnderTest) -> None:
    way, stranger = await a_way(family), a_liaison(uuid4())
    contact_id, permission_id = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started())
    (message,) = await family.fetch("SELECT message_id FROM message")
    routes = {
        "GET": [f"/persons/{way.person_id}/contacts", f"/contacts/{contact_id}", f"/contacts/{contact_id}/permissions"],
        "POST": [f"/persons/{way.person_id}/liaison", f"/contacts/{contact_id}/permissions/{permission_id}/revocation"],
    }
    routes["GET"].append(f"/messages/{message['message_id']}")
    for method, paths in routes.items():
        for path in paths:
            for caller in (stranger, a_caller("person", sub=str(uuid4()))):
                answer = await family.call(method, path, caller, {} if method == "POST" else None)
                assert answer.status_code in (403, 404), path
    assert (await add_contact(family, way, stranger)).text == (await add_contact(family, Way(), stranger)).text
    assert (await give(family, way, contact_id, stranger)).text == (await give(family, way, uuid4(), stranger)).text
    assert (await family.call("GET", "/messages", stranger)).json()["items"] == []


async def test_a_system_whose_news_is_on_the_way_is_told_to_come_again(family: ServiceUnderTest) -> None:
    """The same for an absent and a foreign person: it tells nothing."""
    way, system = await a_way(family), a_caller("system", uuid4())
    foreign, absent = await add_contact(family, way, system), await add_contact(family, Way(), system)
    assert (foreign.status_code, foreign.text, foreign.headers["retry-after"]) == (409, absent.text, "1")
    own = a_caller("system", way.organisation_id)
    assert (await add_contact(family, way, own)).status_code == 201


async def test_a_related_organisation_assigns_another_and_nobody_else_does(family: ServiceUnderTest) -> None:
    """Source: mission rows 002-11, 002-23."""
    way, school = await a_way(family), await a_known(family)
    path, body = f"/persons/{way.person_id}/liaison", {"organisation_id": str(school)}
    assert (await family.call("POST", path, a_liaison(school), {})).status_code == 404
    assert (await family.call("POST", path, a_liaison(way.organisation_id), body)).status_code == 201
    assert (await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(school))).status_code == 200


async def test_a_contact_has_its_own_inbox_and_language(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    (first, _), (second, _) = await a_contact(family, way, topics=["stage"]), await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started())
    caller = a_contact_caller(first)
    assert (await family.call("PUT", f"/contacts/{first}/language", caller, {"language": "ru"})).status_code == 200
    assert (await family.call("PUT", f"/contacts/{second}/language", caller, {"language": "ru"})).status_code == 404
    (item,) = (await family.call("GET", "/messages", caller)).json()["items"]
    assert (item["contact_id"], item["text"]) == (str(first), "Начался шаг 1 из 5.")
    (other,) = (await family.call("GET", "/messages", a_contact_caller(second))).json()["items"]
    assert (await family.call("GET", f"/messages/{other['id']}", caller)).status_code == 404
    assert (await family.call("PUT", f"/messages/{other['id']}/reading", caller, {})).status_code == 404
    liaison = await family.call("GET", "/messages", a_liaison(way.organisation_id))
    assert {i["contact_id"] for i in liaison.json()["items"]} == {str(first), str(second)}


async def test_a_contact_that_belongs_to_an_assigned_organisation_still_sees_itself_alone(family: ServiceUnderTest) -> None:
    """A teacher as a contact, with the school's claim in the token."""
    way = await a_way(family)
    (own, _), (other, _) = await a_contact(family, way), await a_contact(family, way)
    teacher = a_caller("contact", way.organisation_id, sub=str(own))
    assert (await family.call("GET", f"/contacts/{own}", teacher)).status_code == 200
    assert (await family.call("GET", f"/contacts/{other}", teacher)).status_code == 404
    assert (await family.call("GET", f"/contacts/{other}/permissions", teacher)).status_code == 404


async def test_the_person_gives_and_revokes_permissions(family: ServiceUnderTest) -> None:
    """Source: privacy section 4."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    person = a_caller("person", sub=str(way.person_id))
    given = await give(family, way, contact_id, person, topics=["relapse"])
    assert given.status_code == 201
    path = f"/contacts/{contact_id}/permissions"
    assert (await family.call("POST", f"{path}/{given.json()['id']}/revocation", person, {})).json()["status"] == "revoked"
    (item,) = (await family.call("GET", path, person)).json()["items"]
    assert (item["level"], item["ended_because"]) == ("micro", "revoked")
    unmet = ["given-by-the-adult-alone", "given-by-the-caller", "guardian-valid-that-day"]
    assert (await give(family, way, contact_id, person, given_by="guardian")).json()["unmet"] == unmet


async def test_a_permission_is_given_on_the_day_that_has_begun_there(family: ServiceUnderTest) -> None:
    """In Tashkent the next day begins at 19:00 UTC: "today" is the day there, for what is given and for what ends."""
    way = await a_way(family)
    third, fourth = str(DAY.replace(day=3)), str(DAY.replace(day=4))
    contact_id, _ = await a_contact(family, way)
    assert (await give(family, way, contact_id, given_on=third)).json()["unmet"] == ["date-not-in-future"]
    family.now = family.now.replace(hour=21)
    assert (await give(family, way, contact_id, given_on=third, until=third)).status_code == 201
    assert (await give(family, way, contact_id, given_on=fourth)).json()["unmet"] == ["date-not-in-future"]
    assert (await give(family, way, contact_id, until=str(DAY))).json()["unmet"] == ["until-today-or-later"]
    await family.deliver(way.started())
    family.now = family.now.replace(day=3, hour=20)
    await family.deliver(way.completed())
    told = await family.fetch("SELECT kind FROM message WHERE contact_id = $1", contact_id)
    assert [row["kind"] for row in told] == ["stage-started"]


async def test_an_unlikely_date_needs_a_reason_and_an_impossible_spelling_is_none(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    assert (await give(family, way, contact_id, given_on="1946-03-02")).json()["unmet"] == ["reason-for-an-unlikely-date"]
    assert (await give(family, way, contact_id, given_on="1946-03-02", reason="an old paper")).status_code == 201
    for spelling in (1772409600, "2026-03-02T00:00:00Z", "20260302"):
        assert (await give(family, way, contact_id, given_on=spelling)).status_code == 422


async def test_a_permission_of_another_contact_is_not_revoked(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, topics=["stage"])
    other, _ = await a_contact(family, way)
    assert permission_id and (await revoke(family, way, other, permission_id)).status_code == 404
    assert (await family.fetch("SELECT revoked_at FROM permission WHERE contact_id = $1", contact_id))[0]["revoked_at"] is None


async def test_contacts_come_in_pages(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    added = {str((await a_contact(family, way))[0]) for _ in range(5)}
    path, caller = f"/persons/{way.person_id}/contacts", a_liaison(way.organisation_id)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await family.call("GET", f"{path}?limit=2{cursor and '&cursor=' + cursor}", caller)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert set(seen) == added and len(seen) == 5
    assert (await family.call("GET", f"{path}?cursor=bm9wZQ==", caller)).status_code == 422


async def test_reading_a_circle_is_audited(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(way.organisation_id))
    rows = await family.fetch("SELECT action, subject_id FROM audit")
    assert [tuple(row) for row in rows] == [("read-contacts", way.person_id)]


async def test_names_and_addresses_are_marked_personal(family: ServiceUnderTest) -> None:
    """Subject access and the canary read that mark. Source: privacy section 3."""
    rows = await family.fetch(
        "SELECT c.relname || '.' || a.attname AS place FROM pg_description d JOIN pg_class c ON c.oid = d.objoid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid WHERE d.description = 'personal' ORDER BY 1"
    )
    places = [row["place"] for row in rows]
    assert places == [
        "concern.changes",
        "concern.description",
        "concern.former_answers",
        "concern.note",
        "contact.email",
        "contact.name",
        "contact_address.address",
        "permission.reason",
    ]
    assert UUID(int=0) not in places
