"""How far a service has come while faults go on: what it had is sent, what others told until a moment has taken effect. Decides nothing."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from deploy.postgres.logins import SERVICES
from shared.database import Connection, connect
from tests.eventually import eventually
from tests.fault.evidence import LISTENERS

Urls = Mapping[str, Mapping[str, str]]

ALL_SENT = "SELECT NOT EXISTS (SELECT FROM unsent JOIN outbox USING (id) WHERE recorded_at <= $1)"
TOLD = "SELECT topic, stream_id, max(seq) AS seq FROM outbox WHERE topic = ANY($1) AND recorded_at BETWEEN $2 AND $3 GROUP BY 1, 2"
ALL_HEARD = """
SELECT NOT EXISTS (
    SELECT FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS told (topic, stream_id, seq)
    LEFT JOIN inbox i USING (topic, stream_id) WHERE coalesce(i.last_seq, 0) < told.seq)
"""
MISSING = """
SELECT topic, count(*), count(*) FILTER (WHERE i.blocked), count(*) FILTER (WHERE i.waiting)
FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS told (topic, stream_id, seq)
LEFT JOIN inbox i USING (topic, stream_id) WHERE coalesce(i.last_seq, 0) < told.seq GROUP BY topic ORDER BY topic
"""


def moment() -> datetime:
    return datetime.now(UTC)


async def until_sent(urls: Urls, at: datetime, services: Iterable[str] = SERVICES, timeout: float = 30.0) -> float:
    """Seconds until nothing that these services had recorded by `at` waits to be sent."""
    began = monotonic()
    for service in services:
        await _until(urls[service], timeout, ALL_SENT, at)
    return monotonic() - began


async def until_heard(urls: Urls, listener: str, since: datetime, at: datetime, timeout: float = 30.0) -> float:
    """Seconds until everything that was recorded anywhere between the two moments has taken effect in this service.

    Raises AssertionError when nothing was told: then nothing was shown.
    """
    began = monotonic()
    topics = [topic for topic, listeners in LISTENERS.items() if listener in listeners]
    told = [
        row
        for publisher in sorted({topic.partition(".")[0] for topic in topics})
        for row in await _told(urls[publisher], topics, since, at)
    ]
    assert told, f"nothing was told to {listener} between {since} and {at}"
    columns = [list(column) for column in zip(*told, strict=True)]
    try:
        await _until(urls[listener], timeout, ALL_HEARD, *columns)
    except AssertionError as error:
        async with _looking(urls[listener]) as database:
            missing = [tuple(row) for row in await database.fetch(MISSING, *columns)]
        raise AssertionError(f"{listener} has not heard, by topic (streams, of them blocked, waiting): {missing}") from error
    return monotonic() - began


async def _told(logins: Mapping[str, str], topics: list[str], since: datetime, at: datetime) -> list[tuple[Any, ...]]:
    async with _looking(logins) as database:
        return [tuple(row) for row in await database.fetch(TOLD, topics, since, at)]


async def _until(logins: Mapping[str, str], timeout: float, sql: str, *arguments: Any) -> None:
    async with _looking(logins) as database:
        await eventually(lambda: database.fetchval(sql, *arguments), timeout)


@asynccontextmanager
async def _looking(logins: Mapping[str, str]) -> AsyncIterator[Connection]:
    """Straight to the database as its owner, past every line that a row may have cut."""
    connection = await connect(logins["owner"])
    try:
        yield connection
    finally:
        await connection.close()
