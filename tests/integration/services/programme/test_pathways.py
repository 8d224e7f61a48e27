"""Pathways and relapse definitions over HTTP."""

import random
from time import perf_counter
from typing import Any
from uuid import uuid4

from services.programme.definition.domain import DEFINITIONS, evaluate
from shared.paging import cursor_of
from tests.builders_programme import a_clinic, a_pathway
from tests.harness import ServiceUnderTest, a_caller

MINISTRY = a_caller("ministry")
VERSIONS = "/pathways/addiction-rehabilitation/versions"


def a_version(**stage_two: Any) -> dict[str, Any]:
    stages = [rule.model_dump(mode="json", exclude_defaults=True) for rule in a_pathway().stages]
    stages[1] |= stage_two
    return {"code": "addiction-rehabilitation", "stages": stages}


async def test_the_ministry_drafts_publishes_and_retires_a_version(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-12."""
    clinic = await a_clinic(programme)
    before = await clinic.open()
    assert (await programme.call("POST", "/pathways", MINISTRY, a_version(planned_weeks=30))).status_code == 201
    assert (await programme.call("POST", f"{VERSIONS}/2/publication", MINISTRY)).json()["status"] == "published"
    assert (await programme.call("POST", f"{VERSIONS}/2/publication", MINISTRY)).status_code == 422
    after = await clinic.open()
    versions = [(await clinic.get(f"/journeys/{journey_id}")).json()["version"] for journey_id in (before, after)]
    assert versions == [1, 2], "a journey keeps the version it was opened on"
    assert (await programme.call("POST", f"{VERSIONS}/2/retirement", MINISTRY)).json()["status"] == "retired"
    assert (await clinic.get(f"/journeys/{await clinic.open()}")).json()["version"] == 1
    assert (await programme.call("POST", f"{VERSIONS}/7/publication", MINISTRY)).status_code == 404


async def test_a_pathway_is_read_by_all_and_changed_by_the_ministry(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-01."""
    clinic = await a_clinic(programme)
    listed = (await clinic.get("/pathways")).json()["items"]
    assert [(one["code"], one["version"], len(one["stages"])) for one in listed] == [("addiction-rehabilitation", 1, 5)]
    assert (await clinic.get("/pathways/addiction-rehabilitation")).json()["items"][0]["status"] == "published"
    assert (await clinic.get("/pathways/unheard-of")).status_code == 404
    for cursor in ("nonsense", cursor_of("\ud800")):
        assert (await clinic.get(f"/pathways?cursor={cursor}")).status_code == 422
    assert (await clinic.send("POST", "/pathways", a_version())).status_code == 403
    four = a_version() | {"stages": a_version()["stages"][:4]}
    assert (await programme.call("POST", "/pathways", MINISTRY, four)).json()["unmet"] == ["five-stages-of-rehabilitation"]


def sequences(count: int, length: int) -> list[list[str]]:
    chance = random.Random(7)
    return [chance.choices(("positive", "negative", "missing"), (1, 4, 1), k=length) for _ in range(count)]


async def test_what_http_answers_is_what_the_rule_says(programme: ServiceUnderTest) -> None:
    """The rule itself equals a brute-force check on 10,000 sequences a code: the unit tests."""
    given = sequences(1000, 24)
    for code in DEFINITIONS:
        answer = await programme.call("POST", f"/relapse-definitions/{code}/evaluations", MINISTRY, {"sequences": given})
        assert answer.status_code == 200 and answer.json()["definition"] == code
        check(code, given, answer.json()["results"])


def check(code: str, given: list[list[str]], results: list[dict[str, Any]]) -> None:
    for weeks, result in zip(given, results, strict=True):
        met = evaluate(DEFINITIONS[code], weeks)  # type: ignore[arg-type]
        expected = {"met": met is not None, "week": met and met.week, "known_in_week": met and met.known_in_week}
        assert result == expected


async def test_a_thousand_sequences_answer_in_under_a_tenth_of_a_second(programme: ServiceUnderTest) -> None:
    """The best of five, on a machine that other tests share."""
    body, took = {"sequences": sequences(1000, 60)}, []
    for _ in range(5):
        began = perf_counter()
        answer = await programme.call("POST", "/relapse-definitions/consecutive-4/evaluations", MINISTRY, body)
        took.append(perf_counter() - began)
        assert len(answer.json()["results"]) == 1000
    assert min(took) < 0.1


async def test_definitions_are_listed_with_their_clock_and_unknown_ones_absent(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    listed = {one["code"]: one for one in (await clinic.get("/relapse-definitions")).json()["items"]}
    assert set(listed) == set(DEFINITIONS)
    assert not listed["dropout-4-missing"]["is_relapse"]
    answer = await clinic.send("POST", "/relapse-definitions/clinician-report/evaluations", {"sequences": []})
    assert answer.status_code == 404
    person = a_caller("person", sub=str(uuid4()))
    assert (await programme.call("GET", "/relapse-definitions", person)).status_code == 403
