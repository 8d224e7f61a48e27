"""Commands of an operator on the machine, under the worker's login: counts of messages, and no person in them."""

import argparse
import asyncio
import sys

import orjson

from services.family.message import service as messages
from shared.database import Database
from shared.settings import ServiceSettings


def count_messages(settings: ServiceSettings, arguments: list[str]) -> int:
    """`messages`: how many there are of each topic in each state, exact, as JSON. Never over HTTP."""
    argparse.ArgumentParser(prog="python -m services.family messages").parse_args(arguments)
    found = asyncio.run(_counted(settings))
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


async def _counted(settings: ServiceSettings) -> dict[str, dict[str, int]]:
    database = await Database.open(settings.worker_database_url, 1, "operator")
    try:
        async with database.transaction() as tx:
            return await messages.count_messages(tx)
    finally:
        await database.close()
