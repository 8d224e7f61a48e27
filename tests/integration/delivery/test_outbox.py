"""The last statement: gathered facts, counters, queue and audit together or not at all; and what the logins may do to the log."""

from collections import Counter
from uuid import uuid4

import asyncpg
import pytest

from shared.database import Database, connect
from shared.delivery import outbox
from shared.operations import WrongLogin, refuse_owner
from tests.toy_running import Ground, login


async def test_sequence_numbers_are_contiguous_and_keep_the_order_of_appending(ground: Ground) -> None:
    one, other = uuid4(), uuid4()
    async with ground.service.api.transaction() as tx:
        for n, person_id in enumerate((one, other, one, one, other)):
            tx.append(person_id, ground.toy.noted(person_id=person_id, n=n))
        tx.append(one, ground.toy.marked(person_id=one))
        places = await outbox.write(tx)
    topic = ground.toy.noted.topic
    wanted = [(one, 1), (other, 1), (one, 2), (one, 3), (other, 2)]
    assert places == ", ".join([*(f"{topic}/{stream}/{seq}" for stream, seq in wanted), f"{topic}.restricted/{one}/1"])
    assert [fact.model_dump()["n"] for fact in await ground.service.appended()] == [0, 1, 2, 3, 4, 0]
    assert await ground.count("unsent") == 6


async def test_what_rolls_back_leaves_neither_facts_nor_numbers(ground: Ground) -> None:
    person_id = uuid4()
    with pytest.raises(RuntimeError):
        async with ground.service.api.transaction() as tx:
            tx.append(person_id, ground.toy.noted(person_id=person_id))
            tx.audit("made", person_id)
            await outbox.write(tx)
            raise RuntimeError
    for table in ("outbox", "unsent", "stream", "audit"):
        assert await ground.count(table) == 0, table
    await ground.write(person_id)
    assert await ground.committed() == Counter({(ground.toy.noted.topic, person_id): 1})
    assert (await ground.service.fetch("SELECT seq FROM outbox"))[0]["seq"] == 1


async def test_a_body_over_eight_kibibytes_is_refused(ground: Ground) -> None:
    async with ground.service.api.connection() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                "INSERT INTO outbox (topic, stream_id, seq, type, body, correlation_id, occurred_at)"
                " VALUES ('t', $1, 1, 't', to_jsonb(repeat('x', 8191)), $1, clock_timestamp())",
                uuid4(),
            )


async def test_nobody_changes_the_log_or_the_audit(ground: Ground) -> None:
    """Source: privacy sections 3 and 5."""
    statements = ("UPDATE {} SET correlation_id = NULL", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}")
    trials = [(part, statement.format(table)) for part in ("api", "worker") for table in ("outbox", "audit") for statement in statements]
    for part, statement in trials:
        connection = await connect(ground.service.urls[part])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.close()
    assert len(trials) == 16


async def test_the_api_login_takes_nothing_off_the_queue(ground: Ground) -> None:
    async with ground.service.api.connection() as connection:
        for table in ("unsent", "inbox", "inbox_offset", "parked", "halt", "relay_position"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"DELETE FROM {table}")


async def test_a_service_refuses_to_start_as_owner_or_superuser(ground: Ground) -> None:
    superuser = ground.servers.postgres_url.rpartition("/")[0] + "/" + ground.service.urls["api"].rpartition("/")[2]
    for url, refused in ((ground.service.urls["owner"], True), (superuser, True), (ground.service.urls["api"], False)):
        database = await Database.open(url, 1, "test")
        try:
            if refused:
                with pytest.raises(WrongLogin):
                    await refuse_owner(database)
            else:
                await refuse_owner(database)
        finally:
            await database.close()


async def test_no_login_of_another_service_opens_this_database(ground: Ground) -> None:
    database = ground.service.urls["api"].rpartition("/")[2]
    others = [(service, part) for service in ("referral", "family", "monitoring") for part in ("owner", "api", "worker")]
    for service, part in others:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connect(login(ground.servers, part, database, service))
    assert len(others) == 9
