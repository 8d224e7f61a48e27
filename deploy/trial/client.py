"""Sends one command until its answer is definite, over kept-alive connections, with tokens kept and renewed. Knows no step of the trial."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import httpx2
import orjson

RENEW_AFTER = 480.0
PATIENCE = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5


class GaveUp(Exception):
    """A command was refused, or had no definite answer for a minute; names command, status and the problem's code, never the body."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends: a role, and the organisation or the subject it acts for."""

    role: str
    organisation_id: UUID | None = None
    sub: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One request. `early`: other services may not have heard of what it builds on, so a 404 is asked again for a while."""

    by: Principal
    method: str
    service: str
    path: str
    body: dict[str, Any]
    early: bool = False


@dataclass
class Tokens:
    """Access tokens by principal; a token lives ten minutes and is renewed after eight."""

    issuer: str
    client: httpx2.AsyncClient
    _kept: dict[Principal, tuple[float, str]] = field(default_factory=dict)

    async def of(self, principal: Principal) -> str:
        """A token of this principal, from the issuer or still good."""
        kept = self._kept.get(principal)
        if kept and monotonic() - kept[0] < RENEW_AFTER:
            return kept[1]
        form = {"grant_type": "client_credentials", "role": principal.role}
        form |= {"org": str(principal.organisation_id)} if principal.organisation_id else {}
        form |= {"sub": principal.sub} if principal.sub else {}
        answer = await self.client.post(f"{self.issuer}/token", data=form)
        answer.raise_for_status()
        token = str(answer.json()["access_token"])
        self._kept[principal] = (monotonic(), token)
        return token


@dataclass
class Sender:
    """Counts what it sent and what came back; `stopping` ends every pause at once."""

    services: Mapping[str, str]
    tokens: Tokens
    client: httpx2.AsyncClient
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    counted: Counter[str] = field(default_factory=Counter)

    async def send(self, command: Command, key: UUID | None) -> Any:
        """The answer of the command. Asks again with the same key while there is no definite answer; raises GaveUp."""
        until, pause = monotonic() + PATIENCE, FIRST_PAUSE
        while True:
            answer = await self._ask(command, key)
            if answer is not None and answer.is_success:
                self.counted["answered"] += 1
                return orjson.loads(answer.content)
            if not _ask_again(command, answer) or monotonic() > until or self.stopping.is_set():
                raise GaveUp(_told(command, answer))
            self.counted["asked again"] += 1
            await self._pause(max(pause, _told_to_wait(answer)))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def get(self, service: str, path: str, by: Principal) -> Any:
        """What a service answers to a query, asked in the same way; raises GaveUp."""
        return await self.send(Command(by, "GET", service, path, {}), None)

    async def _ask(self, command: Command, key: UUID | None) -> httpx2.Response | None:
        with suppress(httpx2.TransportError):
            headers = {"authorization": f"Bearer {await self.tokens.of(command.by)}"}
            if key:
                headers |= {"idempotency-key": str(key), "content-type": "application/json"}
            self.counted["requests"] += 1
            url, content = self.services[command.service] + command.path, orjson.dumps(command.body) if key else None
            return await self.client.request(command.method, url, content=content, headers=headers)
        return None

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


def open_client() -> httpx2.AsyncClient:
    """One client for all sessions: connections stay open, no proxy of the surroundings is used."""
    limits = httpx2.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=60)
    return httpx2.AsyncClient(timeout=httpx2.Timeout(30, connect=3), limits=limits, trust_env=False)


def _ask_again(command: Command, answer: httpx2.Response | None) -> bool:
    """No answer, a 5xx and a 409 that says when are not definite; nor is a 404 to a command that may be early.

    Nor is `not-known`: while another service's relay is away it says what will be known later (ADR 27).
    """
    if answer is None or answer.status_code >= 500 or (answer.status_code == 422 and b":not-known" in answer.content):
        return True
    return (answer.status_code == 409 and "retry-after" in answer.headers) or (answer.status_code == 404 and command.early)


def _told_to_wait(answer: httpx2.Response | None) -> float:
    """Overload says when to come back and is obeyed; what another service has not heard of yet is mostly there within milliseconds."""
    return float(answer.headers.get("retry-after", 0)) if answer is not None and answer.status_code == 503 else 0.0


def _told(command: Command, answer: httpx2.Response | None) -> str:
    what = f"{command.method} {command.service}{command.path} as {command.by.role}"
    if answer is None:
        return f"{what}: no answer"
    problem = orjson.loads(answer.content) if "json" in answer.headers.get("content-type", "") else {}
    said = {name: problem[name] for name in ("type", "unmet", "errors") if name in problem}
    return f"{what}: {answer.status_code} {said}"
