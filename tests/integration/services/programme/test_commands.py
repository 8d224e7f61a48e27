"""Every command of programme: sent twice with its key, by a stranger, and at the same time."""

import asyncio
from typing import Any
from uuid import uuid4

from shared.events.programme import StageCompleted
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest

VISIT = {"started_on": "2025-07-01", "setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1"}
SCORE = {"level": "social", "moment": "baseline", "on": "2025-07-02", "score": 3}
WEEK = {"week": 1, "result": "positive"}

COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/stages/1/start", VISIT),
    ("PUT", "/stages/2/skip", {"how": "done-elsewhere", "evidence": "letter"}),
    ("POST", "/scores", {"scores": [SCORE]}),
    ("POST", "/goals", {"level": "social", "goal": "restored-ties"}),
    ("POST", "/adaptation-steps", {"kind": "work-outside", "planned_on": "2025-07-03"}),
    ("PUT", "/withdrawal-scores", {"scores": [{"on": "2025-07-02", "score": 2}]}),
    ("PUT", "/observations", {"stage": 1, "results": [WEEK]}),
    ("PUT", "/stages/1/completion", {"completed_on": "2025-07-12"}),
    ("PUT", "/stages/3/start", VISIT | {"started_on": "2025-07-20"}),
    ("PUT", "/stages/3/leaving", {"left_on": "2025-07-21", "how": "dropped-out"}),
    ("POST", "/relapses", {"stage": 3, "on": "2025-07-22"}),
    ("PUT", "/stages/1/reopening", {"reason": "returned"}),
]
GONE = [*COMMANDS, ("POST", "/completion", {"completed_on": "2025-08-01"}), ("PUT", f"/goals/{uuid4()}/closing", {"result": "reached"})]


async def test_every_command_sent_twice_with_its_key_takes_effect_once(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    for number, (method, path, body) in enumerate(COMMANDS):
        first = await clinic.send(method, f"/journeys/{journey_id}{path}", body, key=f"command-{number}")
        assert first.status_code in (200, 201), (path, first.text)
        told = len(await programme.appended())
        again = await clinic.send(method, f"/journeys/{journey_id}{path}", body, key=f"command-{number}")
        assert (again.status_code, again.json()) == (first.status_code, first.json()), path
        assert len(await programme.appended()) == told, path


async def test_a_stranger_changes_nothing_and_learns_nothing(programme: ServiceUnderTest) -> None:
    """Source: privacy section 1."""
    clinic, stranger = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    told = len(await programme.appended())
    for method, path, body in GONE:
        foreign = await stranger.send(method, f"/journeys/{journey_id}{path}", body)
        absent = await stranger.send(method, f"/journeys/{uuid4()}{path}", body)
        assert (foreign.status_code, foreign.text) == (404, absent.text), path
    assert len(await programme.appended()) == told


async def test_two_completions_at_once_are_one(programme: ServiceUnderTest) -> None:
    """The journey's lock decides."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-07-01")
    answers = await asyncio.gather(*(clinic.complete(journey_id, 1, "2025-07-12") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422, 422]
    assert len([event for event in await programme.appended() if isinstance(event, StageCompleted)]) == 1


async def test_a_refused_command_leaves_nothing(programme: ServiceUnderTest) -> None:
    clinic: Clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    told = len(await programme.appended())
    assert (await clinic.complete(journey_id, 1, "2025-07-12", key="refused-1")).status_code == 422
    assert await programme.fetch("SELECT * FROM idempotency WHERE key = 'refused-1'") == []
    assert len(await programme.appended()) == told
