"""Rights at the edge: who hears of a stream, how long a kept answer is given, which refusals are written down, what is never known."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from shared.rights import REFUSALS
from tests.eventually import eventually
from tests.harness import a_caller
from tests.integration.edge.asking import CLINICIAN, is_problem, note
from tests.toy_running import Ground

OPERATOR = a_caller("operator")


async def test_seen_is_waiting_for_who_has_no_relation_to_the_stream(ground: Ground) -> None:
    stream = uuid4()
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute("INSERT INTO inbox VALUES ('programme', $1, 2)", stream)
    path = f"/seen/programme/{stream}/1"
    assert (await ground.service.call("GET", path, CLINICIAN)).json() == {"state": "has-it"}
    ground.toy.faults.foreign.add(stream)
    assert (await ground.service.call("GET", path, CLINICIAN)).json() == {"state": "waiting"}
    assert (await ground.service.call("GET", path, OPERATOR)).json() == {"state": "has-it"}


async def test_a_kept_answer_is_given_again_only_while_the_right_lasts(ground: Ground) -> None:
    person_id = uuid4()
    kept = await note(ground, "lasting-key", person_ids=[str(person_id)])
    ground.toy.faults.foreign.add(person_id)
    is_problem(await note(ground, "lasting-key", person_ids=[str(person_id)]), 404, "answer-not-found")
    ground.toy.faults.foreign.clear()
    again = await note(ground, "lasting-key", person_ids=[str(person_id)])
    assert (again.status_code, again.content) == (kept.status_code, kept.content)


async def test_one_foreign_stream_of_several_withholds_a_kept_answer(ground: Ground) -> None:
    ids = [uuid4(), uuid4()]
    await note(ground, "both-key", person_ids=[str(i) for i in ids])
    ground.toy.faults.foreign.add(max(ids))
    is_problem(await note(ground, "both-key", person_ids=[str(i) for i in ids]), 404, "answer-not-found")


async def test_a_person_who_was_asked_about_and_told_of_nowhere_counts_too(ground: Ground) -> None:
    asked, told = uuid4(), {"person_ids": [str(uuid4())]}
    await note(ground, "about-key", about=[str(asked)], **told)
    assert (await note(ground, "about-key", about=[str(asked)], **told)).status_code == 201
    ground.toy.faults.foreign.add(asked)
    is_problem(await note(ground, "about-key", about=[str(asked)], **told), 404, "answer-not-found")


async def test_a_command_that_ends_its_own_right_may_be_repeated(ground: Ground) -> None:
    """Whoever declines and loses the answer asks again and gets it."""
    person_id = uuid4()
    kept = await note(ground, "ending-key", person_ids=[str(person_id)], then="end-right")
    ground.toy.faults.foreign.add(person_id)
    assert (await note(ground, "ending-key", person_ids=[str(person_id)], then="end-right")).content == kept.content


async def test_refusals_on_an_id_are_written_down_and_those_without_are_not(ground: Ground) -> None:
    REFUSALS._windows.clear()
    hidden, trainer = uuid4(), a_caller("trainer", UUID(int=1))
    is_problem(await ground.service.call("GET", f"/notes/{hidden}", CLINICIAN), 404, "note-not-found")
    is_problem(await ground.service.call("GET", f"/notes/{hidden}", trainer), 403, "forbidden")
    is_problem(await ground.service.call("GET", f"/notes/{hidden}"), 401, "unauthenticated")
    is_problem(await ground.service.call("GET", "/delivery", CLINICIAN), 403, "forbidden")
    is_problem(await note(ground, then="hide"), 404, "note-not-found")
    named = uuid4()
    is_problem(await note(ground, person_id=str(named), then="hide"), 404, "note-not-found")
    rows = await ground.service.fetch("SELECT principal, action, subject_id FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (CLINICIAN.sub, "refused-404-read_note", hidden),
        (trainer.sub, "refused-403-read_note", hidden),
        (CLINICIAN.sub, "refused-404-make_note", named),
    ]


async def test_nobody_fills_the_audit_by_trying(ground: Ground) -> None:
    REFUSALS._windows.clear()
    for _ in range(REFUSALS.most + 5):
        is_problem(await ground.service.call("GET", f"/notes/{uuid4()}", CLINICIAN), 404, "note-not-found")
    assert await ground.count("audit") == REFUSALS.most


async def heard(ground: Ground, up_to: datetime) -> None:
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute(
            "INSERT INTO heard VALUES ($1, $2) ON CONFLICT (topic) DO UPDATE SET up_to = $2", ground.toy.noted.topic, up_to
        )


async def ask(ground: Ground, body: dict[str, Any]) -> httpx2.Response:
    """Each time with another key, as a person would at a console."""
    return await ground.service.call("POST", "/notes", CLINICIAN, body)


async def test_what_is_not_known_yet_is_unknown_once_the_topic_was_heard_five_seconds_further(ground: Ground) -> None:
    body: dict[str, Any] = {"person_ids": [str(uuid4())], "then": "name-unknown"}
    for _ in range(2):
        early = await ask(ground, body)
        is_problem(early, 409, "not-yet-known")
        assert early.headers["retry-after"] == "1"
    (row,) = await ground.service.fetch("SELECT first_at FROM early_command")
    await heard(ground, row["first_at"] + timedelta(seconds=4.9))
    is_problem(await ask(ground, body), 409, "not-yet-known")
    await heard(ground, row["first_at"] + timedelta(seconds=5))
    late = await ask(ground, body)
    is_problem(late, 422, "not-known")
    assert late.json()["unmet"] == ["person_ids"]
    is_problem(await ask(ground, body | {"n": 1}), 409, "not-yet-known")  # another command has its own five seconds
    assert (await ground.count("note"), await ground.count("idempotency"), await ground.count("outbox")) == (0, 0, 0)


async def test_the_worker_keeps_how_far_each_topic_was_heard(ground: Ground) -> None:
    async with ground.working():

        async def advances() -> bool:
            before = {row["topic"]: row["up_to"] for row in await ground.service.fetch("SELECT * FROM heard")}
            return set(before) == set(ground.topics) and all(up_to > began for up_to in before.values())

        began = ground.service.worker.now()
        await eventually(advances, 15)
