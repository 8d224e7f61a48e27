"""What an operator does on the machine, each act saying first what it will do. Under the worker's login; the acts' SQL is in delivery/."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared import grammar, health
from shared.database import Database, TimedOut, Transient, now_utc
from shared.delivery import adoption, discarding, inbox, log, outbox, parking, resend
from shared.delivery import repartition as moving
from shared.delivery.inbox import Handlers, StillFailing
from shared.delivery.log import Counts, Log
from shared.errors import Refused
from shared.identity import Caller
from shared.operator import Shown, alarm, signed_in
from shared.records import PARTITIONS, KafkaLost
from shared.settings import ServiceSettings

PARKED = """
SELECT topic, stream_id, min(seq) AS first, count(*) AS events,
       coalesce(min(reason) FILTER (WHERE state = 'failed'), 'behind-failed') AS reason
FROM parked WHERE state <> 'waiting' GROUP BY 1, 2 ORDER BY 1, 2
"""
PROPOSED = """
SELECT d.* FROM discard d JOIN parked USING (topic, stream_id, seq) WHERE d.confirmed_at IS NULL ORDER BY d.topic, d.stream_id, d.seq
"""
ASIDE = "SELECT count(*) FROM parked WHERE topic = $1 AND stream_id = $2"
OWNER = """
SELECT rolsuper OR rolbypassrls OR pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE')
FROM pg_roles WHERE rolname = current_user
"""


class WrongLogin(Exception):
    """A service never runs as owner or superuser."""


async def refuse_owner(database: Database) -> None:
    """Raises WrongLogin. Source: privacy section 3."""
    async with database.connection() as connection:
        if await connection.fetchval(OWNER):
            raise WrongLogin("the login owns the database or is a superuser")


class Place(NamedTuple):
    """Which event: the `seq`-th of a stream."""

    topic: str
    stream_id: UUID
    seq: int

    def __str__(self) -> str:
        return f"{self.topic} {self.stream_id} seq {self.seq}"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


async def status(database: Database, service: str) -> int:
    """The health of the service's streams; what is halted, parked and proposed to be discarded."""
    async with database.connection() as connection:
        say((await health.health_of(connection, service, None, relaying=False)).model_dump_json(indent=2))
        for row in await connection.fetch("SELECT topic, reason, at FROM halt ORDER BY topic"):
            say(f"halted {row['topic']} since {row['at'].isoformat(timespec='seconds')}: {row['reason']}")
        for row in await connection.fetch(PARKED):
            say(f"parked {row['topic']} {row['stream_id']} from seq {row['first']}: {row['events']} events, {row['reason']}")
        for row in await connection.fetch(PROPOSED):
            say(f"proposed to discard {row['topic']} {row['stream_id']} seq {row['seq']}: {row['reason']}, by {row['proposed_by']}")
    return 0


async def halt(database: Database, topic: str) -> int:
    say(f"stopping {topic} in every worker of this service until `resume {topic}`; nothing is lost")
    async with database.transaction() as tx:
        await parking.halt(tx.connection, topic, "operator")
    return 0


async def resume(database: Database, topic: str) -> int:
    say(f"{topic} runs on from where it stopped")
    async with database.transaction() as tx:
        say("resumed" if await parking.resume(tx.connection, topic) else "was not halted")
    return 0


async def replay(database: Database, handlers: Handlers, topic: str, stream_id: UUID) -> int:
    """Run a blocked stream's parked events in order, one a transaction; answers how many ran. The first that fails again ends it.

    Raises Transient and TimedOut: what ran until then stays.
    """
    async with database.connection() as connection:
        aside = await connection.fetchval(ASIDE, topic, stream_id)
    say(f"running the {aside} events set aside of {topic} {stream_id} in order through the same code; nothing is sent twice")
    ran = 0
    while aside:
        outcome = await parking.attempt(_replay_one(database, handlers, topic, stream_id))
        if isinstance(outcome, Transient | TimedOut):
            raise outcome
        if isinstance(outcome, BaseException):
            await _say_what_fails(database, topic, stream_id, ran, outcome)
            return ran
        if not outcome:
            say(f"ran {ran}; the stream is open")
            return ran
        ran += 1
    return ran


async def _replay_one(database: Database, handlers: Handlers, topic: str, stream_id: UUID) -> bool:
    async with database.transaction() as tx:
        tx.audit("replay", stream_id)
        return await inbox.replay_one(tx, topic, stream_id, handlers)


