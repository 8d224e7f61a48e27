"""Every route of family for every relation one may have: what is allowed, and that the rest looks as if it were absent.

The expectation stands here once more, by hand: `person/domain.py` is what it is compared with. Source: privacy section 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.family.__main__ import SERVICE
from shared.command import Guarded
from shared.identity import Caller
from tests.builders_family import DAY, Way, a_contact_caller, a_guardian, a_liaison, add_contact, an_organisation, give
from tests.harness import ServiceUnderTest, a_caller

X, HOLDER, OTHER = uuid4(), uuid4(), uuid4()
CIRCLE, CHANGE, GUARDIANS, CASE, ASSIGN, REMOVE, WITHDRAW = "circle", "change", "guardians", "case", "assign", "remove", "withdraw"
PERMISSION: dict[str, Any] = {"topics": ["stage"], "channels": ["inbox"], "given_on": str(DAY), "given_by": "guardian"}

# Route -> what one must be allowed for it, and a body. In this order: what takes something away comes last.
ROUTES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "GET /persons/{person}/contacts": (CIRCLE, None),
    "GET /contacts/{contact}": (CIRCLE, None),
    "GET /contacts/{contact}/permissions": (CIRCLE, None),
    "GET /persons/{person}/guardians": (CIRCLE, None),
    "GET /messages": (CASE, None),
    "GET /messages/{message}": (CASE, None),
    "GET /concerns": (CASE, None),
    "GET /persons/{person}/liaisons": (REMOVE, None),
    "PUT /contacts/{contact}/language": (CHANGE, {"language": "ru"}),
    "POST /persons/{person}/contacts": (CHANGE, {"name": "contact 9", "relation": "mother", "kind": "family", "language": "en"}),
    "POST /contacts/{contact}/permissions": (CHANGE, PERMISSION),
    "POST /contacts/{contact}/guardianship": (GUARDIANS, {"basis": "court-appointed"}),
    "POST /contacts/{contact}/guardianship/end": (GUARDIANS, {}),
    "POST /persons/{person}/liaison": (ASSIGN, {"organisation_id": str(OTHER)}),
    "POST /persons/{person}/liaison/removal": (REMOVE, {"organisation_id": str(OTHER)}),
    "POST /concerns/{concern}/reading": (CASE, {}),
    "POST /concerns/{concern}/answer": (CASE, {}),
    "POST /concerns/{concern}/answer/amendment": (CASE, {"measure": "talked", "correction_reason": "mistyped"}),
    "POST /contacts/{contact}/permissions/{permission}/revocation": (CHANGE, {}),
    "POST /contacts/{contact}/entered-in-error": (ASSIGN, {"reason": "other-person"}),
    "POST /concerns/{concern}/entered-in-error": (WITHDRAW, {"reason": "other-person"}),
}
OWN_ONLY = {"PUT /messages/{message}/reading", "POST /concerns"}
"""The contact's own, and the receipt that is the same for everybody: test_concerns.py, test_receipts.py."""
EVERYTHING = {CIRCLE, CHANGE, GUARDIANS, CASE, ASSIGN, REMOVE, WITHDRAW}

# What was heard about organisation X -> what its liaisons and its system may then do.
STATES: dict[str, set[str]] = {
    "stranger": set(),
    "asked": set(),
    "declined": set(),
    "declined after accepting": set(),
    "accepted": {CIRCLE, CASE},
    "accepted and told again": {CIRCLE, CASE},
    "cancelled": set(),
    "entered in error": set(),
    "failed": set(),
    "redirected": set(),
    "taken up, its start not heard": {CIRCLE, CASE},
    "holder": EVERYTHING,
    "holder, told as completed": EVERYTHING,
    "former holder": set(),
    "former holder that had assigned itself": set(),
    "registrar, another holds": {CIRCLE, CHANGE, GUARDIANS},
    "registrar, nobody else holds": EVERYTHING,
    "assigned": {CIRCLE, CHANGE, CASE, WITHDRAW},
    "assigned and removed": set(),
}


