"""Starting, finding and ending a stack from outside. One stack per folder: its supervisor holds a lock on it."""

import fcntl
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from select import select
from subprocess import Popen
from threading import Event
from typing import Any, TextIO
from urllib.parse import urlsplit

from deploy.embedded import child, postgres
from deploy.embedded.stack import CHECKOUT, LONGEST_LOG, Stack, accepts, answers
from deploy.embedded.supervisor import say

Described = dict[str, Any]
VAR = CHECKOUT / "var"


class AlreadyRunning(Exception):
    """Another stack holds this folder."""


@dataclass(frozen=True)
class Options:
    """`keep` takes the data of the last run along; `attached` ends the stack when the starter ends, however it ends."""

    folder: Path = VAR
    keep: bool = False
    durable: bool = True
    attached: bool = True


def supervise(options: Options) -> None:
    """Become the supervisor: start the stack and tend it until SIGINT or SIGTERM. Raises StartFailed, AlreadyRunning."""
    folder = options.folder.absolute()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    with _locked(folder):
        stack = Stack(folder, options.durable)
        stack.file.unlink(missing_ok=True)
        try:
            _make_way(folder, options.keep)
            stack.start()
            say("up")
            stack.supervisor.tend_for_ever()
        except KeyboardInterrupt:
            say("ending")
        finally:
            for ending in (signal.SIGTERM, signal.SIGINT):
                signal.signal(ending, signal.SIG_IGN)
            stack.file.unlink(missing_ok=True)
            stack.supervisor.stop_all()
            say("down")


def _unheard(_: str) -> None:
    """Nobody listens to the supervisor's lines: a failure then carries the last of them."""


def start(options: Options, told: Callable[[str], None] = _unheard) -> tuple[Popen[bytes], Described]:
    """Start a supervisor and return once its stack is up; `told` hears its lines. Raises AlreadyRunning, StartFailed."""
    folder = options.folder.absolute()
    if pid := supervisor_of(folder):
        raise AlreadyRunning(f"a stack is already running here (supervisor {pid}); `make down` ends it")
    log = folder / "log" / "supervisor.log"
    before = log.stat().st_size if log.exists() else 0
    process = child.launch(_supervisor(options, folder, log))
    with ExitStack() as undo:
        undo.callback(stop, process)
        described = _follow_until_up(process, folder, before, told)
        undo.pop_all()
    return process, described


def stop(process: Popen[bytes]) -> None:
    """End a supervisor that `start` gave, and with it everything it started."""
    child.end(process, signal.SIGTERM, patience=12.0)


@contextmanager
def running(options: Options) -> Iterator[Described]:
    """A whole stack for as long as the block lasts, for tests."""
    process, described = start(options)
    try:
        yield described
    finally:
        stop(process)


def down(folder: Path = VAR) -> bool:
    """End the stack of `folder`, whoever started it; False if none runs."""
    pid = supervisor_of(folder)
    if pid is None:
        return False
    watched = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGTERM)
        if not select([watched], [], [], 15)[0]:
            os.kill(pid, signal.SIGKILL)  # what it started dies with it
            select([watched], [], [], 5)
    finally:
        os.close(watched)
    return True


def find(folder: Path = VAR) -> Described | None:
    """What runs where, or None when no stack is up."""
    file = folder / "stack.json"
    if supervisor_of(folder) is None or not file.exists():
        return None
    described: Described = json.loads(file.read_text())
    return described


def supervisor_of(folder: Path) -> int | None:
    """The supervisor's pid, or None when nobody holds the folder."""
    file = folder / "stack.lock"
    if not file.exists():
        return None
    with file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None


def where(about: dict[str, Any]) -> str:
    """An address to show: without the password."""
    address: str = about.get("url") or about.get("bootstrap_servers") or f"{about['host']}:{about['port']}"
    return f"{urlsplit(address).hostname}:{urlsplit(address).port}" if "@" in address else address


def is_answering(name: str, about: dict[str, Any]) -> bool:
    if where(about).startswith("http"):
        return answers(f"{about['url']}/{'jwks' if name == 'issuer' else 'readyz'}")
    host, _, port = where(about).partition(",")[0].rpartition(":")
    return accepts(int(port), host)


def _supervisor(options: Options, folder: Path, log: Path) -> child.Launch:
    flags = [name for name, wanted in (("--keep", options.keep), ("--quick", not options.durable)) if wanted]
    argv = [sys.executable, "-m", "deploy.embedded", "supervise", "--folder", str(folder), *flags]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return child.Launch(argv, log, env, CHECKOUT, on_orphaned=signal.SIGTERM if options.attached else None)


def _follow_until_up(process: Popen[bytes], folder: Path, before: int, told: Callable[[str], None]) -> Described:
    """Tell each whole line that the supervisor writes, until stack.json is this supervisor's."""
    with (folder / "log" / "supervisor.log").open() as log:
        log.seek(before)
        while True:
            ended = child.ended_within(process, 0.1)
            lines = log.read().splitlines()
            for line in lines:
                told(line)
            described = find(folder)
            if described is not None and described["supervisor"]["pid"] == process.pid:
                return described
            if ended:
                raise child.StartFailed("\n".join([f"the stack did not start; see {log.name}", *(lines[-12:] if told is _unheard else [])]))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stack.lock").open("a+") as lock:
        if not _taken(lock):
            raise AlreadyRunning(f"a stack is already running in {folder}")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _taken(lock: TextIO) -> bool:
    pause = Event()
    for _ in range(20):  # who asks `supervisor_of` holds it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(0.05)
        else:
            return True
    return False


def _make_way(folder: Path, keep: bool) -> None:
    """A clean slate unless the last run's data are to be kept. Logs are never deleted, only set aside once they are long."""
    for log in (folder / "log").glob("*.log"):
        if log.stat().st_size > LONGEST_LOG and log.name != "supervisor.log":
            log.replace(log.with_suffix(f".{datetime.now(UTC):%Y%m%dT%H%M%S}.log.old"))
    if not keep:
        shutil.rmtree(postgres.home_of(folder / "postgres"), ignore_errors=True)
        shutil.rmtree(folder / "kafka", ignore_errors=True)
        (folder / "mail.jsonl").unlink(missing_ok=True)