async def _say_what_fails(database: Database, topic: str, stream_id: UUID, ran: int, error: BaseException) -> None:
    reason = str(error) if isinstance(error, StillFailing) else parking.reason_of(error)
    async with database.transaction() as tx:
        seq = await parking.fail_next(tx, topic, stream_id, reason)
    say(f"ran {ran}; the next, seq {seq}, fails again: {reason}")


async def run_again(database: Database, handlers: Handlers, topic: str, stream_id: UUID) -> int:
    """`replay`, answering as a command does: 0 when the stream is open, 1 when something is still parked."""
    await replay(database, handlers, topic, stream_id)
    return await _is_blocked(database, topic, stream_id)


async def _is_blocked(database: Database, topic: str, stream_id: UUID) -> bool:
    async with database.connection() as connection:
        return bool(await connection.fetchval("SELECT blocked FROM inbox WHERE topic = $1 AND stream_id = $2", topic, stream_id))


async def propose_discard(database: Database, handlers: Handlers, place: Place, reason: str, by: str) -> int:
    """First of two persons: tries the stream once more, then remembers what is to be discarded and why. Source: decision 18."""
    say(f"trying {place} once more; if it still fails, proposing to discard it for {reason}; until another person confirms it stays parked")
    if not await _still_fails(database, handlers, place):
        return 1
    async with database.transaction(Caller(by)) as tx:
        await discarding.propose(tx, *place, reason)
        await outbox.write(tx)
    say(f"proposed by {by}; another person runs the same command with --confirm instead of --reason")
    return 0


async def confirm_discard(database: Database, handlers: Handlers, place: Place, by: str) -> int:
    """Second of two persons: the event leaves its stream without effect and is kept in `discard`; what is behind it runs."""
    say(f"trying {place} once more; if it still fails, discarding it here for good, then running what is behind it")
    if not await _still_fails(database, handlers, place):
        return 1
    async with database.transaction(Caller(by)) as tx:
        reason = await discarding.confirm(tx, *place)
        await outbox.write(tx)
    say(f"discarded for {reason}, confirmed by {by}")
    return await run_again(database, handlers, place.topic, place.stream_id)


async def _still_fails(database: Database, handlers: Handlers, place: Place) -> bool:
    """What can take effect is never discarded."""
    await replay(database, handlers, place.topic, place.stream_id)
    if blocked := await _is_blocked(database, place.topic, place.stream_id):
        return blocked
    say("nothing fails there; nothing to discard")
    return False


async def send_again(database: Database, since: datetime | None, stream: tuple[str, UUID] | None) -> int:
    """`resend`: asks this service's relay. Every listener drops what it has. Source: delivery section 4."""
    topic, stream_id = stream or (None, None)
    what = f"the stream {stream_id} of {topic}" if stream else f"what was recorded since {since.isoformat()}" if since else "everything"
    async with database.transaction() as tx:
        rows = await resend.request(tx, since=since, topic=topic, stream_id=stream_id)
        say(f"the relay sends {what} once more, at most {rows} rows, in slices behind live events; listeners drop what they have")
    return 0


async def adopt_log(database: Database, owner_url: str, known: Log) -> int:
    """After this service was restored from an older state: needs OWNER_DATABASE_URL and the broker. Source: delivery section 3."""
    if not owner_url:
        say("not done: OWNER_DATABASE_URL is not set")
        return 1
    async with database.connection() as connection:
        if not await log.is_halted(connection):
            say("not done: the relay is not halted, there is nothing to take over")
            return 1
    say("taking over what the log has of this service and its database has not; numbering what was never sent behind it; then sending on")
    try:
        adopted = await adoption.adopt(owner_url, known)
    except adoption.Clash as clash:
        say(f"not done: {clash} stand in the log where this database has others; this is not the same service's log")
        return 1
    for topic, stream_id, first, last in adopted.streams:
        say(f"taken over {topic} {stream_id} seq {first} to {last}: the others know more of it than this service: bring it up to date")
    for topic, stream_id, missing in adopted.holes:
        say(f"nowhere any more: {missing} events of {topic} {stream_id}, which neither the log nor this database holds")
    say(f"{adopted.events} events taken over, {adopted.renumbered} of ours put behind them; the relay goes on")
    return 0