@dataclass
class World:
    """A minor with a guardian, a contact that was told something, and a concern."""

    way: Way
    ids: dict[str, UUID]
    guardian_id: UUID


def told(way: Way, state: str) -> list[Any]:
    """The facts by which X comes into this state, after the holder opened the journey."""
    r = uuid4()
    accepted, start = way.accepted(r, X), way.started_by(X, stage=2)
    facts: dict[str, list[Any]] = {
        "asked": [way.addressed(r, X)],
        "declined": [way.addressed(r, X), way.answered(r, X, "declined")],
        "declined after accepting": [accepted, way.answered(r, X, "declined")],
        "accepted": [accepted],
        "accepted and told again": [accepted, way.addressed(r, X)],
        "cancelled": [accepted, way.closed(r, "cancelled")],
        "entered in error": [accepted, way.closed(r, "entered-in-error")],
        "failed": [accepted, way.closed(r, "failed")],
        "redirected": [accepted, way.addressed(r, OTHER)],
        "taken up, its start not heard": [accepted, way.taken_up(r, X)],
        "holder": [accepted, start, way.taken_up(r, X)],
        "holder, told as completed": [accepted, way.taken_up(r, X), start, way.closed(r, "completed")],
        "former holder": [accepted, start, way.taken_up(r, X), way.started_by(OTHER, stage=3)],
    }
    return facts.get(state, [])


async def a_world(family: ServiceUnderTest, state: str) -> World:
    way = Way(organisation_id=X if state == "registrar, nobody else holds" else HOLDER)
    await family.deliver(way.registered("minor", by=X if state.startswith("registrar") else HOLDER))
    if way.organisation_id != X:
        await family.deliver(way.opened())
    guardian_id = await a_guardian(family, way)
    contact_id = UUID((await add_contact(family, way)).json()["id"])
    given = await give(family, way, contact_id, **{**PERMISSION, "topics": ["referral"], "guardian_id": str(guardian_id)})
    await family.deliver(way.referred(uuid4(), DAY))
    (message,) = await family.fetch("SELECT message_id FROM message WHERE person_id = $1", way.person_id)
    concern = {"link": str(contact_id), "signs": [{"sign": "apathy"}]}
    raised = await family.call("POST", "/concerns", a_contact_caller(contact_id), concern)
    ids = {"person": way.person_id, "contact": contact_id, "message": message["message_id"]}
    ids |= {"permission": UUID(given.json()["id"]), "concern": UUID(raised.json()["id"])}
    await family.deliver(an_organisation(X), an_organisation(OTHER))
    await come_into(family, way, state)
    return World(way, ids, guardian_id)


async def come_into(family: ServiceUnderTest, way: Way, state: str) -> None:
    path = f"/persons/{way.person_id}/liaison"
    if state.startswith("assigned"):
        assert (await family.call("POST", path, a_liaison(HOLDER), {"organisation_id": str(X)})).status_code == 201
    if state == "assigned and removed":
        assert (await family.call("POST", f"{path}/removal", a_liaison(HOLDER), {"organisation_id": str(X)})).status_code == 200
    if state == "former holder that had assigned itself":
        await family.deliver(way.started_by(X, stage=2))
        assert (await family.call("POST", path, a_liaison(X), {})).status_code == 201
        await family.deliver(way.started_by(OTHER, stage=3))
    await family.deliver(*told(way, state))


async def ask(family: ServiceUnderTest, route: str, caller: Caller, ids: dict[str, UUID], body: dict[str, Any] | None) -> httpx2.Response:
    method, path = route.split(" ")
    return await family.call(method, path.format(**ids), caller, body)


def is_given(route: str, answer: httpx2.Response) -> bool:
    """Something was shown or done; else it must look as if there were nothing."""
    if route in ("GET /messages", "GET /concerns"):
        assert answer.status_code == 200
        return any(item.get("report") or item.get("text") for item in answer.json()["items"])
    assert answer.status_code in (200, 201, 404, 409, 422), answer.text
    return answer.status_code in (200, 201)


