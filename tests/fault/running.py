"""One service process of the fault tests: started, killed, frozen, asked whether it answers. Which ones there are: ground.py."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from deploy.embedded import child
from tests.eventually import eventually
from tests.fault.wire import NoAnswer, NotAsked, Wire

ROOT = Path(__file__).parents[2]


@dataclass
class Deaths:
    """How often a process that is kept alive ended, and the exit codes."""

    codes: list[int] = field(default_factory=list)


@dataclass
class Running:
    """A service in role `all` (or another) on a port of its own; `start` may be called again after it ended."""

    service: str
    port: int
    env: Mapping[str, str]
    log: Path
    role: str = "all"
    argv: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    @property
    def command(self) -> list[str]:
        return list(self.argv) or [sys.executable, "-m", f"services.{self.service}", self.role]

    def start(self, extra_env: Mapping[str, str] | None = None) -> None:
        """Call from the main thread: the process dies with the thread that started it."""
        env = {**self.env, "HTTP_PORT": str(self.port), **(extra_env or {})}
        self.process = child.launch(child.Launch(self.command, self.log, env, ROOT))

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        if self.process is not None:
            child.kill_group(self.process)
            self.process.wait()

    async def stop(self, patience: float = 25.0) -> int:
        """SIGTERM; answers the exit code. Killed after `patience`."""
        assert self.process is not None, "not started"
        self.process.terminate()
        try:
            await self.until_ended(patience)
        except AssertionError:
            self.kill()
        return self.process.wait()

    async def until_ended(self, timeout: float = 30.0) -> int:
        """The exit code, once it ended by itself."""

        async def ended() -> bool:
            return not self.is_alive

        await eventually(ended, timeout)
        assert self.process is not None
        return self.process.wait()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def answers(self, path: str = "/healthz") -> bool:
        wire = Wire(self.port)
        try:
            return (await wire.ask("GET", path, {}, patience=1.0)).status == 200
        except (NoAnswer, NotAsked):
            return False
        finally:
            wire.close()

    async def until_answers(self, timeout: float = 15.0, path: str = "/healthz") -> float:
        """Seconds until it answers (with `/readyz`: until it also listens and has its database)."""
        began = monotonic()
        await eventually(lambda: self.answers(path), timeout)
        return monotonic() - began

    def rss(self) -> int:
        """Resident memory in bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    @asynccontextmanager
    async def kept_alive(self, extra_env: Mapping[str, str] | None = None) -> AsyncIterator[Deaths]:
        """Within: whenever it ended by itself it is started again at once, with `extra_env`; yields how often that was."""
        deaths, over = Deaths(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._revive(deaths, over, extra_env))
            try:
                yield deaths
            finally:
                over.set()

    async def _revive(self, deaths: Deaths, over: asyncio.Event, extra_env: Mapping[str, str] | None) -> None:
        while not over.is_set():
            if self.process is not None and not self.is_alive:
                deaths.codes.append(self.process.wait())
                self.start(extra_env)
            try:
                await asyncio.wait_for(over.wait(), 0.05)
            except TimeoutError:
                continue
