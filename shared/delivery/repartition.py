"""A running service's topics moved to as many partitions as topics have now: made anew, and filled again by the relay. As the owner."""

from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from shared.database import Connection, connected
from shared.delivery import log, resend
from shared.delivery.log import Log
from shared.delivery.relay import LOCK
from shared.records import PARTITIONS

REASON = "repartition"
STOP = "INSERT INTO halt (topic, reason) VALUES ($1, $2) ON CONFLICT (topic) DO NOTHING"
WHY = "SELECT reason FROM halt WHERE topic = $1"
GO_ON = "DELETE FROM halt WHERE topic = $1 AND reason = $2"
PATIENCE = "SET lock_timeout = '45s'"
"""Longer than an active relay takes to see that it is halted, and than a frozen one keeps its session."""
LOCKED = "SELECT pg_advisory_lock($1)"


class NotNow(Exception):
    """Nothing was changed: the message says what has to be done first."""


@dataclass(frozen=True)
class Moved:
    """The topics that were made anew, and how many rows the relay sends again at most."""

    topics: list[str]
    refilling: int


async def repartition(owner_url: str, known: Log, now: datetime, remake: Callable[[Collection[str]], Awaitable[None]]) -> Moved:
    """Make each topic anew that has not PARTITIONS partitions. The relay then fills it before it sends anything new.

    Nothing is sent meanwhile, since this holds the relay's lock: new events wait on the queue. The epoch and the refill are stored before
    a topic is deleted. So the command can be run again after it was killed, and makes what is missing.
    Raises NotNow, KafkaLost, Transient, TimedOut. Source: delivery.md section 3, ADR 24.
    """
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connected(owner_url))
        await _take_the_relays_place(connection)
        reader = await stack.enter_async_context(known.opened())
        counts = log.counted(await reader.partitions_of(known.topics))
        if not (others := sorted(topic for topic, count in counts.items() if count != PARTITIONS)):
            return Moved([], 0)
        try:
            await known.examine(connection, reader, now)  # what lies there is deleted: nothing may be on it that is nowhere else
        except log.Restored as stranger:
            await log.halt(connection, stranger)
            raise NotNow("the log has events that this database has not: `adopt-log` first") from stranger
        refilling = await log.forget(connection, others, now, REASON)
        await remake(others)
        return Moved(others, refilling)


async def _take_the_relays_place(connection: Connection) -> None:
    """Halt the relay, so that it gives up its lock; take the lock, and end the halt. Killed here, this leaves only the halt behind.

    Raises NotNow where the relay is halted for another reason or a `resend` is under way.
    """
    await connection.execute(STOP, log.RELAY, REASON)
    if (reason := await connection.fetchval(WHY, log.RELAY)) != REASON:
        raise NotNow(f"the relay is halted: {reason}")
    try:
        if (await resend.left(connection)).get(False):
            raise NotNow(
                "a `resend` is under way, and the topics would lose what it has sent: wait until `resending` is 0 and all was heard"
            )
        await connection.execute(PATIENCE)
        await connection.execute(LOCKED, LOCK)
    finally:
        await connection.execute(GO_ON, log.RELAY, REASON)


async def go_on(owner_url: str) -> Moved:
    """Nothing is to be moved. End the halt that an earlier run left when it was killed."""
    async with connected(owner_url) as connection:
        await connection.execute(GO_ON, log.RELAY, REASON)
    return Moved([], 0)
