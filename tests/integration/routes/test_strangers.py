"""An organisation, a liaison, a contact or a person without a relation to the case: reads nothing, changes nothing, learns nothing.

Source: privacy section 1: an object of another organisation answers like an absent one.
"""

import re
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode

from tests.contract.routes import Way, ways
from tests.integration.routes.conftest import Served

STRANGER, ELSEWHERE = UUID("2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f99"), "UZ-XO"
OF_A_PERSON = re.compile(r"\{(person|journey|referral|consent|contact|permission|message|concern|consent_request|emergency_access)_id\}")
LISTS = re.compile(r"^/(persons|journeys|referrals|messages|concerns|enquiries|consent-requests|emergency-accesses)$")
CASES = [way for way in ways() if OF_A_PERSON.search(way.route.path)]
READS = [way for way in CASES if way.method == "GET"]
WRITES = [way for way in CASES if way.method != "GET"]


def path_of(way: Way, service: Served, **ids: str) -> str:
    """The route with the ids that exist, `ids` first."""
    known = {name: ids.get(name) or service.known[name] for name in way.route.param_convertors}
    return way.route.path.format(**known | {"stage": "1"} if "stage" in known else known)


def ask(service: Served, way: Way, role: str, path: str) -> httpx2.Response:
    bearer = service.token_of(role, STRANGER, str(uuid4()), ELSEWHERE)
    return httpx2.request(way.method, service.url + path, headers={"Authorization": f"Bearer {bearer}"})


@pytest.mark.parametrize("way", READS, ids=str)
def test_a_stranger_reads_what_is_there_as_if_it_were_absent(way: Way, served: dict[str, Served]) -> None:
    service = served[way.service]
    absent = {name: str(uuid4()) for name in way.route.param_convertors if name.endswith("_id")}
    for role in sorted(way.roles):
        there, not_there = (ask(service, way, role, path_of(way, service, **ids)) for ids in ({}, absent))
        assert (there.status_code, there.content) == (404, not_there.content), role


@pytest.mark.parametrize("way", WRITES, ids=str)
def test_a_stranger_changes_nothing(way: Way, served: dict[str, Served]) -> None:
    """Bodies of every allowed shape; a body that the rules of its own form refuse tells nothing either."""
    service = served[way.service]

    @seed(20260302)
    @settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=service.cases(way, GenerationMode.POSITIVE))
    def refused(case: Case[Any]) -> None:
        service.aim(case)
        for role in sorted(way.roles):
            bearer = service.token_of(role, STRANGER, str(uuid4()), ELSEWHERE)
            answer = case.call(base_url=service.url, headers={"Authorization": f"Bearer {bearer}"})
            assert answer.status_code in (404, 409, 422), f"{role}: {answer.status_code}"
            assert "Throughcare-Events" not in answer.headers

    refused()


@pytest.mark.parametrize("way", [way for way in ways() if way.method == "GET" and LISTS.match(way.route.path)], ids=str)
def test_a_strangers_lists_are_empty(way: Way, served: dict[str, Served]) -> None:
    """Also what was put to the whole network: who is on duty in its region answers that (mission row 001-11)."""
    service = served[way.service]
    for role in sorted(way.roles):
        answer = ask(service, way, role, way.route.path)
        assert answer.status_code in (200, 422), role
        assert answer.status_code == 422 or answer.json()["items"] == [], role


def test_those_it_concerns_do_see_them(served: dict[str, Served]) -> None:
    """Else the rest would prove nothing."""
    seen = 0
    for way in READS:
        service = served[way.service]
        answer = httpx2.get(service.url + path_of(way, service), headers={"Authorization": f"Bearer {service.token_for(way)}"})
        seen += answer.status_code == 200
    assert seen >= len(READS) * 2 // 3
