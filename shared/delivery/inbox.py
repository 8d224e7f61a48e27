"""The inbox: claims streams, runs handlers once and in order, keeps what must wait. Reading the log is `consumer.py`'s."""

import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared import telemetry
from shared.database import Tx
from shared.delivery import outbox, parking
from shared.events import Event
from shared.events.envelope import Envelope

SHARE = 0.5
"""Seconds after which a batch takes no further event: commands wait at most 2 s for a row that it locks."""
Handler = Callable[[Tx, Any], Awaitable[None]]
Handlers = Mapping[type[Event], Handler]
Stream = tuple[str, UUID]

CLAIM = """
INSERT INTO inbox AS w (topic, stream_id, last_seq)
SELECT topic, stream_id, 0 FROM unnest($1::text[], $2::uuid[]) AS s(topic, stream_id) ORDER BY topic, stream_id
ON CONFLICT (topic, stream_id) DO UPDATE SET last_seq = w.last_seq
RETURNING topic, stream_id, last_seq, blocked, waiting
"""
ADVANCE = """
UPDATE inbox SET last_seq = n.last_seq, waiting = n.waiting, blocked = n.blocked
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::boolean[], $5::boolean[]) AS n(topic, stream_id, last_seq, waiting, blocked)
WHERE inbox.topic = n.topic AND inbox.stream_id = n.stream_id
"""


NEXT = "SELECT * FROM parked WHERE topic = $1 AND stream_id = $2 AND seq = $3"
LEFT = "SELECT EXISTS (SELECT FROM parked WHERE topic = $1 AND stream_id = $2 AND seq > $3 AND (state <> 'waiting' OR seq = $3 + 1))"
REOPEN = """
WITH behind AS (
    UPDATE parked SET state = 'waiting', reason = 'gap' WHERE topic = $1 AND stream_id = $2 AND state = 'behind' RETURNING seq
)
UPDATE inbox SET blocked = false, waiting = waiting OR EXISTS (SELECT FROM behind) WHERE topic = $1 AND stream_id = $2
"""


class StillFailing(Exception):
    """The parked event cannot take effect with this version either; the message is the reason's code."""


@dataclass
class Position:
    """Where a claimed stream stands; the row is locked until the transaction ends."""

    last_seq: int
    blocked: bool
    waiting: dict[int, Envelope] = field(default_factory=dict)
    had_waiting: bool = False


@dataclass
class Batch:
    """What one transaction does with a batch of envelopes. `left`: how many at its end are left for the next transaction.

    `follower_fails`: the reason with which an event that waited for one of these is parked instead of run.
    """

    tx: Tx
    handlers: Handlers
    positions: dict[Stream, Position]
    parked: list[tuple[Envelope, str, str]] = field(default_factory=list)
    taken: list[Envelope] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    gaps: set[Stream] = field(default_factory=set)
    applied: list[Envelope] = field(default_factory=list)
    follower_fails: str | None = None
    left: int = 0

    async def take(self, envelope: Envelope) -> None:
        """Handle, drop as a duplicate, keep as waiting or park behind a failed one."""
        position = self.positions[(envelope.topic, envelope.stream_id)]
        if envelope.seq <= position.last_seq:
            self.counts["duplicates"] += 1
        elif position.blocked:
            self._park(envelope, "behind", "behind-failed")
        elif envelope.seq > position.last_seq + 1:
            self._wait(envelope, position)
        else:
            await self._handle(envelope, position)
            while not position.blocked and (following := position.waiting.pop(position.last_seq + 1, None)):
                self.taken.append(following)
                if self.follower_fails:
                    self._fail(following, position, self.follower_fails)
                else:
                    await self._handle(following, position)

    async def _handle(self, envelope: Envelope, position: Position) -> None:
        event = envelope.event()
        if event is None:
            self._fail(envelope, position, "unknown-type")
            return
        if handler := self.handlers.get(type(event)):
            with telemetry.span(f"handle {envelope.type}", envelope.traceparent):
                self.tx.cause, self.tx.correlation_id, self.tx.traceparent = envelope, envelope.correlation_id, telemetry.traceparent()
                await handler(self.tx, event)
        position.last_seq = envelope.seq
        self.counts["applied"] += 1
        self.applied.append(envelope)

    def _fail(self, envelope: Envelope, position: Position, reason: str) -> None:
        position.blocked = True
        self._park(envelope, "failed", reason)

    def _wait(self, envelope: Envelope, position: Position) -> None:
        self.gaps.add((envelope.topic, envelope.stream_id))
        position.waiting[envelope.seq] = envelope
        self._park(envelope, "waiting", "gap")

    def _park(self, envelope: Envelope, state: str, reason: str) -> None:
        self.counts[state] += 1
        self.parked.append((envelope, state, reason))

    async def write(self) -> None:
        """Parked rows, advanced positions, then what the handlers gathered and appended."""
        await parking.unpark(self.tx, self.taken)
        await parking.park(self.tx, [row for row in self.parked if row[1] != "waiting" or not self._is_settled(row[0])])
        streams = sorted(self.positions)
        rows = [self.positions[stream] for stream in streams]
        await self.tx.connection.execute(
            ADVANCE,
            [topic for topic, _ in streams],
            [stream_id for _, stream_id in streams],
            [row.last_seq for row in rows],
            [bool(row.waiting) for row in rows],
            [row.blocked for row in rows],
        )
        await outbox.write(self.tx)

    def _is_settled(self, envelope: Envelope) -> bool:
        """Whether it took effect or failed in this very batch: then no copy of it waits any more."""
        return envelope.seq not in self.positions[(envelope.topic, envelope.stream_id)].waiting


