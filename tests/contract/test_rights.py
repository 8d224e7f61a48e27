"""The full matrix role x route: whoever the policy does not name is refused. What a role sees of an object is tested with the services.

Source: privacy section 1, contracts section 1.
"""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx2
import pytest

from shared.command import Command, Guarded, commands
from shared.identity import Caller
from shared.policy import MACRO, MESO, ROLES
from tests.contract.routes import ID, Way, application, client_of, outcome_of, routes_of, ways
from tests.contract.tree import SERVICES
from tests.harness import NamedCallers, a_caller

WAYS = ways()
OPEN = {"/healthz", "/readyz"}
OF_PERSONS = re.compile(r"/(persons|journeys|referrals|contacts|messages|concerns|self-referrals)(?=/|$)")


def callers() -> dict[str, Caller]:
    """One principal a role, of an organisation; and twisted ones: at a level not the role's own, a meso role without organisation."""
    organisation = UUID(ID)
    fitting = {role: a_caller(role, organisation) for role in ROLES}
    twisted = {
        f"{role} elsewhere": Caller(role, organisation, "macro" if role not in MACRO else "meso", frozenset({role})) for role in ROLES
    }
    homeless = {f"{role} of nobody": a_caller(role) for role in MESO}
    strangers = {"no role": Caller("nobody", organisation, "meso"), "unknown role": Caller("x", organisation, "meso", frozenset({"admin"}))}
    return fitting | twisted | homeless | strangers


@pytest.fixture(scope="module")
async def clients() -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    named = NamedCallers(callers())
    opened = {name: client_of(application(name, named)) for name in SERVICES}
    yield opened
    for client in opened.values():
        await client.aclose()


def test_every_route_names_a_policy_but_the_probes() -> None:
    for name in SERVICES:
        assert {route.path for route in routes_of(name) if not isinstance(route, Guarded)} == OPEN
    assert all(way.roles for way in WAYS)


def test_a_route_without_a_policy_cannot_be_built() -> None:
    router = commands("unnamed")
    with pytest.raises(TypeError, match="names no policy"):

        @router.post("/unnamed")
        async def unnamed() -> None: ...


def test_commands_change_and_queries_read() -> None:
    """A GET is never a command; anything else is a command or a calculation."""
    for way in WAYS:
        assert isinstance(way.route, Command) <= (way.method in ("POST", "PUT", "PATCH", "DELETE")), str(way)


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_a_role_passes_only_where_it_is_named(way: Way, clients: dict[str, httpx2.AsyncClient]) -> None:
    answers = {}
    for name in callers():
        answer = await clients[way.service].request(way.method, way.path, headers={"Authorization": f"Bearer {name}"})
        answers[name] = outcome_of(answer)
    assert answers == {name: "passed" if name in way.roles else "forbidden" for name in callers()}


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_nobody_passes_without_a_token(way: Way, clients: dict[str, httpx2.AsyncClient]) -> None:
    for headers in ({}, {"Authorization": "Bearer of nobody we know"}):
        assert outcome_of(await clients[way.service].request(way.method, way.path, headers=headers)) == "unauthenticated"


def test_an_operator_sees_no_person() -> None:
    """Source: contracts section 1."""
    assert {way.route.path for way in WAYS if "operator" in way.roles} == {"/delivery", "/seen/{topic}/{stream_id}/{seq}", "/metrics"}


def test_the_macro_level_sees_no_person() -> None:
    """Source: privacy section 1: the ministry never sees any person, any pseudonym."""
    assert [str(way) for way in WAYS if OF_PERSONS.search(way.route.path) and way.roles & MACRO] == []


def test_a_contact_reads_nothing_outside_family() -> None:
    """Elsewhere a contact may at most ask a question (001-11); it never reads a person's record. Source: privacy section 1."""
    assert [str(way) for way in WAYS if "contact" in way.roles and way.service != "family" and OF_PERSONS.search(way.route.path)] == []