def others_of(counts: Counts) -> list[str]:
    """The topics that have not as many partitions as topics are made with, each with its number."""
    return [f"{topic} ({count})" for topic, count in sorted(counts.items()) if count != PARTITIONS]


def say_others(counts: Counts) -> None:
    if others := others_of(counts):
        say(f"other than {PARTITIONS} partitions: {', '.join(others)}; they work as they are, `migrate --repartition` moves them")


async def repartition(owner_url: str, known: Log, counts: Counts, remake: Callable[[Collection[str]], Awaitable[None]]) -> int:
    """`migrate --repartition`. Returns its exit code. Source: delivery section 3, ADR 24."""
    if others := others_of(counts):
        say(f"making {', '.join(others)} anew with {PARTITIONS} partitions; the relay stops meanwhile, and commands wait on the queue;")
        say("then the relay sends again what the topics would still hold, before anything new; listeners drop what they have")
    else:
        say(f"nothing to move: each topic has {PARTITIONS} partitions")
    try:
        moved = await moving.repartition(owner_url, known, now_utc(), remake) if others else await moving.go_on(owner_url)
    except moving.NotNow as reason:
        say(f"not done: {reason}")
        return 1
    except (Transient, TimedOut, KafkaLost) as error:
        say(f"not finished: {type(error).__name__} {error}; nothing is lost, run the same command again")
        return 1
    say(f"{len(moved.topics)} topics made anew, at most {moved.refilling} rows are sent again; see `refilling` of `status`")
    return 0


def main(service: str, handlers: Handlers, settings: ServiceSettings, known: Log, arguments: list[str]) -> int:
    """Run one command; answers its exit code: 0 done, 1 not, or not wholly."""
    asked = grammar.commands(service, sorted({event.topic for event in handlers})).parse_args(arguments)
    work: dict[str, Callable[[Database], Awaitable[int]]] = {
        "status": lambda database: status(database, service),
        "halt": lambda database: halt(database, asked.topic),
        "resume": lambda database: resume(database, asked.topic),
        "replay": lambda database: run_again(database, handlers, asked.topic, asked.stream_id),
        "discard": lambda database: _discard(database, handlers, asked, (service, settings)),
        "resend": lambda database: send_again(database, asked.since, asked.stream),
        "adopt-log": lambda database: adopt_log(database, settings.owner_database_url, known),
    }
    return asyncio.run(_with_database(settings, work[asked.command]))


async def _discard(database: Database, handlers: Handlers, asked: argparse.Namespace, where: tuple[str, ServiceSettings]) -> int:
    """Signs in first. Who breaks the glass is alarmed of before anything is tried. Raises Refused."""
    place, (service, settings) = Place(asked.topic, asked.stream_id, asked.seq), where
    caller = await signed_in(service, settings, Shown(settings.throughcare_token, asked.glass, asked.by))
    if asked.glass is not None:
        async with database.transaction(caller) as tx:
            await alarm(tx, asked.glass, *place)
            await outbox.write(tx)
        say(f"you have not signed in: breaking the glass as {caller.sub} is alarmed")
    if asked.confirm:
        return await confirm_discard(database, handlers, place, caller.sub)
    return await propose_discard(database, handlers, place, asked.reason, caller.sub)


async def _with_database(settings: ServiceSettings, work: Callable[[Database], Awaitable[int]]) -> int:
    try:
        database = await Database.open(settings.worker_database_url, 2, "operator")
        try:
            return await work(database)
        finally:
            await database.close()
    except (Transient, TimedOut) as error:
        say(f"the database is away or busy: {type(error).__name__} {error}; what was done until now stays, try again")
    except KafkaLost:
        say("the broker is away; nothing was done, try again")
    except Refused as refused:
        say(f"refused: {REFUSALS[refused.code]}")
    return 1


REFUSALS = {
    "not-failed": "no failed event is next there; `status` names those that are",
    "not-proposed": "nobody proposed to discard it, or it was discarded before",
    "same-person": "who proposed it may not confirm it",
    "not-signed-in": "THROUGHCARE_TOKEN holds no access token that the issuer gave for this service",
    "no-operator": "the token is of nobody with the role operator",
    "issuer-away": "the issuer's keys cannot be had; if it cannot wait: --break-glass CODE --as PERSON",
    "no-issuer": "ISSUER is not set; if it cannot wait: --break-glass CODE --as PERSON",
    "issuer-there": "the issuer answers; sign in and leave out --break-glass",
}
