"""A batch that takes longer than a transaction may: the listener takes fewer at a time and gets through."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared import database
from shared.database import Database, Tx
from shared.delivery import consumer
from tests.toy_running import Ground
from tests.verdict import Verdict

EVENTS = 40
EACH = 0.05


async def test_a_batch_too_long_for_a_transaction_gets_through_in_parts(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retried whole it never would: 40 events of 50 ms each, and transactions end after 700 ms."""
    monkeypatch.setitem(database.GUARDS, "transaction_timeout", "700ms")
    monkeypatch.setattr(consumer, "LONG", 0.5)
    await ground.write(*(uuid4() for _ in range(EVENTS)))
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
            assert await ground.all_applied(EVENTS, 20) == Verdict(EVENTS, 0, 0, 0)
        assert await ground.count("parked") == 0
    finally:
        await ground.service.worker.close()
        ground.service.worker = own
