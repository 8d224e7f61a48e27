"""Claims that the database could not hold are those of no caller; a role counts at its own level alone. Source: privacy section 2."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import KeySet

from shared.identity import Caller, Identity, IssuerLost, Unauthenticated, caller_of
from shared.policy import at_own_level


@pytest.mark.parametrize(
    "claims",
    [{"sub": "a\x00b"}, {"sub": "a\ud800"}, {"sub": "a", "regions": ["UZ\x00"]}, {"sub": "a", "roles": ["person\x00"]}],
)
def test_a_claim_that_cannot_be_stored_is_no_claim(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        caller_of(claims)


def test_roles_of_another_level_are_dropped() -> None:
    caller = Caller("a", UUID(int=1), "micro", frozenset({"contact", "system", "ministry", "operator", "unheard-of"}))
    assert at_own_level(caller).roles == {"contact"}


class Hanging(Identity):
    """Keys were fetched; the issuer does not answer any more."""

    async def _fetch(self) -> KeySet:
        await asyncio.Event().wait()
        raise IssuerLost


async def test_a_known_key_does_not_wait_behind_an_unknown_one() -> None:
    """Whoever sends tokens with made-up key ids while the issuer hangs holds up himself alone."""
    key: dict[str, str | list[str]] = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "known"}
    identity = Hanging("https://issuer.test", "toy", "https://issuer.test/jwks")
    async with asyncio.timeout(5):
        identity._keys, identity._fetched_at = KeySet.import_key_set({"keys": [key]}), asyncio.get_running_loop().time() - 120
        async with asyncio.TaskGroup() as tasks:
            unknown = tasks.create_task(identity._keys_for("made-up"))
            await asyncio.wait([unknown], timeout=0.05)
            assert (await identity._keys_for("known")).keys[0].kid == "known"
            unknown.cancel()
