"""Makes the four databases and their twelve logins, again and again with the same result. Makes no table.

Source: design of privacy, section 3: a database per service with an owner, an api and a worker login; nobody else may connect.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from deploy.postgres.logins import GROUPS, LOGINS, SERVICES, address
from shared.database import Connection, connect

# Provisioners that run at once would otherwise race for CREATE ROLE and CREATE DATABASE.
LOCK = 7_302_000


async def provision(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Create or bring up to date every login and database; what the databases hold is left alone."""
    async with connected(superuser_url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        for group in GROUPS.values():
            await _ensure_role(connection, group, "NOLOGIN")
        for login in LOGINS:
            await _ensure_login(connection, login, passwords[login])
        for service in SERVICES:
            await make_ready(connection, superuser_url, service)
        await connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")


async def make_ready(connection: Connection, superuser_url: str, service: str) -> None:
    """The service's database, its owner and who may connect; made if it is not there."""
    await _ensure_database(connection, service)
    async with connected(address(superuser_url, service)) as inside:
        await _close_schema(inside, service)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _ensure_role(connection: Connection, role: str, options: str) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    await connection.execute(
        f"{'ALTER' if exists else 'CREATE'} ROLE {role} {options} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    )


async def _ensure_login(connection: Connection, login: str, password: str) -> None:
    # A utility statement takes no parameters: the server quotes the password itself.
    quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await _ensure_role(connection, login, f"LOGIN PASSWORD {quoted}")
    group = GROUPS.get(login.rpartition("_")[2])
    if group is not None:
        await connection.execute(f"GRANT {group} TO {login}")


async def _ensure_database(connection: Connection, service: str) -> None:
    owner = f"{service}_owner"
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", service):
        await connection.execute(f"CREATE DATABASE {service} OWNER {owner} TEMPLATE template0")
    await connection.execute(f"ALTER DATABASE {service} OWNER TO {owner}")
    await connection.execute(f"REVOKE ALL ON DATABASE {service} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {service} TO {service}_api, {service}_worker")


async def _close_schema(inside: Connection, service: str) -> None:
    await inside.execute(f"ALTER SCHEMA public OWNER TO {service}_owner")
    await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    await inside.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(GROUPS.values())}")
