"""The peer of the path "accept": FastAPI, the SQLAlchemy ORM on asyncpg and joserfc, on the same tables with the same rules."""

import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, NamedTuple
from uuid import UUID, uuid4

import httpx2
import orjson
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel
from sqlalchemy import ForeignKey, exists, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TIMESTAMP

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey
from services.programme.stage import domain
from services.programme.stage.api import Completion
from services.programme.stage.domain import Ended
from shared.errors import Refused

TOPIC, ROLE = "programme", "clinician"
NOBODY = UUID(int=0)
STAMP = TIMESTAMP(timezone=True)


class Base(DeclarativeBase):
    """The tables of programme, as far as a completion goes."""

    type_annotation_map: ClassVar = {dict[str, Any]: JSONB, datetime: STAMP}


class PathwayRow(Base):
    __tablename__ = "pathway"
    pathway_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    body: Mapped[dict[str, Any]]


class OrganisationRow(Base):
    __tablename__ = "organisation"
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]


class PersonRow(Base):
    __tablename__ = "person"
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    died_on: Mapped[date | None]


class JourneyRow(Base):
    __tablename__ = "journey"
    journey_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    pathway: Mapped[str]
    version: Mapped[int]
    status: Mapped[str]
    erased: Mapped[bool]
    state: Mapped[dict[str, Any]]


