"""The receipt of a concern: the same statements and the same bytes for known and unknown links and persons. Source: OUR-05.

Needs a server with pg_stat_statements loaded, as the embedded one of the tests is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from deploy.postgres.logins import address
from shared.database import Connection, connect
from shared.events.referral import PersonDied, PersonErased
from shared.identity import Caller
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_liaison, a_way
from tests.harness import Servers, ServiceUnderTest, a_caller

COUNTED = """
SELECT query, calls, rows FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%' ORDER BY query
"""
NOTHING_KEPT = "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)"


@asynccontextmanager
async def counting(servers: Servers, family: ServiceUnderTest) -> AsyncIterator[Connection]:
    """A superuser's connection to this service's database, in which every statement of the API is counted from now on."""
    name = family.urls["api"].rpartition("/")[2]
    inside = await connect(address(servers.postgres_url, name))
    try:
        await inside.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await inside.execute(f"ALTER DATABASE {name} SET pg_stat_statements.track = 'top'")
        await family.api.pool.expire_connections()
        yield inside
    finally:
        await inside.close()


async def receipt(family: ServiceUnderTest, inside: Connection, caller: Caller, link: UUID | None) -> tuple[Any, Any]:
    """What a report costs, statement by statement with calls and rows, and what it answers, but for its random id."""
    await inside.execute(NOTHING_KEPT)
    body = {"link": str(link) if link else None, "description": "words", "signs": [{"sign": "apathy"}]}
    answer = await family.call("POST", "/concerns", caller, body)
    assert answer.status_code == 201, answer.text
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    shown = answer.status_code, headers, answer.content.replace(answer.json()["id"].encode(), b"*" * 36)
    return [tuple(row) for row in await inside.fetch(COUNTED)], shown


async def all_alike(family: ServiceUnderTest, servers: Servers, cases: dict[str, tuple[Caller, UUID | None]]) -> None:
    async with counting(servers, family) as inside:
        await receipt(family, inside, a_contact_caller(uuid4()), None)  # the first on a connection
        found = {name: await receipt(family, inside, *case) for name, case in cases.items()}
    statements, _ = next(iter(found.values()))
    assert sum("INSERT INTO concern" in query for query, _, _ in statements) == 1, "it is counted"
    assert sum("INSERT INTO deadline" in query and calls == 2 for query, calls, _ in statements) == 1
    assert {name for name, case in found.items() if case != next(iter(found.values()))} == set()


async def test_a_contact_cannot_tell_who_is_known(family: ServiceUnderTest, servers: Servers) -> None:
    way, other, dead, erased = [await a_way(family) for _ in range(4)]
    mine, theirs, of_dead, of_erased = [(await a_contact(family, each))[0] for each in (way, other, dead, erased)]
    await family.deliver(PersonDied(person_id=dead.person_id, on=DAY), PersonErased(person_id=erased.person_id, on=DAY))
    caller = a_contact_caller(mine)
    cases: dict[str, tuple[Caller, UUID | None]] = {
        "its own link": (caller, mine),
        "another's link": (caller, theirs),
        "no such link": (caller, uuid4()),
        "a person's id": (caller, other.person_id),
        "none": (caller, None),
        "nobody's token": (a_contact_caller(uuid4()), theirs),
        "a token without an id": (a_caller("contact", sub="no-id"), theirs),
        "of a dead person": (a_contact_caller(of_dead), of_dead),
        "of an erased person": (a_contact_caller(of_erased), of_erased),
        "a teacher's": (a_caller("contact", way.organisation_id, sub=str(uuid4())), mine),
    }
    await all_alike(family, servers, cases)


async def test_an_organisation_cannot_tell_who_is_known(family: ServiceUnderTest, servers: Servers) -> None:
    """Whether it may use the link, might once, or never heard of it."""
    way, receiver, referral_id = await a_way(family), uuid4(), uuid4()
    (link, _), pending, over = await a_contact(family, way), await a_way(family), Way()
    await family.deliver(way.accepted(referral_id, receiver), way.closed(referral_id, "cancelled"), over.registered(by=receiver))
    cases: dict[str, tuple[Caller, UUID | None]] = {
        "its own": (a_liaison(way.organisation_id), link),
        "a former acceptor": (a_liaison(receiver), link),
        "a stranger": (a_liaison(uuid4()), link),
        "no such link": (a_liaison(way.organisation_id), uuid4()),
        "a person's id": (a_liaison(pending.organisation_id), pending.person_id),
        "on duty": (a_caller("safeguarding", None, regions=("UZ-TK",)), link),
        "none": (a_liaison(receiver), None),
    }
    await all_alike(family, servers, cases)


async def test_the_statements_know_what_the_caller_may(family: ServiceUnderTest) -> None:
    """The receipts are alike; what was kept is not."""
    way, other = await a_way(family), await a_way(family)
    (mine, _), (theirs, _) = await a_contact(family, way), await a_contact(family, other)
    for caller, link in (
        (a_contact_caller(mine), mine),
        (a_contact_caller(mine), theirs),
        (a_liaison(other.organisation_id), theirs),
        (a_liaison(way.organisation_id), theirs),
        (a_contact_caller(uuid4()), None),
    ):
        body = {"link": str(link) if link else None, "description": "words"}
        assert (await family.call("POST", "/concerns", caller, body)).status_code == 201
    rows = await family.fetch("SELECT person_id, linked, region FROM concern")
    kept = sorted(tuple(map(str, row)) for row in rows)
    known, foreign = str(way.person_id), str(other.person_id)
    expected = [(known, "True", "UZ-TK"), (known, "False", "UZ-TK"), (foreign, "True", "UZ-TK"), ("None", "False", "None")]
    assert kept == sorted([*expected, ("None", "False", "None")])
