"""How the service says it stands: alive, ready, its streams, whether a fact has taken effect. Ids and codes only."""

from uuid import uuid4

import pytest

from tests.harness import a_caller
from tests.integration.edge.asking import CLINICIAN, is_problem, note
from tests.toy_running import Ground

OPERATOR = a_caller("operator")


async def test_seen_tells_has_it_waiting_or_parked(ground: Ground) -> None:
    stream = uuid4()
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute("INSERT INTO inbox VALUES ('programme', $1, 2, true)", stream)
        await tx.connection.execute(
            "INSERT INTO parked (topic, stream_id, seq, state, reason, attributes, body)"
            " SELECT 'programme', $1, seq, state, 'r', '{}', '{}'"
            " FROM (VALUES (3, 'failed'), (4, 'behind'), (6, 'waiting')) AS p(seq, state)",
            stream,
        )
    states = [(await ground.service.call("GET", f"/seen/programme/{stream}/{seq}", OPERATOR)).json()["state"] for seq in range(1, 7)]
    assert states == ["has-it", "has-it", "parked", "parked", "waiting", "waiting"]
    assert (await ground.service.call("GET", f"/seen/referral/{stream}/1", CLINICIAN)).json() == {"state": "waiting"}
    for path in (f"/seen/toy/{stream}/1", f"/seen/programme/{stream}/0", f"/seen/programme/{stream}/{2**70}", "/seen/programme/x/1"):
        is_problem(await ground.service.call("GET", path, OPERATOR), 422, "validation")


async def test_delivery_counts_what_was_appended_relayed_and_applied(ground: Ground) -> None:
    for _ in range(3):
        await note(ground)
    async with ground.service.worker.transaction() as tx:
        await tx.connection.execute("DELETE FROM unsent WHERE id = (SELECT min(id) FROM unsent)")
    facts = await ground.service.deliver(*(ground.toy.noted(person_id=uuid4()) for _ in range(2)))
    await ground.service.deliver_again(*facts)
    answer = (await ground.service.call("GET", "/delivery", OPERATOR)).json()
    (sent,), (heard,) = answer["sent"], answer["heard"]
    assert (sent["appended"], sent["relayed"], sent["unsent"]) == (3, 1, 2)
    assert (heard["topic"], heard["streams"], heard["applied"], heard["parked"], heard["waiting"]) == (facts[0].topic, 2, 2, 0, 0)
    assert (answer["relaying"], heard["lag"], heard["halted"]) == (False, None, None)


@pytest.mark.parametrize("path", ["/delivery", "/metrics"])
async def test_only_the_operator_sees_the_streams(ground: Ground, path: str) -> None:
    is_problem(await ground.service.call("GET", path, CLINICIAN), 403, "forbidden")
    is_problem(await ground.service.call("GET", path), 401, "unauthenticated")
    assert (await ground.service.call("GET", path, OPERATOR)).status_code == 200


async def test_the_probes_and_the_pages_of_the_api_are_open(ground: Ground) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
        assert (await ground.service.call("GET", path)).status_code == 200, path
