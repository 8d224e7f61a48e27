"""One kept-alive HTTP/1.1 connection, as little as asking a service takes. Knows no command and decides nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

IDLE = 2.0
"""Seconds; a server closes what was idle for 5 s, perhaps in the moment in which it is asked again."""


class NoAnswer(Exception):
    """Whatever was asked may have happened or not."""


class NotAsked(Exception):
    """Nobody listens there: nothing was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body) if self.body else {}

    @property
    def is_not_known(self) -> bool:
        """The service has heard the topic whole and not of this: while another's relay is away, that passes (ADR 27)."""
        return self.status == 422 and self.json()["type"].endswith(":not-known")


@dataclass
class Wire:
    """To one port of this machine; opened when it is first needed and again after every failure."""

    port: int
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _used_at: float = 0.0

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", patience: float = 8.0) -> Answer:
        """Raises NotAsked, or NoAnswer when the connection fails or nothing definite came within `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                return await self._ask(method, path, headers, body)
        except ConnectionRefusedError as error:
            raise NotAsked from error
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self._reader is None or self._writer is None or self._reader.at_eof() or monotonic() - self._used_at > IDLE:
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._reader, self._writer
        lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        answer = Answer(int(head[0].split()[1]), named, await reader.readexactly(int(named.get("content-length", "0"))))
        self._used_at = monotonic()
        if named.get("connection", "").lower() == "close":
            self.close()
        return answer
