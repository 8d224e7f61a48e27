"""A relay that holds the lock and falls silent (frozen, or its machine gone) loses it; coming back it changes nothing."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from shared.delivery import relay
from shared.delivery.relay import Relay
from shared.kafka import Outgoing
from tests.eventually import eventually
from tests.integration.delivery.load import Listed, once
from tests.toy_running import Ground
from tests.verdict import Verdict, judge


class Frozen(Listed):
    """Sends nothing until it thaws, and then what it had been given long before."""

    def __init__(self, log: Listed) -> None:
        super().__init__()
        self.log, self.reached, self.thawed = log, asyncio.Event(), asyncio.Event()

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        self.reached.set()
        await self.thawed.wait()
        return await self.log.send(records)


async def test_who_holds_the_lock_in_silence_loses_it(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SILENT", "500ms")
    await ground.write(*[uuid4() for _ in range(5)])
    log, stopping = Listed(), asyncio.Event()
    frozen = Frozen(log)
    zombie, standby = Relay(ground.service.worker, once(frozen), stopping), Relay(ground.service.worker, once(log), stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(zombie.run())
        await frozen.reached.wait()
        tasks.create_task(standby.run())
        await eventually(lambda: sent(ground), 5)
        assert standby.active
        assert len(log.seen) == 5
        frozen.thawed.set()
        await eventually(lambda: lost(zombie), 5)
        await ground.write(*[uuid4() for _ in range(3)])
        await eventually(lambda: sent(ground), 5)
        stopping.set()
    assert judge(await ground.committed(), log.seen) == Verdict(8, 0, 5, 0), "the late ones come twice, nothing is lost or out of order"


async def sent(ground: Ground) -> bool:
    return await ground.count("unsent") == 0


async def lost(zombie: Relay) -> bool:
    return not zombie.active
