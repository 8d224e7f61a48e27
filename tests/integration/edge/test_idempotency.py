"""The same command with the same key: one effect, one answer, for ever the same bytes."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared import idempotency
from shared.database import connect
from tests.harness import a_caller
from tests.integration.edge.asking import CLINICIAN, is_problem, note
from tests.toy_running import Ground

KEYS, COPIES = 1_000, 10
RETRY_AFTER = 1.0
READ = "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'idempotency'"


async def test_a_repeated_command_gets_the_same_bytes_and_header(ground: Ground) -> None:
    person_id = str(uuid4())
    first, again = [await note(ground, "same-key-1", person_ids=[person_id]) for _ in range(2)]
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["throughcare-events"] == first.headers["throughcare-events"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert (await ground.count("note"), await ground.count("outbox"), await ground.count("audit")) == (1, 1, 1)


async def test_another_request_with_the_key_is_refused(ground: Ground) -> None:
    await note(ground, "same-key-2", n=1)
    is_problem(await note(ground, "same-key-2", n=2), 422, "key-reused")
    assert await ground.count("note") == 1


async def test_a_key_belongs_to_one_principal_of_one_organisation(ground: Ground) -> None:
    body = {"person_ids": [str(uuid4())]}
    callers = [a_caller("clinician", UUID(int=n), sub=sub) for n in (1, 2) for sub in ("one", "two")]
    answers = [await ground.service.call("POST", "/notes", caller, body, "same-key-3") for caller in callers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 4


async def test_a_refused_command_keeps_no_answer(ground: Ground) -> None:
    person_id = str(uuid4())
    is_problem(await note(ground, "same-key-4", person_ids=[person_id], then="refuse"), 422, "note-refused")
    assert (await note(ground, "same-key-4", person_ids=[person_id])).status_code == 201


async def test_the_policy_is_asked_again_before_a_kept_answer(ground: Ground) -> None:
    """A role that was withdrawn gets no kept answer either."""
    body = {"person_ids": [str(uuid4())]}
    await ground.service.call("POST", "/notes", a_caller("clinician", UUID(int=1), sub="one"), body, "same-key-5")
    withdrawn = a_caller("trainer", UUID(int=1), sub="one")
    is_problem(await ground.service.call("POST", "/notes", withdrawn, body, "same-key-5"), 403, "forbidden")


async def test_a_key_is_found_by_its_index(ground: Ground) -> None:
    """Also while the table is known to be empty: who reads it from end to end is slower with every key that is kept."""
    owner = await connect(ground.service.urls["owner"])
    await owner.execute("ANALYZE idempotency")
    await owner.close()
    async with ground.service.api.transaction(CLINICIAN, idempotency.opening(CLINICIAN, "same-key-6")) as tx:
        read = await tx.connection.fetchrow(READ)
    assert read and tuple(read) == (0, 1)


@pytest.mark.parametrize("key", [None, "", "short", "k" * 129, "with\ttabulator"])
async def test_a_missing_or_unusable_key_is_400(ground: Ground, key: str | None) -> None:
    name = repr(CLINICIAN)
    ground.service.identity.callers[name] = CLINICIAN
    headers = {"Authorization": f"Bearer {name}", **({} if key is None else {"Idempotency-Key": key})}
    answer = await ground.service.client.post("/notes", json={"person_ids": [str(uuid4())]}, headers=headers)
    is_problem(answer, 400, "idempotency-key-missing")
    assert await ground.count("note") == 0


async def test_a_key_under_way_is_409_with_retry_after(ground: Ground) -> None:
    async with ground.service.worker.transaction() as tx:
        await tx.connection.fetchrow("SELECT * FROM claim_key($1, $2)", f"{CLINICIAN.sub}@{CLINICIAN.organisation_id}", "same-key-6")
        busy = await note(ground, "same-key-6")
        is_problem(busy, 409, "key-busy")
        assert busy.headers["retry-after"] == "1"
    assert (await note(ground, "same-key-6")).status_code == 201


async def test_a_storm_of_copies_has_one_effect_a_key(ground: Ground, record_property: Callable[[str, object], None]) -> None:
    """1,000 keys, 10 copies of each at the same moment; who is told to come again does when another copy was answered."""
    statuses: Counter[int] = Counter()
    keys_at_once = asyncio.Semaphore(5)
    storm = Storm(ground, statuses)

    async def one_key(number: int) -> set[tuple[bytes, bytes]]:
        async with keys_at_once:
            return await storm.copies(f"storm-{number:05}")

    answers = await asyncio.gather(*(one_key(number) for number in range(KEYS)))
    record_property("storm", f"{KEYS} keys x {COPIES} copies: {dict(statuses)}")
    assert [len(distinct) for distinct in answers] == [1] * KEYS, f"{KEYS} keys x {COPIES} copies"
    for table in ("note", "outbox", "audit", "idempotency"):
        assert await ground.count(table) == KEYS, f"{table}: {KEYS} keys x {COPIES} copies"
    assert statuses[201] == KEYS * COPIES
    assert statuses[409] > 0, "some copies met on the way"


@dataclass
class Storm:
    """Asks without a client library: ten thousand of its requests would be most of the test."""

    ground: Ground
    statuses: Counter[int]

    async def copies(self, key: str) -> set[tuple[bytes, bytes]]:
        """The distinct answers (events header, body) that ten copies got."""
        body, answered = json.dumps({"person_ids": [str(uuid4())]}).encode(), asyncio.Event()
        return set(await asyncio.gather(*(self._until_definite(key, body, answered) for _ in range(COPIES))))

    async def _until_definite(self, key: str, body: bytes, answered: asyncio.Event) -> tuple[bytes, bytes]:
        while True:
            status, headers, content = await asked(self.ground, key, body)
            self.statuses[status] += 1
            if status not in (409, 503):
                answered.set()
                return headers.get(b"throughcare-events", b""), content
            with suppress(TimeoutError):
                await asyncio.wait_for(answered.wait(), RETRY_AFTER)


async def asked(ground: Ground, key: str, body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """POST /notes straight at the application."""
    ground.service.identity.callers["one"] = CLINICIAN
    headers = [(b"authorization", b"Bearer one"), (b"idempotency-key", key.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/notes", "raw_path": b"/notes", "query_string": b"", "headers": headers}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    app = ground.service.client._transport.app  # type: ignore[attr-defined]
    await app({**scope, "http_version": "1.1", "scheme": "http", "server": ("service", 80)}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])
