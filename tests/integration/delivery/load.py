"""A load of commits on few streams, and senders that fail as brokers do. No test."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from shared.database import Database
from shared.delivery import outbox
from shared.delivery.relay import Sender
from shared.kafka import Outgoing
from tests.toy import Toy
from tests.verdict import Stream

LATE = "SELECT pg_sleep(0.004)"
"""A commit that comes a moment after its rows were written: that is what wrong readers miss."""


@dataclass
class Load:
    """`commits` transactions by `writers` at once, each on one to four of `streams`; counts what it committed."""

    database: Database
    toy: Toy
    commits: int
    writers: int = 24
    streams: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(40)])
    committed: Counter[Stream] = field(default_factory=Counter)

    async def run(self, seed: int = 1) -> None:
        async with asyncio.TaskGroup() as tasks:
            for writer in range(self.writers):
                share = self.commits // self.writers + (writer < self.commits % self.writers)
                tasks.create_task(self._write(random.Random(seed * 1000 + writer), share))

    async def _write(self, chance: random.Random, commits: int) -> None:
        for n in range(commits):
            chosen = chance.sample(self.streams, chance.randint(1, 4))
            async with self.database.transaction() as tx:
                for person_id in chosen:
                    tx.append(person_id, self.toy.noted(person_id=person_id, n=n))
                await outbox.write(tx)
                if chance.random() < 0.05:
                    await tx.connection.execute(LATE)
            self.committed.update((self.toy.noted.topic, person_id) for person_id in chosen)


@dataclass
class Unreliable:
    """Around a producer: now and then one record is neither sent nor acknowledged, while those behind it are both."""

    producer: Sender
    chance: random.Random
    often: float = 0.5
    failures: int = 0

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        fails = self.chance.randrange(len(records)) if self.chance.random() < self.often else None
        answers: list[int | None] = list(await self.producer.send([r for n, r in enumerate(records) if n != fails]))
        if fails is not None:
            self.failures += 1
            answers.insert(fails, None)
        return answers

    async def stop(self) -> None:
        await self.producer.stop()


@dataclass
class Listed:
    """A producer whose log is a list: what it acknowledged, in order."""

    seen: list[tuple[Stream, int]] = field(default_factory=list)

    async def send(self, records: Sequence[Outgoing]) -> list[int | None]:
        begin = len(self.seen)
        named = [{name: value or b"" for name, value in record.headers} for record in records]
        self.seen += [((r.topic, UUID(h["ce_subject"].decode())), int(h["ce_sequence"])) for r, h in zip(records, named, strict=True)]
        return list(range(begin, len(self.seen)))

    async def stop(self) -> None:
        return


def once(sender: Sender) -> Callable[[], Awaitable[Sender]]:
    """A maker of producers that always gives this one."""

    async def start() -> Sender:
        return sender

    return start
