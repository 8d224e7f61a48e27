"""The usual projection: a FastStream subscriber, a SQLAlchemy session and a transaction for each message, an inbox row against repeats.

The same tables and the same roll-ups as monitoring's, counted by the same definitions, person by person.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from time import perf_counter
from typing import Any
from uuid import UUID

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import FetchedValue, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TIMESTAMP

from services.monitoring.figures import FIGURES
from services.monitoring.unit.domain import Unit
from shared.events import by_type
from shared.events.pathway import FIVE_STAGES
from shared.events.programme import JourneyCompleted, JourneyOpened, StageCompleted, StageLeft, StageStarted
from shared.events.referral import ReferralAnswered, ReferralOpened

INBOX = "CREATE TABLE processed_message (message_id uuid PRIMARY KEY, processed_at timestamptz NOT NULL DEFAULT clock_timestamp())"
UNITS = [text(figure.units.replace("$1::uuid[]", "CAST(:persons AS uuid[])")) for figure in FIGURES if figure.units]
COLUMNS = ", ".join(Unit._fields)
MOVE = text(f"""
INSERT INTO unit_count AS r ({COLUMNS}, units) VALUES ({", ".join(f":{name}" for name in Unit._fields)}, :units)
ON CONFLICT ({COLUMNS}) DO UPDATE SET units = r.units + EXCLUDED.units
""")
STAMP = TIMESTAMP(timezone=True)
CODES = [stage.code for stage in FIVE_STAGES]


class Model(DeclarativeBase):
    """The tables of monitoring that these events fill."""


class ProcessedMessage(Model):
    """What was handled already."""

    __tablename__ = "processed_message"
    message_id: Mapped[UUID] = mapped_column(primary_key=True)


class Person(Model):
    """Locked while the person's units change."""

    __tablename__ = "person"
    person_id: Mapped[UUID] = mapped_column(primary_key=True)


class Journey(Model):
    """One person on one pathway."""

    __tablename__ = "journey"
    journey_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    organisation_id: Mapped[UUID | None]
    opened_on: Mapped[date | None]
    imported: Mapped[bool] = mapped_column(server_default=FetchedValue())
    completed_on: Mapped[date | None]
    pathway: Mapped[str | None]
    version: Mapped[int | None]


class Spell(Model):
    """One stay in a stage."""

    __tablename__ = "spell"
    journey_id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[int] = mapped_column(primary_key=True)
    spell: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    organisation_id: Mapped[UUID | None]
    started_on: Mapped[date | None]
    completed_on: Mapped[date | None]
    left_on: Mapped[date | None]
    how: Mapped[str | None]
    code: Mapped[str | None]
    next_code: Mapped[str | None]


class Referral(Model):
    """One request."""

    __tablename__ = "referral"
    referral_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    journey_id: Mapped[UUID | None]
    stage: Mapped[int]
    stage_code: Mapped[str | None]
    origin: Mapped[str | None]
    timed: Mapped[bool] = mapped_column(server_default=FetchedValue())
    opened_at: Mapped[datetime | None] = mapped_column(STAMP)
    addressed_seq: Mapped[int | None]
    addressed_to: Mapped[UUID | None]
    addressed_at: Mapped[datetime | None] = mapped_column(STAMP)
    last_addressed_seq: Mapped[int | None]
    answer_seq: Mapped[int | None]
    answer: Mapped[str | None]
    answered_by: Mapped[UUID | None]
    in_time: Mapped[bool | None]
    answered_at: Mapped[datetime | None] = mapped_column(STAMP)


