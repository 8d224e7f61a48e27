"""Each service's migrations on an empty database: they apply once, rights are as narrow as said, personal columns are marked.

Source: privacy section 3, delivery section 2.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest

from deploy.postgres.logins import LOGINS, address
from deploy.postgres.provision import provision
from shared.database import Record, connect, migrate
from tests.contract.routes import service_of
from tests.contract.tree import ROOT, SERVICES
from tests.harness import PASSWORDS, Servers

COLUMNS = """
SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, NULL) AS type, col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2
"""
RIGHTS = "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants WHERE grantee LIKE 'throughcare_%'"
OWNERS = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
# Columns whose name says that they hold what a person is called, where it lives or what somebody wrote about it.
PERSONAL = re.compile(
    r"^((full_|first_|last_|family_)?name|birth_on|born_on|email|phone|address|text|note|notes|description|answer_text|evidence_text)$"
)
# Those that hold no person's: of organisations, of the floor, of channels, of the ministry's own papers.
NOT_PERSONAL = {("migration", "name"), ("channel", "name"), ("organisation", "name"), ("region", "name"), ("release_table", "name")}
APPEND_ONLY = ("outbox", "audit")


@asynccontextmanager
async def an_empty_database(servers: Servers, service: str) -> AsyncIterator[str]:
    """A database that only the service's owner made, as provisioning leaves it; answers the owner's address."""
    if not PASSWORDS:
        PASSWORDS.update(dict.fromkeys(LOGINS, "test"))
        await provision(servers.postgres_url, PASSWORDS)
    admin, owner, name = await connect(servers.postgres_url), f"{service}_owner", f"empty_{service}_{uuid4().hex[:8]}"
    try:
        await admin.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")
        inside = await connect(address(servers.postgres_url, name))
        await inside.execute(f"ALTER SCHEMA public OWNER TO {owner}")
        await inside.close()
        yield address(servers.postgres_url, name, owner, PASSWORDS[owner])
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@dataclass
class Migrated:
    """What a service's database looks like after `migrate`, run twice."""

    service: str
    first: list[str]
    second: list[str]
    columns: list[Record]
    rights: set[tuple[str, str]]
    owners: set[str]


@pytest.fixture(scope="module", params=SERVICES)
async def migrated(servers: Servers, request: pytest.FixtureRequest) -> Migrated:
    name: str = request.param
    async with an_empty_database(servers, name) as url:
        first, second = [await migrate(url, service_of(name).migrations) for _ in range(2)]
        connection = await connect(url)
        rights = {(row["table_name"], row["privilege_type"]) for row in await connection.fetch(RIGHTS)}
        owners = {row["tableowner"] for row in await connection.fetch(OWNERS)}
        found = Migrated(name, first, second, await connection.fetch(COLUMNS), rights, owners)
        await connection.close()
    return found


def test_they_apply_once(migrated: Migrated) -> None:
    assert migrated.first == [file.name for _, folder in service_of(migrated.service).migrations for file in sorted(folder.glob("*.sql"))]
    assert migrated.second == []


def test_personal_columns_are_marked(migrated: Migrated) -> None:
    marked = {(row["table"], row["column"]) for row in migrated.columns if (row["comment"] or "").startswith("personal")}
    looks = {(row["table"], row["column"]) for row in migrated.columns if PERSONAL.match(row["column"])} - NOT_PERSONAL
    assert looks - marked == set()
    if migrated.service in ("referral", "family"):
        assert marked
    elif migrated.service == "monitoring":
        assert marked == set(), "names and contacts live in referral and family only"


def test_the_logs_are_append_only(migrated: Migrated) -> None:
    assert {right for table, right in migrated.rights if table in APPEND_ONLY} == {"SELECT", "INSERT"}
    assert {right for _, right in migrated.rights} <= {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_no_login_that_serves_owns_a_table(migrated: Migrated) -> None:
    assert migrated.owners == {f"{migrated.service}_owner"}


def test_names_and_numbers() -> None:
    """Numbered without holes from 0001, in words, each opened by a line that says what it makes."""
    for folder in (ROOT / "shared/delivery/migrations", *(ROOT / "services" / service / "migrations" for service in SERVICES)):
        files = sorted(folder.glob("*.sql"))
        assert [file.name[:5] for file in files] == [f"{number:04}_" for number in range(1, len(files) + 1)]
        assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", file.name) and file.read_text().startswith("--") for file in files)


def test_times_are_named() -> None:
    """Source: house section 6."""
    fits = {"timestamptz": r"(.*_)?at|as_of", "date": r"(.*_)?(on|until|since|as_of|period|month|day)|due_key"}
    for file in (path for service in SERVICES for path in (ROOT / "services" / service / "migrations").glob("*.sql")):
        for column, kind in re.findall(r"^\s+([a-z_]+) (timestamptz|date)\b", file.read_text(), re.MULTILINE):
            assert re.fullmatch(fits[kind], column), f"{file.name}: {column} {kind}"
