"""A service for the tests of the floor: commands that append, handlers that leave a row for each effect. No rule of the product is here.

`python -m tests.toy worker` runs it as a process of its own; TOY_TOPIC names its topic.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shared.command import CurrentTx, Done, calculations, commands, queries
from shared.database import Connection, Database, Row, Tx, gathered
from shared.delivery.inbox import Handlers
from shared.delivery.relay import Relay
from shared.errors import Conflict, NotFound, NotYetKnown, Refused
from shared.events import Event
from shared.kafka import Outgoing, Producer
from shared.policy import allows, roles
from shared.process import FLOOR_MIGRATIONS, Service, main
from shared.settings import ServiceSettings
from shared.web import Body, Text

MIGRATIONS = Path(__file__).parent / "toy_migrations"


@dataclass
class Faults:
    """What goes wrong in the handlers, and what they were called with; `foreign`: the streams to which no caller relates."""

    failing: set[UUID] = field(default_factory=set)
    transient: list[tuple[UUID, int]] = field(default_factory=list)
    calls: list[tuple[UUID, int]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0
    foreign: set[UUID] = field(default_factory=set)

    async def relates(self, tx: Tx, stream_id: UUID) -> bool:
        return stream_id not in self.foreign

    async def meet(self, tx: Tx, stream_id: UUID, n: int) -> None:
        """Raise what this event is to fail with: each transient one fails once, a failing stream for as long as it is listed."""
        self.calls.append((stream_id, n))
        if (stream_id, n) in self.transient:
            self.transient.remove((stream_id, n))
            await tx.connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
        if stream_id in self.failing:
            raise ValueError("told to fail")


class ToyService(Service):
    """Its tables come from the folder beside this file."""

    @property
    def migrations(self) -> list[tuple[str, Path]]:
        return [("floor", FLOOR_MIGRATIONS), ("toy", MIGRATIONS)]


@dataclass(frozen=True)
class Toy:
    """The service on a topic of its own, with its two facts: `marked` travels on the restricted topic."""

    service: Service
    noted: type[Any]
    marked: type[Any]
    faults: Faults


class Note(Body):
    """Append a fact on each of these streams, then end as told."""

    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=4)]
    n: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    text: Text | None = None
    about: Annotated[list[UUID], Field(max_length=4)] = Field(default=[])
    person_id: UUID | None = None
    then: Literal["commit", "fail-at-commit", "raise", "answer-wrongly", "refuse", "conflict", "hide", "name-unknown", "end-right"] = (
        "commit"
    )


class Held(BaseModel):
    """A calculation's answer."""

    size: int


def a_toy(topic: str) -> Toy:
    """The toy that speaks on `topic` and `topic.restricted` and listens to both; its name and group are the topic's too."""

    class Noted(Event, topic=topic, name="noted"):
        person_id: UUID
        n: int = 0
        echo: bool = False

    class Marked(Event, topic=f"{topic}.restricted", name="marked"):
        person_id: UUID
        n: int = 0

    faults = Faults()
    service = ToyService(
        name=topic,
        settings=ServiceSettings,
        routers=(_commands(Noted), _queries(), _calculations(faults)),
        handlers=_handlers(Noted, Marked, faults),
        deadlines={"note-due": on_note_due},
        relates=faults.relates,
        operations={"dying-relay": dying_relay},
    )
    return Toy(service, Noted, Marked, faults)


def _handlers(noted: type[Any], marked: type[Any], faults: Faults) -> Handlers:
    async def on_noted(tx: Tx, event: Any) -> None:
        await _effect(tx, event.n)
        await faults.meet(tx, event.person_id, event.n)
        if event.echo:
            tx.append(event.person_id, marked(person_id=event.person_id, n=event.n))

    async def on_marked(tx: Tx, event: Any) -> None:
        await _effect(tx, event.n)

    return {noted: on_noted, marked: on_marked}