async def apply(
    tx: Tx, envelopes: Sequence[Envelope], handlers: Handlers, follower_fails: str | None = None, share: float = math.inf
) -> Batch:
    """Give each envelope its one effect, in order within its stream, all in `tx`. Raises whatever a handler raises: roll back.

    After `share` seconds the rest is left, or a backlog of slow events would hold its locks until the transaction's guard ended it.
    """
    batch = Batch(tx, handlers, await claim(tx, {(e.topic, e.stream_id) for e in envelopes}), follower_fails=follower_fails)
    until = time.monotonic() + share
    for number, envelope in enumerate(envelopes, 1):
        await batch.take(envelope)
        if time.monotonic() > until:
            batch.left = len(envelopes) - number
            break
    await batch.write()
    return batch


async def claim(tx: Tx, streams: set[Stream]) -> dict[Stream, Position]:
    """Lock the inbox rows of these streams, in one order everywhere, and load what waits on them."""
    wanted = sorted(streams)
    rows = await tx.connection.fetch(CLAIM, [topic for topic, _ in wanted], [stream_id for _, stream_id in wanted])
    positions = {(r["topic"], r["stream_id"]): Position(r["last_seq"], r["blocked"], had_waiting=r["waiting"]) for r in rows}
    held = [stream for stream, position in positions.items() if position.had_waiting]
    if held:
        for envelope in await parking.waiting(tx, held):
            positions[(envelope.topic, envelope.stream_id)].waiting[envelope.seq] = envelope
    return positions


async def replay_one(tx: Tx, topic: str, stream_id: UUID, handlers: Handlers) -> bool:
    """Run the next parked event of a blocked stream, it alone, through the same code; unblocks it when none is left.

    What stands behind a gap waits from then on, as it would have without the failure.
    Answers whether an event was run. Raises what the handler raises: roll back, the stream stays blocked.
    """
    positions = await claim(tx, {(topic, stream_id)})
    position = positions[(topic, stream_id)]
    row = await tx.connection.fetchrow(NEXT, topic, stream_id, position.last_seq + 1)
    if row is None:
        await tx.connection.execute(REOPEN, topic, stream_id)
        return False
    envelope = parking.envelope_of(row)
    position.blocked = False
    position.waiting.pop(envelope.seq, None)
    waiting, position.waiting = position.waiting, {}  # its followers have transactions of their own, so that the one that fails is known
    batch = Batch(tx, handlers, positions)
    await batch.take(envelope)
    position.waiting = waiting
    if position.blocked:
        raise StillFailing("unknown-type")
    batch.taken.append(envelope)
    position.blocked = await tx.connection.fetchval(LEFT, topic, stream_id, envelope.seq)
    await batch.write()
    return True
