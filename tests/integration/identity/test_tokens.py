"""The token suite: one algorithm, exact issuer, own audience, short life, keys only from the issuer. Source: privacy section 2."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from shared.identity import Caller, Identity, Unauthenticated
from shared.process import application
from shared.settings import ServiceSettings
from tests.eventually import eventually
from tests.integration.edge.asking import is_problem
from tests.integration.identity.issuing import (
    AUDIENCE,
    ISSUER,
    ORGANISATION,
    Keys,
    a_key,
    a_key_server,
    by_hand,
    claims,
    signed,
    signer,
    wrong_tokens,
)
from tests.toy_running import Ground


@asynccontextmanager
async def guarded(ground: Ground, keys: Keys) -> AsyncIterator[httpx2.AsyncClient]:
    """The toy's API with real token checking."""
    app = application(ground.toy.service, ServiceSettings(), ground.service.api, None)
    async with httpx2.AsyncClient(timeout=2) as fetching:
        app.state.identity = Identity(ISSUER, AUDIENCE, keys.url, client=fetching)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


async def asked(client: httpx2.AsyncClient, authorization: str | None) -> httpx2.Response:
    headers: list[tuple[bytes, bytes]] = [(b"Idempotency-Key", str(uuid4()).encode())]
    if authorization is not None:
        headers.append((b"Authorization", authorization.encode()))
    body: Any = {"person_ids": [str(uuid4())]}
    return await client.post("/notes", json=body, headers=headers)


async def test_every_wrong_token_is_401_and_a_good_one_works_before_and_after(
    ground: Ground, record_property: Callable[[str, object], None]
) -> None:
    async with a_key_server() as keys, guarded(ground, keys) as client:
        await eventually(lambda: is_accepted(client, signed(keys.key)), timeout=3)
        wrong = wrong_tokens(keys.key)
        answers = {name: await asked(client, f"Bearer {token}") for name, token in wrong.items()}
        let_in = {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401}
        record_property("tokens", f"{len(wrong)} wrong tokens, let in: {len(let_in)}")
        assert let_in == {}, f"of {len(wrong)} wrong tokens"
        assert len(wrong) >= 60
        for name, answer in answers.items():
            is_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer", name
        assert (await asked(client, f"bearer {signed(keys.key)}")).status_code == 201
        assert keys.asked == 1, "unknown keys were not asked for again within the minute"
    assert await ground.count("note") == 2


async def test_no_other_scheme(ground: Ground) -> None:
    async with a_key_server() as keys, guarded(ground, keys) as client:
        token = signed(keys.key)
        for header in (None, "", "Bearer", "Bearer ", token, f"Basic {token}", f"Token {token}", f"Bearer{token}", f" Bearer {token}x"):
            is_problem(await asked(client, header), 401, "unauthenticated")


async def test_the_claims_become_the_caller() -> None:
    async with a_key_server() as keys, httpx2.AsyncClient() as client:
        checked = Identity(ISSUER, AUDIENCE, keys.url, client=client)
        caller = await checked.of(f"Bearer {signed(keys.key)}")
        assert caller == Caller("clinician@7", ORGANISATION, "meso", frozenset({"clinician"}), ("UZ-TK",))
        assert not caller.is_process
        bare = by_hand(
            {"alg": "Ed25519", "kid": keys.key.kid},
            claims(aud=AUDIENCE, org=None, level=None, roles=None, regions=None, is_process=True),
            signer(keys.key),
        )
        assert await checked.of(f"Bearer {bare}") == Caller("clinician@7")


async def test_a_new_key_is_fetched_once_a_minute_at_most() -> None:
    async with a_key_server() as keys, httpx2.AsyncClient() as client:
        checked = Identity(ISSUER, AUDIENCE, keys.url, client=client)
        await checked.of(f"Bearer {signed(keys.key)}")
        keys.key = a_key()
        for _ in range(20):
            with pytest.raises(Unauthenticated):
                await checked.of(f"Bearer {signed(keys.key)}")
        assert keys.asked == 1, "20 tokens of an unknown key within a minute"
        checked._fetched_at -= 61
        for _ in range(5):
            await checked.of(f"Bearer {signed(keys.key)}")
        assert keys.asked == 2
        checked._fetched_at -= 540
        await checked.of(f"Bearer {signed(keys.key)}")
        assert keys.asked == 2, "a known key is not asked for before ten minutes"
        checked._fetched_at -= 61
        await checked.of(f"Bearer {signed(keys.key)}")
        assert keys.asked == 3, "keys live ten minutes"


async def test_without_the_issuer_503_and_nothing_is_done(ground: Ground) -> None:
    async with a_key_server() as keys, guarded(ground, keys) as client:
        keys.broken = True
        answer = await asked(client, f"Bearer {signed(keys.key)}")
        is_problem(answer, 503, "issuer-away")
        assert answer.headers["retry-after"] == "1"
        is_problem(await asked(client, "Bearer nonsense"), 401, "unauthenticated")
        keys.broken = False
        await eventually(lambda: is_accepted(client, signed(keys.key)), timeout=3)
    assert await ground.count("note") == 1


async def is_accepted(client: httpx2.AsyncClient, token: str) -> bool:
    return (await asked(client, f"Bearer {token}")).status_code == 201
