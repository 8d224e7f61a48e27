"""A backlog of slow events: the listener commits as it goes, and gets through what is longer than a transaction may be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from shared import database
from shared.database import Database, Tx
from shared.delivery import consumer, inbox
from shared.kafka import partition_of
from tests.topic_log import write_raw
from tests.toy_running import Ground
from tests.verdict import Verdict

EVENTS = 40
EACH = 0.05


@asynccontextmanager
async def slowly(ground: Ground) -> AsyncIterator[None]:
    """A worker whose handlers take `EACH` for an event, with a login that sees the guards as they are now."""
    own, ground.service.worker = ground.service.worker, await Database.open(ground.service.urls["worker"], 6, "test")
    quick = dict(ground.toy.service.handlers)

    async def slow(tx: Tx, event: Any) -> None:
        await quick[type(event)](tx, event)
        try:
            await asyncio.wait_for(asyncio.Event().wait(), EACH)
        except TimeoutError:
            return

    try:
        async with ground.working() as worker:
            worker.listening.handlers = dict.fromkeys(quick, slow)
            yield
    finally:
        await ground.service.worker.close()
        ground.service.worker = own


async def test_a_backlog_of_slow_events_is_committed_as_it_goes(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it holds what it locked for as long as it lasts, commands on the same rows fail, and nothing of it counts before the end."""
    monkeypatch.setattr(inbox, "SHARE", 0.2)
    await ground.write(*(uuid4() for _ in range(EVENTS)))
    async with slowly(ground):
        assert await ground.all_applied(EVENTS, 20) == Verdict(EVENTS, 0, 0, 0)
    [[most]] = await ground.service.fetch("SELECT max(n) FROM (SELECT count(*) AS n FROM effect GROUP BY xmin::text) AS t")
    assert 1 < most <= 0.2 / EACH + 1


async def test_what_is_no_event_is_set_aside_once_wherever_a_transaction_ends(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records before the cut with this transaction, those behind it with the next."""
    monkeypatch.setattr(inbox, "SHARE", 0.1)
    await ground.make_topics()
    streams = [uuid4() for _ in range(12)]
    for stream in streams:
        place = partition_of(str(stream).encode())
        await write_raw(ground.servers.kafka_bootstrap_servers, ground.toy.noted.topic, place, ([], None))
    await ground.write(*streams)
    async with slowly(ground):
        assert await ground.all_applied(12, 20) == Verdict(12, 0, 0, 0)
        assert await ground.count("quarantine") == 12


async def test_a_batch_too_long_for_a_transaction_gets_through_in_parts(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retried whole it never would: 40 events of 50 ms each, none left for later, and transactions end after 700 ms."""
    monkeypatch.setattr(inbox, "SHARE", 60.0)
    monkeypatch.setitem(database.GUARDS, "transaction_timeout", "700ms")
    monkeypatch.setattr(consumer, "LONG", 0.5)
    await ground.write(*(uuid4() for _ in range(EVENTS)))
    async with slowly(ground):
        assert await ground.all_applied(EVENTS, 20) == Verdict(EVENTS, 0, 0, 0)
    assert await ground.count("parked") == 0
