"""Starting and ending one child process so that nothing outlives its starter. Who is started, and again when: supervisor.py."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

BOUND = Path(__file__).with_name("bound.py")


class StartFailed(Exception):
    """A process ended, or was not ready in time; the message names its log."""


@dataclass(frozen=True)
class Launch:
    """What to start; `user` is a uid and gid to give up root for, `on_orphaned` the signal sent when the starter dies."""

    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    user: int | None = None
    on_orphaned: signal.Signals | None = signal.SIGKILL


def launch(what: Launch) -> subprocess.Popen[bytes]:
    """Start `what` in a session of its own; output is appended to its log.

    Call from a thread that lives as long as the child: Linux sends the orphan signal when that thread ends.
    """
    what.log.parent.mkdir(parents=True, exist_ok=True)
    with what.log.open("ab") as log:
        return subprocess.Popen(
            bound(what),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(what.env),
            cwd=what.cwd,
            start_new_session=True,
        )


def bound(what: Launch) -> list[str]:
    """The command line that gives up root and ties the program to this process, then becomes it."""
    on_orphaned = int(what.on_orphaned or 0)
    return [sys.executable, "-I", "-S", str(BOUND), str(os.getpid()), str(on_orphaned), str(what.user or 0), *what.argv]


def wait_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, patience: float) -> None:
    """Return once `ready()`; raises StartFailed when the process ends or `patience` seconds pass first."""
    until = monotonic() + patience
    while not ready():
        if ended_within(process, 0.05):
            raise StartFailed(f"ended with code {process.returncode}; see {log}\n{last_lines(log)}")
        if monotonic() > until:
            raise StartFailed(f"not ready after {patience:.0f} s; see {log}\n{last_lines(log)}")


def end(process: subprocess.Popen[bytes], politely: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> None:
    """Ask with `politely`, kill the process's whole group after `patience` seconds, and reap it."""
    if process.poll() is None:
        process.send_signal(politely)
        if not ended_within(process, patience):
            kill_group(process)
    process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def last_lines(log: Path, count: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""
