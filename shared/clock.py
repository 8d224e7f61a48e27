"""Runs deadlines: what is to happen when nothing happens. Which ones exist stands in each service's `deadlines.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from shared.database import Database, Record, TimedOut, Transient, Tx
from shared.delivery import offsets, outbox
from shared.delivery.consumer import Listening
from shared.delivery.parking import attempt
from shared.records import KafkaLost, Partition

Deadline = Callable[[Tx, UUID], Awaitable[None]]
Deadlines = Mapping[str, Deadline]

EVERY = 1.0
SLICE = 200
KEYS_KEPT = timedelta(days=30)
EARLY_KEPT = timedelta(hours=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)

SET = """
INSERT INTO deadline (kind, subject_id, due_at) VALUES ($1, $2, $3)
ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = EXCLUDED.due_at
"""
MEET = "DELETE FROM deadline WHERE kind = ANY($1::text[]) AND subject_id = $2"
DUE = """
SELECT due_at, kind, subject_id FROM deadline
WHERE due_at <= $1 AND kind = ANY($2::text[]) AND (due_at, kind, subject_id) > ($3, $4, $5)
ORDER BY due_at, kind, subject_id LIMIT $6
"""
HEARD = """
INSERT INTO heard (topic, up_to) SELECT topic, $2 FROM unnest($1::text[]) AS t(topic)
ON CONFLICT (topic) DO UPDATE SET up_to = greatest(heard.up_to, EXCLUDED.up_to)
"""
TAKE = "DELETE FROM deadline WHERE kind = $1 AND subject_id = $2 AND due_at <= $3"

log = structlog.get_logger("clock")


class TakenElsewhere(Exception):
    """Another worker was quicker or the obligation was met meanwhile: roll back."""


async def set_deadline(tx: Tx, kind: str, subject_id: UUID, due_at: datetime) -> None:
    """An obligation begins, or its due time changes."""
    await tx.connection.execute(SET, kind, subject_id, due_at)


async def meet_deadline(tx: Tx, *kinds: str, subject_id: UUID) -> None:
    """An obligation was met: nothing will happen."""
    await tx.connection.execute(MEET, list(kinds), subject_id)


async def run_due(database: Database, deadlines: Deadlines, until: datetime) -> int:
    """Act on what was due by `until`, each in its own transaction; answers how many acted. Two workers may sweep.

    The function locks its root and looks again; the row is deleted last, and when it is gone already everything is rolled back.
    One that fails stays due and holds up no other.
    """
    acted, after = 0, (BEGINNING, "", UUID(int=0))
    while True:
        async with database.connection() as connection:
            due = await connection.fetch(DUE, until, list(deadlines), *after, SLICE)
        for row in due:
            acted += await _attempt(database, deadlines[row["kind"]], row, until)
        if len(due) < SLICE:
            return acted
        after = (due[-1]["due_at"], due[-1]["kind"], due[-1]["subject_id"])


async def _attempt(database: Database, deadline: Deadline, row: Record, until: datetime) -> bool:
    outcome = await attempt(_act(database, deadline, row["kind"], row["subject_id"], until))
    if isinstance(outcome, Transient):
        raise outcome
    if isinstance(outcome, BaseException) and not isinstance(outcome, TakenElsewhere):
        log.error("deadline-failed", kind=row["kind"], subject_id=str(row["subject_id"]), error=type(outcome).__name__)
    return outcome is None


async def _act(database: Database, deadline: Deadline, kind: str, subject_id: UUID, until: datetime) -> None:
    async with database.transaction() as tx:
        await deadline(tx, subject_id)
        if await tx.connection.execute(TAKE, kind, subject_id, until) == "DELETE 0":
            raise TakenElsewhere
        await outbox.write(tx)


def is_another_log(marked: Mapping[Partition, int], ends: Mapping[Partition, int]) -> bool:
    """Whether the log was emptied since, or has other partitions."""
    return any(end < marked.get(partition, end + 1) for partition, end in ends.items())


@dataclass
class Clock:
    """Sweeps each second. Nothing is judged late while the log that could end it has not been heard up to that moment.

    What was heard up to a moment is kept a topic: a command that names something unknown is judged by it (`NotYetKnown`).
    """

    database: Database
    deadlines: Deadlines
    listening: Listening | None
    stopping: asyncio.Event
    _mark: tuple[datetime, Mapping[Partition, int]] | None = None
    _heard: frozenset[str] = frozenset()  # the topics whose part of the mark is written down

    async def run(self) -> None:
        while not self.stopping.is_set():
            try:
                await self._sweep()
            except (Transient, TimedOut, KafkaLost) as error:
                log.warning("sweep-interrupted", reason=type(error).__name__)
            await self._pause()

    async def _sweep(self) -> None:
        await self._forget_keys()
        if self.listening is None:
            await run_due(self.database, self.deadlines, self.database.now())
        elif self._mark is None:
            until = self.database.now()  # before the ends are asked for: what is recorded meanwhile stands behind them
            ends = await self.listening.ends()
            self._mark, self._heard = ((until, ends) if ends is not None else None), frozenset()
        elif await self._all_heard(*self._mark):
            until, self._mark = self._mark[0], None
            await run_due(self.database, self.deadlines, until)
        elif is_another_log(self._mark[1], await self.listening.ends() or {}):
            self._mark = None  # it may never be as long again

    async def _all_heard(self, until: datetime, ends: Mapping[Partition, int]) -> bool:
        """Whether every topic was heard up to the mark; those that were are written down."""
        heard = await offsets.heard_of(self.database, ends)
        if new := sorted(heard - self._heard):
            async with self.database.connection() as connection:
                await connection.execute(HEARD, new, until)
            self._heard |= heard
        return heard == {topic for topic, _ in ends}

    async def _forget_keys(self) -> None:
        now = self.database.now()
        async with self.database.connection() as connection:
            await connection.execute("DELETE FROM idempotency WHERE kept_at < $1", now - KEYS_KEPT)
            await connection.execute("DELETE FROM early_command WHERE first_at < $1", now - EARLY_KEPT)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), EVERY)
        except TimeoutError:
            return
