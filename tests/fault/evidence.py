"""What the checker is given: plain rows as they were read, and what a row of the table injected itself. Nothing is read or judged here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from deploy.docs.catalogue import listeners_of_topics, topics_of_services
from tests.fault.ledger import Entry

Stream = tuple[str, UUID]
Partition = tuple[str, int]
Where = tuple[str, int, int]

PUBLISHED = topics_of_services()
LISTENERS = listeners_of_topics()
"""Topic -> the services that hear it. Source: contracts section 2."""


class Logged(NamedTuple):
    """A row of an outbox."""

    service: str
    id: int
    event_id: UUID
    topic: str
    stream_id: UUID
    seq: int
    type: str
    body: dict[str, Any]
    causation_id: UUID | None
    occurred_at: datetime

    @property
    def stream(self) -> Stream:
        return self.topic, self.stream_id

    @property
    def kind(self) -> str:
        """The type's own name, without service and version."""
        return self.type.split(".")[2]


class Kept(NamedTuple):
    """A row of `idempotency`."""

    key: str
    status: int
    answer: str
    events: str | None


class Heard(NamedTuple):
    """A row of an inbox."""

    last_seq: int
    blocked: bool
    waiting: bool


class OnLog(NamedTuple):
    """A record of a topic, in the order of its partition."""

    event_id: UUID
    topic: str
    stream_id: UUID
    seq: int


class Aside(NamedTuple):
    """Something set aside by a listener: what, where, why."""

    what: str
    service: str
    topic: str
    stream_id: UUID | None
    place: int
    reason: str


@dataclass
class Injected:
    """What a row put in by itself. `streams`: made up, nobody's; `records`: (topic, partition, offset) of what is no event."""

    streams: set[Stream] = field(default_factory=set)
    records: set[Where] = field(default_factory=set)


@dataclass
class Held:
    """What one service's database holds of this row. `rows`: its other tables, by name."""

    outbox: list[Logged] = field(default_factory=list)
    counters: dict[Stream, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    inbox: dict[Stream, Heard] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass
class Evidence:
    """`since`: the last id of each outbox before this row; `outbox` holds whole streams, so older events too where one went on."""

    entries: list[Entry]
    alarms: list[str]
    held: Mapping[str, Held]
    log: list[OnLog]
    to_be_on_log: list[OnLog]
    aside: list[Aside]
    injected: Injected
    since: Mapping[str, int] = field(default_factory=dict)
    rollups_before: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    rollups: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    mails: list[dict[str, str]] = field(default_factory=list)

    @property
    def outbox(self) -> list[Logged]:
        return [row for held in self.held.values() for row in held.outbox]

    @property
    def fresh(self) -> list[Logged]:
        """What was said during this row."""
        return [row for row in self.outbox if row.id > self.since.get(row.service, 0)]


class Finding(NamedTuple):
    """`what`: lost, doubled, disordered or wrong."""

    assertion: str
    what: str
    detail: str

    def __str__(self) -> str:
        return f"[{self.assertion}] {self.what}: {self.detail}"
