"""What an operator does on the machine: status, halt, resume, replay. Each says first what it will do. Under the worker's login."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

from shared import health
from shared.database import Database
from shared.delivery import inbox, parking
from shared.delivery.consumer import attempt
from shared.delivery.inbox import Handlers
from shared.settings import ServiceSettings

PARKED = """
SELECT topic, stream_id, min(seq) AS first, count(*) AS events, min(reason) AS reason FROM parked WHERE state <> 'waiting' GROUP BY 1, 2
"""
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


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


async def status(database: Database, service: str) -> None:
    """The health of the service's streams, and what is parked."""
    async with database.connection() as connection:
        say((await health.health_of(connection, service, None, relaying=False)).model_dump_json(indent=2))
        for row in await connection.fetch(PARKED):
            say(f"parked {row['topic']} {row['stream_id']} from seq {row['first']}: {row['events']} events, {row['reason']}")


async def halt(database: Database, topic: str) -> None:
    say(f"stopping {topic} in every worker of this service until `resume {topic}`; nothing is lost")
    async with database.transaction() as tx:
        await parking.halt(tx.connection, topic, "operator")


async def resume(database: Database, topic: str) -> None:
    say(f"{topic} runs on from where it stopped")
    async with database.transaction() as tx:
        say("resumed" if await parking.resume(tx.connection, topic) else "was not halted")


async def replay(database: Database, handlers: Handlers, topic: str, stream_id: UUID) -> int:
    """Run a blocked stream's parked events in order, one a transaction; answers how many ran. The first that fails again ends it."""
    say(f"running the parked events of {topic} {stream_id} in order through the same code; nothing is sent twice")
    ran = 0
    while True:
        outcome = await attempt(_replay_one(database, handlers, topic, stream_id))
        if isinstance(outcome, BaseException):
            say(f"ran {ran}; the next fails again: {parking.reason_of(outcome)}")
            return ran
        if not outcome:
            say(f"ran {ran}; the stream is open")
            return ran
        ran += 1


async def _replay_one(database: Database, handlers: Handlers, topic: str, stream_id: UUID) -> bool:
    async with database.transaction() as tx:
        tx.audit("replay", stream_id)
        return await inbox.replay_one(tx, topic, stream_id, handlers)


def main(service: str, handlers: Handlers, settings: ServiceSettings, arguments: list[str]) -> int:
    """`status | halt TOPIC | resume TOPIC | replay TOPIC STREAM`."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("api", "worker", "all", "migrate", "status"):
        commands.add_parser(name)
    for name in ("halt", "resume", "replay"):
        commands.add_parser(name).add_argument("topic")
    commands.choices["replay"].add_argument("stream_id", type=UUID)
    asked = parser.parse_args(arguments)
    work: dict[str, Callable[[Database], Awaitable[object]]] = {
        "status": lambda database: status(database, service),
        "halt": lambda database: halt(database, asked.topic),
        "resume": lambda database: resume(database, asked.topic),
        "replay": lambda database: replay(database, handlers, asked.topic, asked.stream_id),
    }
    asyncio.run(_with_database(settings, work[asked.command]))
    return 0


async def _with_database(settings: ServiceSettings, work: Callable[[Database], Awaitable[object]]) -> None:
    database = await Database.open(settings.worker_database_url, 2, "operator")
    try:
        await work(database)
    finally:
        await database.close()
