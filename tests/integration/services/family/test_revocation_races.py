"""Revoking against queueing, claiming and sending, in many interleavings on a real database; the judge is proved by a wrong sender."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from services.family.channel.domain import Outcome
from services.family.message import service as messages
from services.family.message import store
from services.family.message.domain import Message
from services.family.permission import service as permissions
from services.family.permission.service import Stopped
from shared.database import Tx
from shared.delivery import outbox
from tests.builders_family import Way, a_contact, a_liaison, a_way, send_next
from tests.harness import ServiceUnderTest

EMAIL: dict[str, Any] = {"topics": ["stage"], "channels": ["inbox", "email"]}
SEEDS, SCHEDULES = 5, 60


class SentAfterRevocation(AssertionError):
    """The judge's finding: a message was claimed after a revocation had committed."""


@dataclass
class Race:
    """One contact; two facts, two senders and one revocation at once, each begun and slowed by random delays."""

    family: ServiceUnderTest
    chance: random.Random
    way: Way
    contact_id: UUID
    permission_id: UUID
    handed_over: list[str] = field(default_factory=list)

    async def run(self) -> str:
        """Answers how it came out; raises SentAfterRevocation."""
        (stopped, claimed_before), *_ = await asyncio.gather(self.revoke(), self.queue(), self.send(), self.send())
        while await send_next(self.family.worker, self.hand_over):
            pass
        ever = await self.ever_claimed()
        if ever - claimed_before or len(self.handed_over) > len(claimed_before):
            raise SentAfterRevocation
        assert set(stopped.claimed) <= claimed_before and not set(stopped.stopped) & ever
        left = await self.family.fetch("SELECT state FROM message WHERE person_id = $1", self.way.person_id)
        assert {row["state"] for row in left} <= {"sent", "suppressed"}
        return f"claimed {len(claimed_before)} named {len(stopped.claimed)} stopped {len(stopped.stopped)}"

    async def revoke(self) -> tuple[Stopped, set[UUID]]:
        """What it answers, and what had been claimed by then: read under the permission's lock, so exact."""
        await self.wait(0.03)
        async with self.family.api.transaction(a_liaison(self.way.organisation_id)) as tx:
            stopped = await permissions.revoke_permission(tx, self.contact_id, self.permission_id)
            rows = await tx.connection.fetch(CLAIMED, self.way.person_id)
            await outbox.write(tx)
        return stopped, {row["message_id"] for row in rows}

    async def queue(self) -> None:
        await self.wait(0.02)
        await self.family.deliver(self.way.completed())

    async def send(self) -> None:
        await self.wait(0.02)
        for _ in range(2):
            await send_next(self.family.worker, self.hand_over)

    async def hand_over(self, to: str, subject: str, text: str) -> Outcome:
        await self.wait(0.01)
        self.handed_over.append(to)
        return "accepted"

    async def ever_claimed(self) -> set[UUID]:
        return {row["message_id"] for row in await self.family.fetch(CLAIMED, self.way.person_id)}

    async def wait(self, longest: float) -> None:
        await pause(self.chance.uniform(0, longest))


CLAIMED = "SELECT message_id FROM message WHERE person_id = $1 AND claimed_at IS NOT NULL"


async def pause(seconds: float) -> None:
    """Let the others run: a wait for something that never comes."""
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)


async def a_race(family: ServiceUnderTest, chance: random.Random) -> Race:
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, **EMAIL)
    assert permission_id
    await family.deliver(way.started())
    return Race(family, chance, way, contact_id, permission_id)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nothing_is_claimed_after_a_committed_revocation(family: ServiceUnderTest, seed: int) -> None:
    """300 schedules. Source: privacy sections 4 and 7, delivery claim 4."""
    chance = random.Random(seed)
    ends = {await (await a_race(family, chance)).run() for _ in range(SCHEDULES)}
    assert len(ends) >= 3, f"the schedules must differ to prove anything: {ends}"


async def stop_nothing(tx: Tx, contact_id: UUID, reason: str) -> list[UUID]:
    """A revocation that leaves what is pending to the senders: the second wall taken away, to see the first one alone."""
    return []


async def test_the_lock_alone_holds(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "stop_unpermitted", stop_nothing)
    chance = random.Random(1)
    for _ in range(SCHEDULES):
        await (await a_race(family, chance)).run()


async def test_the_judge_catches_a_sender_that_only_looks(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a mere look instead of the lock, a revocation commits before the claim does. The judge must see it."""

    async def look(tx: Tx, message: Message) -> frozenset[str]:
        found = await tx.connection.fetchval(
            "SELECT EXISTS (SELECT FROM permission WHERE contact_id = $1 AND revoked_at IS NULL)", message.contact_id
        )
        await pause(0.01)
        return frozenset({"email"} if found else ())

    monkeypatch.setattr(messages, "stop_unpermitted", stop_nothing)
    monkeypatch.setattr(store, "lock_channels", look)
    chance, caught = random.Random(1), 0
    for _ in range(SCHEDULES):
        try:
            await (await a_race(family, chance)).run()
        except SentAfterRevocation:
            caught += 1
    assert caught >= 3, f"only {caught} of {SCHEDULES} schedules showed the fault"
