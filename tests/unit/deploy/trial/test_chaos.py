"""When the demo's kills fall and what is said of them, on processes that only wait. The four services: `make demo CHAOS=1`."""

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import orjson
import pytest

from deploy.trial import chaos
from deploy.trial.chaos import Chaos

SERVICES = ("referral", "programme")


class Supervised:
    """Two waiting processes and the stack.json that tells of them; one that died is started again when its health is asked for."""

    def __init__(self, folder: Path, undo: ExitStack) -> None:
        self.file = folder / "stack.json"
        self.undo = undo
        self.first = {name: self.start() for name in SERVICES}
        self.now = dict(self.first)
        self.asked = 0
        self.tell()

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "60"])
        self.undo.callback(process.wait)
        self.undo.callback(process.kill)
        return process

    def tell(self) -> None:
        services = {name: {"pid": process.pid, "url": f"http://{name}"} for name, process in self.now.items()}
        self.file.write_bytes(orjson.dumps({"services": services}))

    def killed(self) -> list[str]:
        return [name for name, process in self.first.items() if process.poll() == -signal.SIGKILL]

    def restart(self) -> None:
        self.now |= {name: self.start() for name in self.killed() if self.now[name] is self.first[name]}
        self.tell()

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Unready the first time."""
        self.asked += 1
        return httpx2.Response(200 if self.asked > 1 else 503)

    def chaos(self, commands: int) -> Chaos:
        return Chaos.over(self.file, httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer)), SERVICES, commands)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    with ExitStack() as undo:
        yield Supervised(tmp_path, undo)


async def test_each_is_killed_at_its_share_and_answers_again(supervised: Supervised) -> None:
    killing = supervised.chaos(90)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(killing.run())
        killing.progressed(29)
        assert await after_a_turn(supervised) == []
        killing.progressed(1)
        assert await after_a_turn(supervised) == ["referral"]
        killing.progressed(60)
        assert await after_a_turn(supervised) == ["referral", "programme"]
        supervised.restart()
    assert killing.wrong == []
    assert [told["after_commands"] for told in killing.told()["killed"]] == [30, 90]
    assert [told["pid"] for told in killing.told()["killed"]] == [process.pid for process in supervised.first.values()]


async def test_a_replay_that_ends_early_spares_who_was_not_due_and_says_so(supervised: Supervised) -> None:
    killing = supervised.chaos(90)
    killing.end()
    await killing.run()
    assert supervised.killed() == []
    assert len(killing.wrong) == 2


async def test_who_stays_away_is_told(supervised: Supervised, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos, "PATIENCE", 0.2)
    killing = supervised.chaos(90)
    killing.progressed(90)
    await killing.run()
    assert killing.wrong == [f"{name}: not back within 15 s of its kill" for name in SERVICES]


async def after_a_turn(supervised: Supervised) -> list[str]:
    """Who is dead once the kills had their turn."""
    for process in supervised.first.values():
        await asyncio.to_thread(wait_a_moment, process)
    return supervised.killed()


def wait_a_moment(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return
