"""What the edge refuses before a rule is asked: bodies that do not fit, are too large, or come when there is no room."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.eventually import eventually
from tests.integration.edge.asking import CLINICIAN, another_edge, is_problem, note, nothing_is_left
from tests.toy_running import Ground

MARKER = "Aq7-marker-zK"


@pytest.mark.parametrize(
    ("body", "location", "kind"),
    [
        ({"person_ids": [MARKER]}, "body.person_ids.0", "uuid_parsing"),
        ({"person_ids": MARKER}, "body.person_ids", "list_type"),
        ({"person_ids": []}, "body.person_ids", "too_short"),
        ({"n": MARKER}, "body.n", "int_type"),
        ({"n": True}, "body.n", "int_type"),
        ({"n": -1}, "body.n", "greater_than_equal"),
        ({"then": MARKER}, "body.then", "literal_error"),
        ({"text": MARKER + "\x00"}, "body.text", "value_error"),
        ({"text": MARKER * 200}, "body.text", "string_too_long"),
        ({MARKER: 1}, "body", "extra_forbidden"),
    ],
)
async def test_a_body_that_does_not_fit_is_named_never_quoted(ground: Ground, body: dict[str, Any], location: str, kind: str) -> None:
    """Source: delivery design, section 7."""
    answer = await note(ground, **body)
    is_problem(answer, 422, "validation")
    assert answer.json()["errors"] == [{"location": location, "type": kind}]
    assert MARKER not in answer.text + str(answer.headers)
    await nothing_is_left(ground)


async def test_paths_and_unreadable_bodies_are_not_quoted_either(ground: Ground) -> None:
    ground.service.identity.callers["one"] = CLINICIAN
    headers = {"Authorization": "Bearer one", "Idempotency-Key": "unreadable", "Content-Type": "application/json"}
    for content in (b'{"text": "%s' % MARKER.encode(), b"\xff\xfe" + MARKER.encode(), b"", b"[" * 100_000):
        answer = await ground.service.client.post("/notes", content=content, headers=headers)
        assert answer.status_code in (400, 422), content[:20]
        assert answer.headers["content-type"] == "application/problem+json"
        assert MARKER not in answer.text
    path = await ground.service.call("GET", f"/notes/{MARKER}", CLINICIAN)
    is_problem(path, 422, "validation")
    assert MARKER not in path.text
    is_problem(await ground.service.call("GET", f"/{MARKER}", CLINICIAN), 404, "http-404")
    is_problem(await ground.service.call("DELETE", "/notes", CLINICIAN), 405, "http-405")


async def test_a_body_too_large_is_413(ground: Ground) -> None:
    """256 KiB for a command, 1 MiB for a calculation."""
    ground.toy.faults.gate.set()
    is_problem(await note(ground, text="x" * 256 * 1024), 413, "http-413")
    largest = await ground.service.call("POST", "/held", CLINICIAN, ["x" * 1000] * 1000)
    assert (largest.status_code, largest.json()) == (200, {"size": 1000})
    is_problem(await ground.service.call("POST", "/held", CLINICIAN, ["x" * 1000] * 1100), 413, "http-413")
    await nothing_is_left(ground)


async def test_a_body_without_a_length_is_cut_off_as_it_comes(ground: Ground) -> None:
    ground.service.identity.callers["one"] = CLINICIAN

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 16_384

    headers = {"Authorization": "Bearer one", "Idempotency-Key": "endless-body"}
    is_problem(await ground.service.client.post("/notes", content=endless(), headers=headers), 413, "http-413")


async def test_over_the_limit_503_at_once_while_health_passes(ground: Ground) -> None:
    async with another_edge(ground, ground.service.api, max_requests=3) as client:
        async with asyncio.TaskGroup() as tasks:
            held = [tasks.create_task(client.post("/held", json=[])) for _ in range(3)]
            await eventually(lambda: all_are_held(ground))
            for path in ("/notes", "/held", "/nothing-here"):
                answer = await client.post(path, json=[])
                is_problem(answer, 503, "busy")
                assert answer.headers["retry-after"] == "1"
            assert [(await client.get(path)).status_code for path in ("/healthz", "/readyz")] == [200, 200]
            ground.toy.faults.gate.set()
        assert [task.result().status_code for task in held] == [200] * 3
        body = {"person_ids": [str(uuid4())]}
        freed = [await client.post("/notes", json=body, headers={"Idempotency-Key": f"freed-{n:04}"}) for n in range(5)]
        assert [answer.status_code for answer in freed] == [201] * 5, "each place was given back"


async def all_are_held(ground: Ground) -> bool:
    return ground.toy.faults.held == 3


async def test_every_place_is_given_back_after_failures(ground: Ground) -> None:
    async with another_edge(ground, ground.service.api, max_requests=1) as client:
        for number in range(20):
            body = {"person_ids": [str(uuid4())], "then": ("raise", "fail-at-commit", "refuse", "answer-wrongly")[number % 4]}
            answer = await client.post("/notes", json=body, headers={"Idempotency-Key": f"failing-{number:04}"})
            assert answer.status_code in (422, 500), f"trial {number}: {answer.text}"
