"""Every cell of the matrix route x role x relation, on the running services. The table is `deploy/docs/relations.toml`.

Relations that the table does not name leave nothing: a referral that was asked for, declined, cancelled or addressed elsewhere, being
named as the next organisation, nothing at all. Source: contracts "Rights".
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from deploy.docs.relations import relations, verdict_of
from tests import harness
from tests.contract.routes import Way, ways
from tests.integration.rights import worlds
from tests.integration.rights.trying import World

SERVICES = ("referral", "programme", "family")
OF_A_CASE = re.compile(
    r"\{(person|journey|referral|consent|consent_request|contact|permission|message|concern)_id\}|^/(journeys|referrals)$"
)
OVER = {"declined", "cancelled"}
OWN_REFERRAL = {"GET /referrals", "GET /referrals/{referral_id}", "POST /referrals/{referral_id}/status"}


def ways_of(service: str) -> list[Way]:
    return [way for way in ways() if way.service == service and OF_A_CASE.search(way.route.path)]


@pytest.fixture(params=SERVICES)
async def world(request: pytest.FixtureRequest, servers: harness.Servers) -> AsyncIterator[World]:
    async with harness.running(servers, request.param) as service:
        made: World = await getattr(worlds, request.param)(service)
        made.begin()
        yield made


async def test_every_cell_of_the_matrix(world: World, record_property: Callable[[str, object], None]) -> None:
    name, wrong, seen = world.service.service.name, [], Counter[str]()
    for way in ways_of(name):
        route = f"{way.method} {way.route.path}"
        for role in sorted(way.roles):
            for relation in world.relations(role):
                found, wanted = await world.verdict(way, role, relation), verdict_of(name, route, relation)
                seen[found] += 1
                if found != wanted:
                    wrong.append(f"{route} {role} {relation}: {found}, not {wanted}")
    record_property("cells", f"{name}: {seen.total()} cells, {dict(seen)}, {len(wrong)} wrong")
    assert wrong == []
    assert min(seen["yes"], seen["absent"]) > 20, "a matrix of one answer proves nothing"


def test_the_table_knows_every_route_of_a_case_and_no_other() -> None:
    for name in SERVICES:
        assert set(relations()[name]["routes"]) == {f"{way.method} {way.route.path}" for way in ways_of(name)}, name


def test_a_referral_that_is_over_leaves_its_own_line_and_nothing_else() -> None:
    """Who declined sees that it did, without the person; of the case there is nothing."""
    for name in SERVICES:
        for route in relations()[name]["routes"]:
            given = {relation for relation in OVER if verdict_of(name, route, relation) != "absent"}
            assert given == (OVER if name == "referral" and route in OWN_REFERRAL else set()), route
