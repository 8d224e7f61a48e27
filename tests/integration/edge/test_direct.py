"""The short way of a command: four round trips, nothing left behind, FastAPI's own answers, tokens kept no longer than they live."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx2
import pytest

from shared.database import Database
from shared.identity import Identity, Unauthenticated
from tests.integration.edge.asking import CLINICIAN, another_edge, note
from tests.integration.identity.issuing import AUDIENCE, ISSUER, a_key, a_key_server, signed
from tests.toy_running import Ground

LEFT = """
SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
     + (SELECT count(*) FROM pg_settings WHERE source = 'session' AND setting IS DISTINCT FROM reset_val)
     + (SELECT count(*) FROM pg_class WHERE relpersistence = 't')
     + (SELECT count(*) FROM pg_cursors WHERE is_holdable)
     + (SELECT count(*) FROM pg_listening_channels())
"""


async def test_a_transaction_leaves_nothing_on_its_connection(ground: Ground) -> None:
    """Source: ADR 20. It is not cleaned when it is given back: every way for a command to end leaves it as it was."""
    database = await Database.open(ground.service.urls["api"], 1, "test")
    async with another_edge(ground, database) as client:
        for number, then in enumerate(("commit", "refuse", "raise", "fail-at-commit", "answer-wrongly", "commit")):
            body = {"person_ids": [str(uuid4())], "then": then}
            await client.post("/notes", json=body, headers={"Idempotency-Key": f"leaving-{number:04}"})
            async with database.transaction() as tx:
                assert await tx.connection.fetchval(LEFT) == 0, then
    await database.close()


async def test_what_a_connection_outside_a_transaction_took_is_taken_back(ground: Ground) -> None:
    database = await Database.open(ground.service.urls["api"], 1, "test")
    async with database.connection() as connection:
        await connection.execute("SET idle_session_timeout = '9s'")
        await connection.execute("SELECT pg_advisory_lock(1)")
        assert await connection.fetchval(LEFT) == 2
    async with database.transaction() as tx:
        assert await tx.connection.fetchval(LEFT) == 0
    await database.close()


@pytest.mark.parametrize("then", ["commit", "refuse", "conflict", "hide", "raise", "answer-wrongly", "fail-at-commit", "no such end"])
async def test_the_short_way_answers_as_fastapi_does(ground: Ground, then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = str(uuid4())
    short = await note(ground, person_ids=[person_id], then=then)
    app = ground.service.client._transport.app  # type: ignore[attr-defined]
    admission = app.middleware_stack
    while not hasattr(admission, "ways"):
        admission = admission.app
    monkeypatch.setattr(admission.ways, "_ways", {})
    long = await note(ground, person_ids=[person_id], then=then)
    assert (short.status_code, sorted(short.headers)) == (long.status_code, sorted(long.headers))
    assert short.json().keys() == long.json().keys()
    assert short.status_code == 201 or short.content == long.content


async def test_a_statement_that_failed_unsaid_is_no_commit(ground: Ground) -> None:
    """PostgreSQL answers ROLLBACK to the COMMIT of a failed transaction, without an error."""
    with pytest.raises(RuntimeError):
        async with ground.service.api.transaction() as tx:
            await asyncio.gather(tx.connection.execute("SELECT 1 / 0"), return_exceptions=True)


async def test_a_kept_token_lives_no_longer_than_it_says_nor_than_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_key_server() as keys, httpx2.AsyncClient() as client:
        checked = Identity(ISSUER, AUDIENCE, keys.url, client=client)
        token, now = signed(keys.key), time.time()
        assert await checked.of(f"Bearer {token}") is await checked.of(f"Bearer {token}"), "kept"
        monkeypatch.setattr("shared.identity.time.time", lambda: now + 601)
        await _is_refused(checked.of, token)
        monkeypatch.undo()
        keys.key = a_key()
        await checked.of(f"Bearer {token}")
        checked._fetched_at -= 601
        await _is_refused(checked.of, token)


async def _is_refused(of: Callable[[str], Awaitable[object]], token: str) -> None:
    with pytest.raises(Unauthenticated):
        await of(f"Bearer {token}")


async def test_a_command_takes_four_round_trips(ground: Ground) -> None:
    database = await Database.open(ground.service.urls["api"], 1, "test")
    async with another_edge(ground, database) as client:
        asked = {"json": {"person_ids": [str(uuid4())]}}
        await client.post("/notes", **asked, headers={"Idempotency-Key": "round-trips-0"})  # type: ignore[arg-type]
        sent: list[str] = []
        async with database.connection() as connection:
            connection.add_query_logger(lambda query: sent.append(query.query))
        await client.post("/notes", **asked, headers={"Idempotency-Key": "round-trips-1"})  # type: ignore[arg-type]
    await database.close()
    assert [text.split()[0].partition(";")[0] for text in sent if "advisory_unlock" not in text] == ["BEGIN", "INSERT", "WITH", "COMMIT"]
    assert CLINICIAN.sub not in "".join(sent), "no claim is written into a statement as it is"
