"""Where the running system is, from what stack.json says: the services' addresses and the environment of an operator's command."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any

import orjson


class CommandFailed(Exception):
    """An operator's command ended with another code than 0; the message is the end of what it said."""


def addresses(stack: Mapping[str, Any]) -> dict[str, str]:
    """The base address of each service."""
    return {name: str(service["url"]).rstrip("/") for name, service in stack["services"].items()}


def environment(stack: Mapping[str, Any], service: str) -> dict[str, str]:
    """What an operator's command of this service needs: its own two logins, never the owner's."""
    database = stack["databases"][service]
    return {
        **os.environ,
        "API_DATABASE_URL": str(database["api"]),
        "WORKER_DATABASE_URL": str(database["worker"]),
        "KAFKA_BOOTSTRAP_SERVERS": str(stack["kafka"]["bootstrap_servers"]),
        "ISSUER": str(stack["issuer"]["url"]),
        "DEV_ISSUER": "true",
        "LOG_LEVEL": "WARNING",
    }


async def operate(stack: Mapping[str, Any], service: str, *arguments: str) -> bytes:
    """What `python -m services.<service> <arguments>` prints, run on this machine; raises CommandFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{service}",
        *arguments,
        env=environment(stack, service),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if process.returncode != 0:
        raise CommandFailed(f"{service} {' '.join(arguments)}: code {process.returncode}\n{complained.decode(errors='replace')[-2000:]}")
    return said


async def exact_figures(stack: Mapping[str, Any]) -> dict[str, Any]:
    """The exact figures, with the counts of `messages`: what leaves the services only by an operator's command on the machine."""
    figures: dict[str, Any] = orjson.loads(await operate(stack, "monitoring", "figures", "--json"))
    return {**figures, "messages": orjson.loads(await operate(stack, "family", "messages"))}
