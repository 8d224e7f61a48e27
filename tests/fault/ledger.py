"""The ledger: what was sent and what came back, on disk before anything goes on. It decides what is definite; it sends nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, Literal
from uuid import UUID

import orjson

Outcome = Literal["ok", "refused", "again", "unknown"]
Place = tuple[str, UUID, int]


@dataclass(frozen=True, slots=True)
class Command:
    """One command as a principal sends it.

    `name`: what it does, for the checker. `tells`: the events an accepted one must have, by the last part of their type's name;
    None where that is not fixed. `may_fail`: a refusal is expected and ends no walk. `early`: other services may not have heard of
    what it builds on, so a 404 is asked again.
    """

    name: str
    role: str
    organisation_id: UUID | None
    method: str
    service: str
    path: str
    body: dict[str, Any]
    tells: tuple[str, ...] | None = None
    sub: str = ""
    may_fail: bool = False
    early: bool = False


@dataclass
class Entry:
    """A command with all its attempts. Times are seconds since the epoch; `answered_at` that of the definite answer."""

    key: str
    command: Command
    n: int = -1
    sent_at: float = 0.0
    answered_at: float | None = None
    outcome: Outcome = "again"
    status: int = 0
    id: str = ""
    places: tuple[Place, ...] = ()
    attempts: int = 0
    was_unknown: bool = False

    @property
    def is_definite(self) -> bool:
        return self.outcome in ("ok", "refused")


class Ledger:
    """Append-only and synced after every line; `entries` is the same in memory."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.entries: list[Entry] = []
        self.alarms: list[str] = []
        """Answers nobody may ever get: a 5xx that is not 503 with Retry-After."""
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def close(self) -> None:
        os.close(self._descriptor)

    def sent(self, entry: Entry) -> None:
        """Before each attempt; the first one takes the command up."""
        if not entry.attempts:
            entry.n, entry.sent_at = len(self.entries), time()
            self.entries.append(entry)
        entry.attempts += 1
        c = entry.command
        who = {"role": c.role, "org": c.organisation_id, "sub": c.sub}
        self._write({"sent": entry.n, "at": time(), "key": entry.key, "name": c.name, **who, "what": [c.method, c.service, c.path, c.body]})

    def not_asked(self, entry: Entry) -> None:
        """Nobody listened: this attempt changed nothing."""
        self._write({"answered": entry.n, "at": time(), "outcome": "not-asked"})

    def unanswered(self, entry: Entry, why: str) -> None:
        """No answer, or one that does not say whether it happened: it may have."""
        entry.outcome, entry.was_unknown = "unknown", True
        self._write({"answered": entry.n, "at": time(), "outcome": "unknown", "why": why})

    def later(self, entry: Entry, status: int) -> None:
        """Told to come again. What an earlier attempt left unknown stays so: it may still be on its way."""
        self._write({"answered": entry.n, "at": time(), "outcome": "again", "status": status})

    def answered(self, entry: Entry, status: int, answered_id: str, places: Sequence[Place]) -> None:
        """A definite answer."""
        entry.outcome, entry.status = "ok" if 200 <= status < 300 else "refused", status
        entry.id, entry.places, entry.answered_at = answered_id, tuple(places), time()
        told = [f"{topic}/{stream}/{seq}" for topic, stream, seq in places]
        self._write(
            {"answered": entry.n, "at": entry.answered_at, "outcome": entry.outcome, "status": status, "id": answered_id, "told": told}
        )

    def alarm(self, entry: Entry, status: int) -> None:
        self.alarms.append(f"{status} to {entry.command.name} (n {entry.n}, {entry.command.service}{entry.command.path})")
        self._write({"alarm": entry.n, "at": time(), "status": status})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._descriptor, orjson.dumps(line) + b"\n")
        os.fdatasync(self._descriptor)


def places_of(header: str) -> list[Place]:
    """What `Throughcare-Events` names."""
    parts = [place.rsplit("/", 2) for place in header.split(", ") if place]
    return [(topic, UUID(stream), int(seq)) for topic, stream, seq in parts]
