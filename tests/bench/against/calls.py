"""A lean HTTP/1.1 client: a list of calls, so many open at once, every one answered 2xx. Knows no service."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.bench.rounds import Lost

LINES = 24


@dataclass(frozen=True)
class Call:
    """`path` with its query; `body` None for a read. Every command gets a key of its own."""

    method: str
    path: str
    body: Any = None

    def request(self, token: str) -> bytes:
        sent = b"" if self.body is None else json.dumps(self.body).encode()
        head = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {token}",
            f"Content-Length: {len(sent)}",
            *(() if self.body is None else ("Content-Type: application/json", f"Idempotency-Key: {uuid4().hex}")),
        ]
        return "\r\n".join((*head, "", "")).encode() + sent


async def answers(port: int, token: str, calls: Sequence[Call]) -> list[Any]:
    """What each call was answered, in their order. Raises Lost for the first that is not 2xx."""
    found: list[Any] = [None] * len(calls)
    numbers = iter(range(len(calls)))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(LINES, len(calls))):
            tasks.create_task(_line(port, token, calls, numbers, found))
    return found


async def _line(port: int, token: str, calls: Sequence[Call], numbers: Iterator[int], found: list[Any]) -> None:
    """One kept-alive connection; takes the next call that nobody has taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number in numbers:
            writer.write(calls[number].request(token))
            found[number] = await _answer(reader, calls[number])
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, call: Call) -> Any:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length:"))
    body = await reader.readexactly(length)
    status = head.split(" ", 2)[1]
    if not status.startswith("2"):
        raise Lost(f"{call.method} {call.path}: {status} {body.decode()}")
    return json.loads(body)