class PartyRow(Base):
    __tablename__ = "party"
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    journey_id: Mapped[UUID] = mapped_column(ForeignKey("journey.journey_id"), primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(primary_key=True, default=NOBODY)


class StreamRow(Base):
    __tablename__ = "stream"
    topic: Mapped[str] = mapped_column(primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_seq: Mapped[int]


class OutboxRow(Base):
    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    stream_id: Mapped[UUID]
    seq: Mapped[int]
    type: Mapped[str]
    body: Mapped[dict[str, Any]]
    correlation_id: Mapped[UUID]
    occurred_at: Mapped[datetime]


class AuditRow(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    principal: Mapped[str]
    organisation_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    correlation_id: Mapped[UUID]


class IdempotencyRow(Base):
    __tablename__ = "idempotency"
    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[str]
    kept_at: Mapped[datetime]


class Done(BaseModel):
    id: UUID
    status: str


engine = create_async_engine(
    os.environ.get("API_DATABASE_URL", "postgresql://").replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=12,
    max_overflow=0,
    json_serializer=lambda value: orjson.dumps(value).decode(),
    json_deserializer=orjson.loads,
    connect_args={"server_settings": {"lock_timeout": "2s", "statement_timeout": "4s", "transaction_timeout": "15s", "timezone": "UTC"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx2.AsyncClient() as client:
        app.state.keys = KeySet.import_key_set((await client.get(os.environ["ISSUER"] + "/jwks")).json())
    app.state.claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": os.environ["ISSUER"]}, aud={"essential": True, "value": TOPIC}, exp={"essential": True}
    )
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


async def caller(request: Request, authorization: Annotated[str, Header()]) -> dict[str, Any]:
    """The claims of a clinician's token."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), request.app.state.keys, algorithms=["Ed25519"]).claims
        request.app.state.claims.validate(claims)
    except (JoseError, ValueError) as error:
        raise HTTPException(401) from error
    if claims["exp"] < time.time() or ROLE not in claims["roles"]:
        raise HTTPException(403)
    return claims


class Asked(NamedTuple):
    """Who asks, and what makes two requests the same."""

    sub: str
    organisation_id: UUID
    principal: str
    key: str
    request_hash: bytes


async def asked(
    request: Request,
    key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=128)],
    claims: Annotated[dict[str, Any], Depends(caller)],
) -> Asked:
    request_hash = hashlib.sha256(request.url.path.encode() + await request.body()).digest()
    return Asked(claims["sub"], UUID(claims["org"]), f"{claims['sub']}@{claims['org']}", key, request_hash)


@app.exception_handler(Refused)
async def refused(request: Request, error: Refused) -> JSONResponse:
    return JSONResponse({"code": error.code, "unmet": error.unmet}, 422)


@app.put("/journeys/{journey_id}/stages/{stage}/completion")
async def complete_stage(
    response: Response,
    journey_id: UUID,
    stage: Annotated[int, Path(ge=1, le=9)],
    body: Completion,
    asker: Annotated[Asked, Depends(asked)],
    db: Annotated[AsyncSession, Depends(session)],
) -> Done:
    sub, organisation_id, principal, key, request_hash = asker
    now = datetime.now(UTC)
    kept = await db.get(IdempotencyRow, (principal, key))
    if kept is not None:
        if kept.request_hash != request_hash:
            raise HTTPException(422)
        return Done.model_validate_json(kept.answer)

    row = await lock_journey(db, journey_id, organisation_id, body.next_organisation_id)
    journey = Journey.model_validate(row.state)
    ended = Ended(body.completed_on, "completed", organisation_id, body.outcome, None, body.next_organisation_id)
    changed, events = domain.complete_stage(journey, stage, ended, Days(now.date()))
    row.status, row.state = changed.status, changed.model_dump(mode="json")
    if body.next_organisation_id and await db.get(PartyRow, (body.next_organisation_id, journey_id, NOBODY)) is None:
        db.add(PartyRow(organisation_id=body.next_organisation_id, journey_id=journey_id))

    correlation_id = uuid4()
    seq = await next_seq(db, journey.person_id)
    fact = {"topic": TOPIC, "stream_id": journey.person_id, "correlation_id": correlation_id, "occurred_at": now}
    db.add_all(OutboxRow(seq=seq, type=event.type, body=event.model_dump(mode="json"), **fact) for event in events)
    subject = {"principal": sub, "organisation_id": organisation_id, "subject_id": journey_id}
    db.add(AuditRow(at=now, action="complete_stage", correlation_id=correlation_id, **subject))
    done = Done(id=journey_id, status=changed.status_of(stage) or "")
    answer = done.model_dump_json()
    db.add(IdempotencyRow(principal=principal, key=key, request_hash=request_hash, status=200, answer=answer, kept_at=now))
    try:
        await db.commit()
    except IntegrityError as error:
        raise HTTPException(409) from error
    response.headers["Throughcare-Events"] = f"{TOPIC}/{journey.person_id}/{seq}"
    return done


async def lock_journey(db: AsyncSession, journey_id: UUID, organisation_id: UUID, naming: UUID | None) -> JourneyRow:
    """The journey, locked, with what its rules read beside it, in one query."""
    is_party = exists().where(PartyRow.organisation_id == organisation_id, PartyRow.journey_id == journey_id)
    query = (
        select(JourneyRow, PathwayRow.body, OrganisationRow.kind, PersonRow.died_on, is_party)
        .join(PathwayRow, (PathwayRow.code == JourneyRow.pathway) & (PathwayRow.version == JourneyRow.version))
        .outerjoin(OrganisationRow, OrganisationRow.organisation_id == naming)
        .outerjoin(PersonRow, PersonRow.person_id == JourneyRow.person_id)
        .where(JourneyRow.journey_id == journey_id, ~JourneyRow.erased)
        .with_for_update(of=JourneyRow, key_share=True)
    )
    found = (await db.execute(query)).one_or_none()
    if found is None or not found[4]:
        raise HTTPException(404)
    if naming and found[2] is None:
        raise HTTPException(409)
    row: JourneyRow = found[0]
    return row


async def next_seq(db: AsyncSession, stream_id: UUID) -> int:
    """The next number of the stream; its row stays locked until the commit."""
    fresh = insert(StreamRow).values(topic=TOPIC, stream_id=stream_id, last_seq=1)
    counted = fresh.on_conflict_do_update(index_elements=["topic", "stream_id"], set_={"last_seq": StreamRow.last_seq + 1})
    seq: int = (await db.execute(counted.returning(StreamRow.last_seq))).scalar_one()
    return seq


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ["HTTP_PORT"]), loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
