"""How a service stands: alive, ready, its streams' health, whether an event has taken effect here, metrics. Ids and codes only."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import AfterValidator, BaseModel

from shared import rights, telemetry, web
from shared.command import CurrentTx, queries
from shared.database import Connection, now_utc
from shared.delivery import resend
from shared.delivery.log import RELAY
from shared.events import topics
from shared.policy import allows, roles

GLASS_COUNTS = timedelta(days=7)
Check = Callable[[], Awaitable[str | None]]
"""Answers why the process is not ready, None when it is."""

OUT = """
SELECT o.topic, count(*) AS appended, count(u.id) AS unsent, min(o.recorded_at) FILTER (WHERE u.id IS NOT NULL) AS oldest_unsent_at,
       coalesce((SELECT max(log_epoch) FROM relay_position r WHERE r.topic = o.topic), 0) AS log_epoch
FROM outbox o LEFT JOIN unsent u USING (id) GROUP BY o.topic ORDER BY o.topic
"""
IN = """
SELECT i.topic, i.streams, i.applied, i.blocked, coalesce(p.waiting, 0) AS waiting, coalesce(p.parked, 0) AS parked,
       p.oldest_waiting_at, h.reason AS halted, f.next_offsets,
       (SELECT count(*) FROM broken_glass b WHERE b.topic = i.topic AND b.at > $1) AS broken_glass
FROM (SELECT topic, count(*) AS streams, sum(last_seq)::bigint AS applied, count(*) FILTER (WHERE blocked) AS blocked
      FROM inbox GROUP BY topic) i
LEFT JOIN (SELECT topic, count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state <> 'waiting') AS parked,
                  min(parked_at) FILTER (WHERE state = 'waiting') AS oldest_waiting_at FROM parked GROUP BY topic) p USING (topic)
LEFT JOIN halt h USING (topic)
LEFT JOIN (SELECT topic, sum(next_offset)::bigint AS next_offsets FROM inbox_offset GROUP BY topic) f USING (topic)
ORDER BY i.topic
"""
HALTED = "SELECT reason FROM halt WHERE topic = $1"
SEEN = """
SELECT coalesce((SELECT last_seq FROM inbox WHERE topic = $1 AND stream_id = $2), 0) >= $3 AS has,
       (SELECT state FROM parked WHERE topic = $1 AND stream_id = $2 AND seq = $3) AS aside
"""


def _known(topic: str) -> str:
    if topic not in topics():
        raise ValueError("no such topic")
    return topic


Topic = Annotated[str, AfterValidator(_known), Path(examples=["programme"], json_schema_extra={"enum": list(topics())})]


class Sent(BaseModel):
    """One topic this service owns. `log_epoch` counts how often its log was lost and filled again."""

    topic: str
    appended: int
    relayed: int
    unsent: int
    oldest_unsent_at: datetime | None
    log_epoch: int


class Heard(BaseModel):
    """One topic this service listens to; `applied` counts first occurrences that took effect.

    `broken_glass`: how often in the last seven days an operator acted on it without having signed in.
    """

    topic: str
    streams: int
    applied: int
    blocked: int
    waiting: int
    parked: int
    oldest_waiting_at: datetime | None
    halted: str | None
    lag: int | None
    broken_glass: int


class Delivery(BaseModel):
    """Health of a service's streams. `lag` is None in a process that does not listen.

    `refilling` and `resending`: rows of the outbox still to be sent again, at most, before and behind new ones.
    """

    service: str
    sent: list[Sent]
    heard: list[Heard]
    quarantined: int
    relaying: bool
    relay_halted: str | None
    refilling: int
    resending: int


class Seen(BaseModel):
    """Whether an event has taken effect here; unknown is waiting. Never tells whether anybody was told."""

    state: Literal["has-it", "waiting", "parked"]


probes = APIRouter(tags=["health"])
streams = queries("health")


@probes.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@probes.get("/readyz")
async def ready(request: Request) -> Response:
    """Database reachable, schema applied and, in a worker, relay and listener at work and no topic halted."""
    check: Check = request.app.state.ready
    missing = await check()
    return web.problem(503, missing, {"Retry-After": "1"}) if missing else Response('{"status":"ready"}', media_type="application/json")


@streams.get("/delivery")
@allows(roles("operator"))
async def delivery(tx: CurrentTx, request: Request) -> Delivery:
    """What was appended, relayed, applied, waits and is parked, by topic."""
    state = request.app.state
    return await health_of(tx.connection, state.service, state.lags(), state.relaying())


@streams.get("/seen/{topic}/{stream_id}/{seq}")
@allows(roles("operator", "clinician", "coordinator", "system"))
async def seen(tx: CurrentTx, request: Request, topic: Topic, stream_id: UUID, seq: Annotated[int, Path(ge=1, le=2**53)]) -> Seen:
    """Whether this service has the event that a command named in `Throughcare-Events`; `waiting` for who has no relation to the stream."""
    if not await rights.may_hear(tx, request.app.state.relates, stream_id):
        return Seen(state="waiting")
    row = await tx.connection.fetchrow(SEEN, topic, stream_id, seq)
    if row and row["has"]:
        return Seen(state="has-it")
    return Seen(state="parked" if row and row["aside"] in ("failed", "behind") else "waiting")


@streams.get("/metrics")
@allows(roles("operator"))
async def metrics(tx: CurrentTx, request: Request) -> Response:
    """All metrics in Prometheus' text format; queues, lag and what is set aside as they stand now."""
    health = await health_of(tx.connection, request.app.state.service, request.app.state.lags(), request.app.state.relaying())
    telemetry.gauge("unsent", {sent.topic: sent.unsent for sent in health.sent})
    telemetry.gauge(
        "unsent_age_seconds", {s.topic: (tx.now - s.oldest_unsent_at).total_seconds() if s.oldest_unsent_at else 0 for s in health.sent}
    )
    telemetry.gauge("lag", {heard.topic: heard.lag for heard in health.heard if heard.lag is not None})
    telemetry.gauge("parked", {heard.topic: heard.parked for heard in health.heard})
    telemetry.gauge("broken_glass", {heard.topic: heard.broken_glass for heard in health.heard})
    telemetry.gauge("waiting", {heard.topic: heard.waiting for heard in health.heard})
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4")


async def health_of(connection: Connection, service: str, lags: dict[str, int] | None, relaying: bool) -> Delivery:
    """The health of a service's streams as its database tells it."""
    sent = [Sent(relayed=row["appended"] - row["unsent"], **dict(row)) for row in await connection.fetch(OUT)]
    listened = await connection.fetch(IN, now_utc() - GLASS_COUNTS)
    heard = [Heard(lag=lags.get(row["topic"], 0) if lags is not None else None, **dict(row)) for row in listened]
    quarantined = await connection.fetchval("SELECT count(*) FROM quarantine")
    halted, left = await connection.fetchval(HALTED, RELAY), await resend.left(connection)
    again = {"refilling": left.get(True, 0), "resending": left.get(False, 0), "relay_halted": halted}
    return Delivery(service=service, sent=sent, heard=heard, quarantined=quarantined, relaying=relaying, **again)
