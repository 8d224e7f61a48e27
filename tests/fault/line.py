"""A line to a server that fails as networks do: cut, silent one way, slow, broken off within a frame. Knows no protocol beyond one word."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit, urlunsplit

from deploy.embedded.ports import free_port

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Slowness:
    """Seconds that each piece of a stream takes longer: `mean` +- `spread`, drawn from `chance`."""

    mean: float
    spread: float
    chance: Random

    def draw(self) -> float:
        return self.chance.uniform(self.mean - self.spread, self.mean + self.spread)


@dataclass(eq=False)
class Line:
    """What reaches `port` passes to the server at `target` and back, until told otherwise; `mend()` ends the trouble."""

    target: int
    port: int = field(default_factory=free_port)
    is_cut: bool = False
    swallow_answer_to: bytes | None = None
    """The connection that sends this word is cut once the server has answered: the server did it, the caller never hears."""
    breaks_next: bool = False
    _silent: bool | None = None
    _slowness: Slowness | None = None
    _ends: "set[End]" = field(default_factory=set)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    def through(self, url: str) -> str:
        """The same address by way of this line."""
        found = urlsplit(url)
        who = found.netloc.rpartition("@")[0]
        return urlunsplit((found.scheme, f"{who}@{HOST}:{self.port}", found.path, found.query, ""))

    def cut(self) -> None:
        """All connections end and what was on its way is lost; new ones end at once."""
        self.is_cut = True
        self._end_all()

    def one_way(self, there: bool) -> None:
        """Nothing arrives any more at the server (`there`) or at its callers, while the connections stay.

        As TCP does, `mend()` delivers late what was sent meanwhile; after `cut()` it is lost.
        """
        self._silent = there

    def slow(self, mean: float, spread: float, chance: Random) -> None:
        """Every piece takes longer, in both directions; the order is kept."""
        self._slowness = Slowness(mean, spread, chance)

    def cut_mid_frame(self) -> None:
        """The next piece, either way, arrives by half and every connection ends; new ones are well. `breaks_next` tells whether it came."""
        self.breaks_next = True

    def mend(self) -> None:
        self.is_cut = self.breaks_next = False
        self._silent = self._slowness = None
        for end in list(self._ends):
            end.let_go()
            if end.other is not None:
                end.other.let_go()

    async def emptied(self) -> None:
        """Returns when no connection is left."""
        while self._ends:
            self._left.clear()
            await self._left.wait()

    def _is_silent(self, there: bool) -> bool:
        return self._silent is there

    def _end_all(self) -> None:
        for end in list(self._ends):
            end.abort()


class End(asyncio.Protocol):
    """One end of a connection. What it receives goes to the other end in order, when the line lets it."""

    transport: asyncio.Transport

    def __init__(self, line: Line, other: "End | None" = None, tasks: asyncio.TaskGroup | None = None) -> None:
        self.line, self.other, self.tasks = line, other, tasks
        self._waiting: deque[tuple[float, bytes | None]] = deque()
        self._swallows = False

    @property
    def is_callers(self) -> bool:
        return self.tasks is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.line._ends.add(self)
        if self.line.is_cut:
            self.abort()
        elif self.tasks is not None:
            self.tasks.create_task(self._reach_server())
        elif self.other is not None:
            self.other.other = self
            self.other.let_go()

    async def _reach_server(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: End(self.line, self), HOST, self.line.target)
        except OSError:
            self.abort()

    def data_received(self, data: bytes) -> None:
        word = self.line.swallow_answer_to
        if not self.is_callers and self.other is not None and self.other._swallows:
            self.abort()
            return
        if self.is_callers and word and word in data:
            self.line.swallow_answer_to, self._swallows = None, True
        self._send(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.line._ends.discard(self)
        self.line._left.set()
        self._send(None)

    def _send(self, data: bytes | None) -> None:
        slowness = self.line._slowness
        self._waiting.append((asyncio.get_running_loop().time() + (slowness.draw() if slowness else 0), data))
        self.let_go()

    def let_go(self) -> None:
        """Pass on what is due, unless this way is silent. Once the line is mended everything is due."""
        loop = asyncio.get_running_loop()
        while self._waiting and self.other is not None and not self.line._is_silent(self.is_callers):
            due, data = self._waiting[0]
            if self.line._slowness and due > loop.time():
                loop.call_at(due, self.let_go)
                return
            self._waiting.popleft()
            self._pass(data, self.other)

    def _pass(self, data: bytes | None, other: "End") -> None:
        if data is None:
            other.transport.close()
        elif self.line.breaks_next and len(data) > 1:
            self.line.breaks_next = False
            other.transport.write(data[: len(data) // 2])
            self.line._end_all()
        else:
            other.transport.write(data)

    def abort(self) -> None:
        """End both directions at once."""
        for end in (self, self.other):
            if end is not None:
                end._waiting.clear()
                end.transport.abort()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()


@asynccontextmanager
async def a_line(target: int) -> AsyncIterator[Line]:
    """A line to this port of loopback. Nobody need listen there yet."""
    line = Line(target)
    async with asyncio.TaskGroup() as tasks:
        server = await asyncio.get_running_loop().create_server(lambda: End(line, tasks=tasks), HOST, line.port)
        async with server:
            yield line
            line.cut()
            await line.emptied()


@asynccontextmanager
async def a_line_to(url: str) -> AsyncIterator[Line]:
    """A line to the server of this address."""
    async with a_line(urlsplit(url).port or 0) as line:
        yield line


@dataclass(frozen=True)
class Lines:
    """One for each service to each of the two servers."""

    postgres: Mapping[str, Line]
    kafka: Mapping[str, Line]

    def postgres_port(self, service: str) -> int:
        return self.postgres[service].port

    def kafka_servers(self, service: str) -> str:
        return f"{HOST}:{self.kafka[service].port}"

    @property
    def listeners(self) -> dict[str, int]:
        """What the broker must advertise beside its own address: without it a client would leave its line after the first answer."""
        return {service.upper(): line.port for service, line in self.kafka.items()}

    def lead_to(self, postgres_port: int, kafka_listeners: Mapping[str, int]) -> None:
        for line in self.postgres.values():
            line.target = postgres_port
        for service, line in self.kafka.items():
            line.target = kafka_listeners[service.upper()]

    def mend(self) -> None:
        for line in (*self.postgres.values(), *self.kafka.values()):
            line.mend()


@asynccontextmanager
async def open_lines(services: Iterable[str]) -> AsyncIterator[Lines]:
    """Lines that lead nowhere yet: `lead_to`."""
    async with AsyncExitStack() as stack:
        opened = [[(service, await stack.enter_async_context(a_line(0))) for service in services] for _ in range(2)]
        yield Lines(dict(opened[0]), dict(opened[1]))