async def _effect(tx: Tx, n: int) -> None:
    cause = tx.cause
    assert cause
    await tx.connection.execute(
        "INSERT INTO effect (topic, stream_id, seq, n) VALUES ($1, $2, $3, $4)", cause.topic, cause.stream_id, cause.seq, n
    )
    tx.gather(add_to_tally, (cause.stream_id,))


@gathered(10)
async def add_to_tally(connection: Connection, rows: list[Row]) -> None:
    """The toy's projection: how many facts took effect on each stream."""
    await connection.execute(
        "INSERT INTO tally SELECT s, count(*) FROM unnest($1::uuid[]) AS s GROUP BY s ORDER BY s"
        " ON CONFLICT (stream_id) DO UPDATE SET applied = tally.applied + EXCLUDED.applied",
        [row[0] for row in rows],
    )


async def on_note_due(tx: Tx, note_id: UUID) -> None:
    """A deadline's effect: a row that would show a second time."""
    await tx.connection.execute("INSERT INTO effect (topic, stream_id, seq, n) VALUES ('deadline', $1, 1, 0)", note_id)


def _commands(noted: type[Any]) -> APIRouter:
    router = commands("toy")

    @router.post("/notes", status_code=201)
    @allows(roles("clinician"))
    async def make_note(tx: CurrentTx, body: Note) -> Done:
        note_id = uuid4()
        parent_id = uuid4() if body.then == "fail-at-commit" else None
        await tx.connection.execute("INSERT INTO note (note_id, parent_id, n) VALUES ($1, $2, $3)", note_id, parent_id, body.n)
        for person_id in body.person_ids:
            tx.append(person_id, noted(person_id=person_id, n=body.n))
        if body.then == "name-unknown":
            raise NotYetKnown("person_ids", noted.topic)
        tx.ended_right = body.then == "end-right"
        tx.about.update(body.about)
        return ended(body.then, note_id)

    return router


def ended(how: str, note_id: UUID) -> Done:
    """The command's answer, or what it raises instead."""
    failures: dict[str, Exception] = {
        "raise": ValueError("told to"),
        "refuse": Refused("note-refused", ("first", "second")),
        "conflict": Conflict("note-busy", retry_after=7),
        "hide": NotFound("note"),
    }
    if how in failures:
        raise failures[how]
    wrong: Any = {"id": "no id at all"}
    return wrong if how == "answer-wrongly" else Done(id=note_id, status="made")


def _queries() -> APIRouter:
    router = queries("toy")

    @router.get("/notes/{note_id}")
    @allows(roles("clinician"))
    async def read_note(tx: CurrentTx, note_id: UUID) -> Held:
        tx.audit("read-note", note_id)
        if (n := await tx.connection.fetchval("SELECT n FROM note WHERE note_id = $1", note_id)) is None:
            raise NotFound("note")
        return Held(size=n)

    return router


def _calculations(faults: Faults) -> APIRouter:
    router = calculations("toy")

    @router.post("/held")
    @allows(roles("clinician"))
    async def hold(body: list[str]) -> Held:
        """Answers when the gate is open."""
        faults.held += 1
        await faults.gate.wait()
        return Held(size=len(body))

    return router


class LastBreath:
    """A producer that really sends and dies by SIGKILL between the acknowledgement and the deletion."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        await self._producer.send(records)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")

    async def stop(self) -> None:
        await self._producer.stop()


def dying_relay(settings: ServiceSettings, arguments: list[str]) -> int:
    """Relay until the first acknowledgement, then die."""

    async def relay() -> None:
        database = await Database.open(settings.worker_database_url, 2, "toy")

        async def producer() -> LastBreath:
            return LastBreath(await Producer.start(settings.kafka_bootstrap_servers))

        await Relay(database, producer, asyncio.Event()).run()

    asyncio.run(relay())
    return 0


if __name__ == "__main__":
    main(a_toy(os.environ["TOY_TOPIC"]).service)