@dataclass
class Projection:
    """Handles `wanted` messages of the topics; `run` answers how many a second."""

    url: str
    servers: str
    topics: tuple[str, ...]
    group: str
    wanted: int
    engine: AsyncEngine = field(init=False)
    handled: int = 0
    began: float = 0.0
    ended: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.engine = create_async_engine(self.url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=5)

    async def run(self) -> float:
        async with self.engine.begin() as connection:
            await connection.execute(text(INBOX))
        broker = KafkaBroker(self.servers, logger=None)
        subscriber = broker.subscriber(*self.topics, group_id=self.group, auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)
        subscriber(self.on_message)
        await broker.start()
        await self.done.wait()
        await broker.stop()
        await self.engine.dispose()
        return (self.wanted - 1) / (self.ended - self.began)

    async def on_message(self, body: dict[str, Any], message: KafkaMessage) -> None:
        """One message, one transaction; the offset is committed after it."""
        if self.done.is_set():
            return
        self.began = self.began or perf_counter()
        async with async_sessionmaker(self.engine).begin() as session:
            seen = insert(ProcessedMessage).values(message_id=UUID(message.headers["ce_id"])).on_conflict_do_nothing()
            if (await session.execute(seen.returning(ProcessedMessage.message_id))).first():
                await project(session, body, message.headers)
        self.handled += 1
        if self.handled == self.wanted:
            self.ended = perf_counter()
            self.done.set()


async def project(session: AsyncSession, body: dict[str, Any], headers: dict[str, str]) -> None:
    """Keep the fact, and move the roll-ups by what the person's units changed."""
    known = by_type(headers["ce_type"])
    assert known, headers["ce_type"]
    event: Any = known.model_validate(body)
    await session.execute(insert(Person).values(person_id=event.person_id).on_conflict_do_nothing())
    await session.get_one(Person, event.person_id, with_for_update=True)
    before = await _units(session, event.person_id)
    await _keep(session, event, int(headers["ce_sequence"]), datetime.fromisoformat(headers["ce_time"]))
    await session.flush()
    change = await _units(session, event.person_id)
    change.subtract(before)
    moved = [{**unit._asdict(), "units": units} for unit, units in change.items() if units]
    if moved:
        await session.execute(MOVE, moved)


async def _units(session: AsyncSession, person_id: UUID) -> Counter[Unit]:
    found = [row for statement in UNITS for row in await session.execute(statement, {"persons": [person_id]})]
    return Counter(Unit(*row) for row in found)


async def _keep(session: AsyncSession, event: Any, seq: int, at: datetime) -> None:
    if isinstance(event, JourneyOpened):
        session.add(
            Journey(
                journey_id=event.journey_id,
                person_id=event.person_id,
                organisation_id=event.organisation_id,
                opened_on=event.opened_on,
                pathway=event.pathway,
                version=event.version,
            )
        )
    elif isinstance(event, JourneyCompleted):
        (await session.get_one(Journey, event.journey_id)).completed_on = event.completed_on
    elif isinstance(event, StageStarted | StageCompleted | StageLeft):
        await _keep_stay(session, event)
    elif isinstance(event, ReferralOpened | ReferralAnswered):
        await _keep_referral(session, event, seq, at)


async def _keep_stay(session: AsyncSession, event: StageStarted | StageCompleted | StageLeft) -> None:
    key = {"journey_id": event.journey_id, "stage": event.stage, "spell": event.spell}
    stay = await session.get(Spell, key)
    if stay is None:
        codes = {"code": CODES[event.stage - 1], "next_code": dict(pairwise(CODES)).get(CODES[event.stage - 1])}
        session.add(stay := Spell(**key, **codes, person_id=event.person_id, organisation_id=event.organisation_id))
    if isinstance(event, StageStarted):
        stay.started_on = event.started_on
    elif isinstance(event, StageCompleted):
        stay.completed_on = event.completed_on
    else:
        stay.left_on, stay.how = event.left_on, event.how


async def _keep_referral(session: AsyncSession, event: ReferralOpened | ReferralAnswered, seq: int, at: datetime) -> None:
    request = await session.get(Referral, event.referral_id)
    if request is None:
        whose = {"person_id": event.person_id, "journey_id": event.journey_id, "stage": event.stage}
        session.add(request := Referral(referral_id=event.referral_id, stage_code=CODES[event.stage - 1], **whose))
    if isinstance(event, ReferralOpened):
        request.origin, request.timed, request.opened_at = event.origin, event.due_on is not None, at
        request.addressed_seq = request.last_addressed_seq = seq
        request.addressed_to, request.addressed_at = event.to_organisation_id, at
    else:
        request.answer_seq, request.answer, request.answered_by = seq, event.answer, event.organisation_id
        request.in_time, request.answered_at = event.in_time, at
