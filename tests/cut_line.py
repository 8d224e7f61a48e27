"""A line to a server that can be cut: everything passes through until told otherwise. Knows no protocol beyond one word to wait for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass
class Line:
    """`url` leads through the line. `cut()` ends all connections and refuses new ones until `mend()`."""

    url: str
    host: str
    port: int
    is_cut: bool = False
    swallow_answer_to: bytes | None = None
    """The connection that sends this word is cut once the server has answered: the server did it, the caller never hears."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        self.is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection(self.host, self.port)
        heard = asyncio.Event()
        self._writers |= {writer, there}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump(reader, there, heard, False))
            tasks.create_task(self._pump(there_reader, writer, heard, True))
        self._writers -= {writer, there}

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, heard: asyncio.Event, back: bool) -> None:
        try:
            while data := await source.read(65536):
                if back and heard.is_set():
                    break
                if not back and self.swallow_answer_to and self.swallow_answer_to in data:
                    self.swallow_answer_to = None
                    heard.set()
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.transport.abort()


@asynccontextmanager
async def a_line_to(url: str) -> AsyncIterator[Line]:
    """A line to the server of this address."""
    found = urlsplit(url)
    line = Line("", found.hostname or "", found.port or 0)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    who = found.netloc.rpartition("@")[0]
    port = server.sockets[0].getsockname()[1]
    line.url = urlunsplit((found.scheme, f"{who}@127.0.0.1:{port}", found.path, found.query, ""))
    async with server:
        yield line
        line.cut()
