"""The command's route class: the edge owns the transaction. 2xx only after COMMIT; anything else leaves nothing."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared.database import Database
from tests.fault.line import a_line_to
from tests.harness import a_caller
from tests.integration.edge.asking import CLINICIAN, another_edge, is_problem, note, nothing_is_left
from tests.toy_running import Ground


async def test_a_command_answers_where_its_facts_stand(ground: Ground) -> None:
    one, other = uuid4(), uuid4()
    answer = await note(ground, person_ids=[str(one), str(other)], n=3)
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "status"}
    topic = ground.toy.noted.topic
    assert answer.headers["throughcare-events"] == f"{topic}/{one}/1, {topic}/{other}/1"
    (row,) = await ground.service.fetch("SELECT action, subject_id, principal, organisation_id FROM audit")
    assert tuple(row) == ("make_note", UUID(answer.json()["id"]), CLINICIAN.sub, CLINICIAN.organisation_id)
    assert (await ground.count("note"), await ground.count("unsent")) == (1, 2)


@pytest.mark.parametrize(
    ("then", "status", "code"),
    [
        ("refuse", 422, "note-refused"),
        ("conflict", 409, "note-busy"),
        ("hide", 404, "note-not-found"),
        ("raise", 500, "unexpected"),
        ("answer-wrongly", 500, "unexpected"),
        ("fail-at-commit", 500, "unexpected"),
    ],
)
async def test_what_does_not_end_well_leaves_nothing(ground: Ground, then: str, status: int, code: str) -> None:
    """`fail-at-commit` breaks a deferred constraint: everything was written when COMMIT fails."""
    answer = await note(ground, then=then)
    is_problem(answer, status, code)
    await nothing_is_left(ground)
    assert answer.json().get("unmet") == (["first", "second"] if then == "refuse" else None)
    assert answer.headers.get("retry-after") == ("7" if then == "conflict" else None)


async def test_an_answer_that_is_no_success_rolls_back_too(ground: Ground) -> None:
    from fastapi import Response

    from shared.command import CurrentTx, Done, commands
    from shared.policy import allows, roles

    router = commands("odd")

    @router.post("/odd")
    @allows(roles("clinician"))
    async def odd(tx: CurrentTx, response: Response) -> Done:
        await tx.connection.execute("INSERT INTO note (note_id, n) VALUES ($1, 1)", uuid4())
        response.status_code = 409
        return Done(id=uuid4(), status="odd")

    app = ground.service.client._transport.app  # type: ignore[attr-defined]
    app.include_router(router)
    answer = await ground.service.call("POST", "/odd", CLINICIAN, {})
    assert answer.status_code >= 400
    await nothing_is_left(ground)


async def test_without_database_503_with_retry_after_while_health_passes(ground: Ground) -> None:
    async with a_line_to(ground.service.urls["api"]) as line:
        database = await Database.open(line.through(ground.service.urls["api"]), 2, "test")
        async with another_edge(ground, database) as client:
            body = {"person_ids": [str(uuid4())]}
            before = await client.post("/notes", json=body, headers={"Idempotency-Key": "before-the-cut"})
            line.cut()
            for number in range(3):
                answer = await client.post("/notes", json=body, headers={"Idempotency-Key": f"while-cut-{number}"})
                is_problem(answer, 503, "database-away")
                assert answer.headers["retry-after"] == "1"
            assert (await client.get("/healthz")).status_code == 200
            is_problem(await client.get("/readyz"), 503, "database-away")
            line.mend()
            after = await client.post("/notes", json=body, headers={"Idempotency-Key": "while-cut-1"})
            assert (before.status_code, after.status_code, (await client.get("/readyz")).status_code) == (201, 201, 200)
        await database.close()
    assert await ground.count("note") == 2


async def test_a_commit_whose_answer_is_lost_is_complete_and_the_key_tells(ground: Ground) -> None:
    """Source: delivery design, claim 3."""
    trials = 10
    async with a_line_to(ground.service.urls["api"]) as line:
        database = await Database.open(line.through(ground.service.urls["api"]), 1, "test")
        async with another_edge(ground, database) as client:
            for number in range(trials):
                asked = {"json": {"person_ids": [str(uuid4())], "n": number}, "headers": {"Idempotency-Key": f"lost-answer-{number}"}}
                line.swallow_answer_to = b"COMMIT"
                is_problem(await client.post("/notes", **asked), 503, "database-away")  # type: ignore[arg-type]
                again = await client.post("/notes", **asked)  # type: ignore[arg-type]
                assert (again.status_code, again.headers.get("idempotency-replayed")) == (201, "true")
        await database.close()
    assert await ground.count("note") == await ground.count("outbox") == trials, f"{trials} lost answers"


async def test_a_command_takes_no_connection_before_identity_and_policy(ground: Ground) -> None:
    is_problem(await ground.service.call("POST", "/notes", None, {}), 401, "unauthenticated")
    for caller in (a_caller("analyst"), a_caller("clinician"), a_caller("registrar", uuid4())):
        is_problem(await ground.service.call("POST", "/notes", caller, {}), 403, "forbidden")
    await nothing_is_left(ground)


async def test_a_read_writes_its_audit_row_and_a_refused_read_none(ground: Ground) -> None:
    made = (await note(ground, n=5)).json()["id"]
    answer = await ground.service.call("GET", f"/notes/{made}", CLINICIAN)
    assert answer.json() == {"size": 5}
    is_problem(await ground.service.call("GET", f"/notes/{uuid4()}", CLINICIAN), 404, "note-not-found")
    assert await ground.count("audit", "action = 'read-note'") == 1


async def test_forty_commands_at_once_on_one_stream_stay_contiguous(ground: Ground) -> None:
    person_id, trials = str(uuid4()), 40
    answers = await asyncio.gather(*(note(ground, person_ids=[person_id], n=n) for n in range(trials)))
    places = sorted(int(answer.headers["throughcare-events"].rpartition("/")[2]) for answer in answers)
    assert places == list(range(1, trials + 1)), f"{trials} commands"