async def outcomes(family: ServiceUnderTest, world: World, caller: Caller, routes: Sequence[str]) -> dict[str, bool]:
    """By route whether it was given; each refusal is compared with the one for ids that nobody has."""
    found = {}
    for route in routes:
        body = ROUTES[route][1]
        body = {**body, "guardian_id": str(world.guardian_id)} if body is PERMISSION else body
        if "/guardianship/end" in route or (body and "basis" in body):
            ids = {**world.ids, "contact": world.guardian_id}
            if body:
                await family.fetch("UPDATE guardianship SET ended_at = named_at WHERE contact_id = $1 RETURNING basis", world.guardian_id)
        else:
            ids = world.ids
        answer = await ask(family, route, caller, ids, body)
        found[route] = is_given(route, answer)
        if not found[route]:
            absent = await ask(family, route, caller, dict.fromkeys(world.ids, uuid4()), body)
            assert (answer.status_code, answer.text) == (absent.status_code, absent.text), route
    return found


def test_every_route_of_family_is_in_the_matrix() -> None:
    names = {"{person_id}": "{person}", "{contact_id}": "{contact}", "{permission_id}": "{permission}"}
    names |= {"{message_id}": "{message}", "{concern_id}": "{concern}"}
    paths = []
    for route in (route for router in SERVICE.routers for route in router.routes if isinstance(route, Guarded)):
        path = route.path
        for long, short in names.items():
            path = path.replace(long, short)
        paths.append(f"{next(iter(route.methods or ()))} {path}")
    assert set(paths) == set(ROUTES) | OWN_ONLY


@pytest.mark.parametrize("role", ["liaison", "system"])
@pytest.mark.parametrize("state", STATES)
async def test_an_organisation_may_what_its_relation_allows(family: ServiceUnderTest, state: str, role: str) -> None:
    world = await a_world(family, state)
    routes = [route for route in ROUTES if role == "liaison" or "concern" not in route]
    allowed = {route: ROUTES[route][0] in STATES[state] for route in routes}
    if ASSIGN not in STATES[state] and REMOVE not in STATES[state]:  # so that there would be one to remove
        await family.call("POST", f"/persons/{world.way.person_id}/liaison", a_liaison(HOLDER), {"organisation_id": str(OTHER)})
    assert await outcomes(family, world, a_caller(role, X), routes) == allowed


async def test_a_person_may_see_and_change_the_circle_and_remove_liaisons(family: ServiceUnderTest) -> None:
    """Giving is refused by the rule of age alone: a minor's own token permits nothing by itself."""
    world = await a_world(family, "holder")
    await family.call("POST", f"/persons/{world.way.person_id}/liaison", a_liaison(X), {"organisation_id": str(OTHER)})
    routes = [r for r in ROUTES if ROUTES[r][0] in (CIRCLE, CHANGE, REMOVE) and "language" not in r and not r.endswith("/permissions")]
    person, another = (a_caller("person", sub=str(sub)) for sub in (world.way.person_id, uuid4()))
    assert not any((await outcomes(family, world, another, routes)).values())
    assert all((await outcomes(family, world, person, routes)).values())


async def test_a_contact_sees_itself_and_changes_its_language_alone(family: ServiceUnderTest) -> None:
    """Also one that holds another role, or belongs to an organisation with none."""
    world = await a_world(family, "stranger")
    routes = [r for r in ROUTES if "/contacts/{contact}" in r]
    own, roles = world.ids["contact"], frozenset({"contact", "liaison"})
    given = {r for r, was in (await outcomes(family, world, Caller(str(own), X, "micro", roles), routes)).items() if was}
    assert given == {"GET /contacts/{contact}", "GET /contacts/{contact}/permissions", "PUT /contacts/{contact}/language"}
    assert not any((await outcomes(family, world, Caller(str(uuid4()), X, "micro", roles), routes)).values())
