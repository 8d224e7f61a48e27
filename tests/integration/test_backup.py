"""One service's database is backed up beside live traffic and put back with its owner and its grants; nobody else gets in."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.postgres.backup import NotDone, backup, restore
from deploy.postgres.logins import address
from deploy.postgres.provision import connected
from shared.database import migrate
from tests.contract.routes import service_of
from tests.harness import PASSWORDS, Servers, scratch_database

SERVICE = "referral"
GRANTS = """
SELECT c.oid::regclass::text, c.relkind::text, pg_get_userbyid(c.relowner), c.relacl::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' ORDER BY 1
"""
DOORS = """
SELECT pg_get_userbyid(datdba), datacl::text, (SELECT pg_get_userbyid(nspowner) || nspacl::text FROM pg_namespace WHERE nspname = 'public')
FROM pg_database WHERE datname = current_database()
"""
A_STREAM = "INSERT INTO stream VALUES ('referral', $1, 1)"


@pytest.fixture
async def server(servers: Servers) -> AsyncIterator[str]:
    """The superuser's address of a server whose `referral` is migrated; what a restore leaves behind is dropped."""
    async with scratch_database(servers, service_of(SERVICE)):
        yield servers.postgres_url
    async with connected(servers.postgres_url) as admin:
        for row in await admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'referral_%'"):
            await admin.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")


async def told(url: str, sql: str) -> list[tuple[object, ...]]:
    async with connected(url) as connection:
        return [tuple(row) for row in await connection.fetch(sql)]


async def add_a_stream(url: str) -> None:
    async with connected(url) as connection:
        await connection.execute(A_STREAM, uuid4())


def login(server: str, name: str) -> str:
    return address(server, SERVICE, name, PASSWORDS[name])


async def test_a_restored_service_is_what_it_was_with_its_owner_and_grants(server: str, tmp_path: Path) -> None:
    file, inside = tmp_path / "referral.backup", address(server, SERVICE)
    await add_a_stream(inside)
    before = [await told(inside, sql) for sql in (GRANTS, DOORS, "TABLE stream", "TABLE migration")]
    assert len(before[0]) > 40
    await asyncio.to_thread(backup, server, SERVICE, file)
    await add_a_stream(inside)

    old = await restore(server, SERVICE, file)

    assert [await told(inside, sql) for sql in (GRANTS, DOORS, "TABLE stream", "TABLE migration")] == before
    assert len(await told(address(server, old), "TABLE stream")) == len(before[2]) + 1, "what it was is kept"
    assert await migrate(login(server, "referral_owner"), service_of(SERVICE).migrations) == [], "nothing to migrate"
    await told(login(server, "referral_worker"), "SELECT 1 FROM inbox")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await told(login(server, "referral_worker"), "CREATE TABLE x ()")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await told(login(server, "family_worker"), "SELECT 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await told(address(server, old, "referral_worker", PASSWORDS["referral_worker"]), "SELECT 1")


async def test_a_backup_is_its_owners_alone_and_overwrites_nothing(server: str, tmp_path: Path) -> None:
    file = tmp_path / "referral.backup"
    await asyncio.to_thread(backup, server, SERVICE, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(NotDone, match="exists"):
        await asyncio.to_thread(backup, server, SERVICE, file)
    assert not file.with_name("referral.backup.draft").exists()


async def test_a_running_service_is_not_restored(server: str, tmp_path: Path) -> None:
    file, inside = tmp_path / "referral.backup", address(server, SERVICE)
    await asyncio.to_thread(backup, server, SERVICE, file)
    await add_a_stream(inside)
    before = await told(inside, "TABLE stream")
    async with connected(login(server, "referral_api")):
        with pytest.raises(NotDone, match="1 connections to referral: stop the service first"):
            await restore(server, SERVICE, file)
    assert await told(inside, "TABLE stream") == before


async def test_a_connection_that_is_just_leaving_is_waited_for(server: str, tmp_path: Path) -> None:
    """The server sees a client off a moment after it has gone: who has stopped the service need not try twice."""
    file = tmp_path / "referral.backup"
    await asyncio.to_thread(backup, server, SERVICE, file)
    connects = asyncio.Event()

    async def leave() -> None:
        async with connected(login(server, "referral_api")) as leaving:
            connects.set()
            await leaving.execute("SELECT pg_sleep(0.3)")

    async def put_back() -> str:
        await connects.wait()
        return await restore(server, SERVICE, file)

    _, old = await asyncio.gather(leave(), put_back())
    assert old.startswith("referral_until_")


@pytest.mark.parametrize("content", [b"", b"no backup at all"])
async def test_a_broken_file_changes_nothing(server: str, tmp_path: Path, content: bytes) -> None:
    file, inside = tmp_path / "broken", address(server, SERVICE)
    file.write_bytes(content)
    await add_a_stream(inside)
    before = await told(inside, "TABLE stream")
    with pytest.raises(NotDone, match="pg_restore ended with code 1"):
        await restore(server, SERVICE, file)
    with pytest.raises(NotDone, match="pg_restore ended with code 1"):
        await restore(server, SERVICE, tmp_path / "absent")
    assert await told(inside, "TABLE stream") == before
    assert await told(server, "SELECT 1 FROM pg_database WHERE datname LIKE 'referral\\_until%'") == []


async def test_the_password_is_in_no_list_of_processes(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def run(argv: list[str], **options: object) -> object:
        seen.append(argv)
        raise NotDone("looked")

    monkeypatch.setattr("deploy.postgres.backup.subprocess.run", run)
    with pytest.raises(NotDone, match="looked"):
        backup("postgresql://postgres:secret@127.0.0.1:1/postgres", SERVICE, tmp_path / "file")
    assert seen
    assert not [part for part in seen[0] if "secret" in part]
