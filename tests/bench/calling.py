"""The caller of the HTTP benchmarks: a lean HTTP/1.1 client in a process of its own, the same for every contestant. Knows no service.

`python -m tests.bench.calling '<plan>'` prints what became of the calls as one line of JSON.
"""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from time import perf_counter
from uuid import UUID, uuid4

import uvloop

IN_TIME = 1.0
LAST_ANSWERS = 12.0
TICK = 0.002


@dataclass(frozen=True)
class Plan:
    """Calls to make for `seconds`: as many at once as `lines`, or `rate` a second whatever is still open.

    Number n of `first`, first + 1, ... stands for journey n; `body` is every call's.
    """

    port: int
    token: str
    body: str
    first: int
    seconds: float
    lines: int
    rate: float = 0.0


@dataclass
class Calls:
    """What became of them. `took`: seconds by status; `accepted`: the numbers answered 2xx; `sent`: how many were made."""

    seconds: float = 0.0
    sent: int = 0
    lost: int = 0
    in_time: int = 0
    accepted: list[int] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    untold: int = 0
    """Refusals (503) without Retry-After."""

    @property
    def per_second(self) -> float:
        return len(self.accepted) / self.seconds

    def quantile(self, status: str, share: float) -> float:
        """Seconds; 0 when nothing was answered so."""
        took = sorted(self.took.get(status, [0.0]))
        return took[min(len(took) - 1, int(len(took) * share))]


def journey_id(number: int) -> UUID:
    """The journey that a number stands for; the seeds use the same rule."""
    return UUID(int=(0x4000 << 64) | (0x8000 << 48) | number)


class Line(asyncio.Protocol):
    """One kept-alive connection with at most one call open."""

    def __init__(self, answered: Callable[["Line", bytes, bytes], None], lost: Callable[["Line"], None]) -> None:
        self.answered, self.lost = answered, lost
        self.number, self.began, self.received = 0, 0.0, b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost(self)

    def call(self, number: int, request: bytes) -> None:
        assert self.transport is not None
        self.number, self.began = number, perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.received[:end].lower()
        place = head.index(b"content-length: ") + 16
        if len(self.received) >= end + 4 + int(head[place:].split(b"\r\n", 1)[0]):
            self.received = b""
            self.answered(self, head[9:12], head)


class Caller:
    """Makes the calls of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.calls, self.next = plan, Calls(), plan.first
        self.idle: deque[Line] = deque()
        self.open, self.until, self.began = 0, 0.0, 0.0
        self.over = asyncio.Event()
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {plan.token}\r\nContent-Type: application/json\r\n"
        self.rest = f" HTTP/1.1\r\n{head}Content-Length: {len(plan.body)}\r\nIdempotency-Key: ".encode()
        self.body = plan.body.encode()

    async def run(self) -> Calls:
        loop = asyncio.get_running_loop()
        lines = [
            (await loop.create_connection(lambda: Line(self.answered, self.lost), "127.0.0.1", self.plan.port))[1]
            for _ in range(self.plan.lines)
        ]
        self.idle.extend(lines)
        self.began = perf_counter()
        self.until = self.began + self.plan.seconds
        if self.plan.rate:
            self.tick()
        else:
            for _ in range(len(lines)):
                self.call(self.idle.popleft())
        async with asyncio.timeout(self.plan.seconds + LAST_ANSWERS):
            await self.over.wait()
        self.calls.seconds = (self.until if self.plan.rate else perf_counter()) - self.began
        return self.calls

    def tick(self) -> None:
        """Make the calls that are due by now; one that finds no free line counts as lost."""
        now = perf_counter()
        while self.calls.sent < (min(now, self.until) - self.began) * self.plan.rate:
            if self.idle:
                self.call(self.idle.popleft())
            else:
                self.calls.sent += 1
                self.calls.lost += 1
        if now < self.until:
            asyncio.get_running_loop().call_later(TICK, self.tick)
        elif not self.open:
            self.over.set()

    def call(self, line: Line) -> None:
        path = f"PUT /journeys/{journey_id(self.next)}/stages/1/completion".encode()
        self.open += 1
        self.calls.sent += 1
        line.call(self.next, b"".join((path, self.rest, uuid4().hex.encode(), b"\r\n\r\n", self.body)))
        self.next += 1

    def answered(self, line: Line, status: bytes, head: bytes) -> None:
        now = perf_counter()
        took = now - line.began
        self.open -= 1
        self.calls.took.setdefault(status.decode(), []).append(took)
        if status[:1] == b"2":
            self.calls.accepted.append(line.number)
            self.calls.in_time += took <= IN_TIME
        elif status == b"503" and b"\r\nretry-after: " not in head:
            self.calls.untold += 1
        if self.plan.rate or now >= self.until:
            self.idle.append(line)
        else:
            self.call(line)
        if not self.open and now >= self.until:
            self.over.set()

    def lost(self, line: Line) -> None:
        if not self.over.is_set():
            self.calls.lost += 1


async def made(plan: Plan) -> Calls:
    """Run a plan in a process of its own and read what became of it."""
    argv = [sys.executable, "-m", "tests.bench.calling", json.dumps(asdict(plan))]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, f"the caller ended with {process.returncode}"
    return Calls(**json.loads(output))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(Caller(Plan(**json.loads(sys.argv[1]))).run()))))
