"""Keeps a set of processes running: starts again what dies, ends all of them together. Which processes: stack.py."""

import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic

import typer

from deploy.embedded import child

STEADY = 30.0  # seconds after which an earlier failure no longer counts
LONGEST_PAUSE = 10.0
# Seconds from the polite signal to SIGKILL, by tier; together under the ten that Ctrl-C may take.
PATIENCE = {1: 6.0, 0: 2.5}


@dataclass
class Member:
    """One process that has to run. Those of a higher tier stand on the lower ones and are ended first."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    log: Path
    tier: int = 1
    politely: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    launched_at: float = 0.0
    failures: int = 0
    again_at: float | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    def start(self) -> None:
        self.process, self.launched_at, self.again_at = self.launch(), monotonic(), None

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None


@dataclass
class Supervisor:
    """`on_change` is called whenever a process was started again."""

    on_change: Callable[[], None]
    members: list[Member] = field(default_factory=list)

    def start(self, member: Member) -> Member:
        self.members.append(member)
        member.start()
        return member

    def wait_ready(self, members: Iterable[Member], patience: float = 60.0) -> None:
        """Raises StartFailed for the first that ends or stays silent."""
        for member in members:
            assert member.process is not None, "not started"
            try:
                child.wait_ready(member.process, member.is_ready, member.log, patience)
            except child.StartFailed as failed:
                raise child.StartFailed(f"{member.name}: {failed}") from failed
            say(f"{member.name} ready after {monotonic() - member.launched_at:.1f} s")

    def tend_for_ever(self) -> None:
        pause = Event()
        while not pause.wait(0.1):
            self.tend(monotonic())

    def tend(self, now: float) -> None:
        """Start again what died, later and later while it keeps dying."""
        for member in self.members:
            if member.again_at is None and member.has_died():
                _plan_restart(member, now)
            elif member.again_at is not None and now >= member.again_at:
                member.start()
                say(f"{member.name} started again, pid {member.pid}")
                self.on_change()

    def stop_all(self) -> None:
        """End everything, highest tier first; nothing is left when this returns."""
        for tier in sorted({member.tier for member in self.members}, reverse=True):
            _stop_together([member for member in self.members if member.tier == tier], PATIENCE[tier])


def say(line: str) -> None:
    """One line of the supervisor's own log."""
    typer.echo(f"{datetime.now(UTC):%H:%M:%S} {line}")


def _plan_restart(member: Member, now: float) -> None:
    assert member.process is not None, "never started"
    member.failures = 0 if now - member.launched_at > STEADY else member.failures + 1
    member.again_at = now + min(LONGEST_PAUSE, 0.1 * 2**member.failures)
    say(f"{member.name} ended with code {member.process.returncode}, see {member.log}")


def _stop_together(members: list[Member], patience: float) -> None:
    running = [(member, member.process) for member in members if member.process is not None]
    for member, process in running:
        if process.poll() is None:
            process.send_signal(member.politely)
    until = monotonic() + patience
    for member, process in running:
        if not child.ended_within(process, max(0.0, until - monotonic())):
            say(f"{member.name} did not end in {patience} s and is killed")
            child.kill_group(process)
            process.wait()
