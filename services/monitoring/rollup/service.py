"""Roll-ups: moved by what a batch changed, verified against a recomputation from the facts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.monitoring.rollup import store
from services.monitoring.unit.service import Unit, units_of
from shared.database import Connection, Record

__all__ = ["differences", "list_placed", "lock_persons", "move", "units_of"]

NOBODY = UUID(int=0)
SLICE = 1_000


async def lock_persons(connection: Connection, persons: Sequence[UUID]) -> None:
    """Until the transaction ends nobody else changes a fact of these persons."""
    await store.lock_persons(connection, persons)


async def move(connection: Connection, before: Counter[Unit], after: Counter[Unit]) -> None:
    """Add what the units of the locked persons changed; nothing when they did not."""
    change = Counter(after)
    change.subtract(before)
    rows = [(*unit, change[unit]) for unit in sorted(change, key=Unit.place) if change[unit]]
    if rows:
        await store.add(connection, rows)


async def differences(connection: Connection) -> list[tuple[Unit, int, int]]:
    """(unit, kept, recomputed) wherever the roll-ups differ from a recomputation from all facts, both seen at one moment.

    Only as the first thing in a transaction.
    """
    await store.begin_snapshot(connection)
    kept = {Unit(*row[:-1]): row[-1] for row in map(tuple, await store.list_counts(connection))}
    fresh = await _recomputed(connection)
    return [(unit, kept.get(unit, 0), fresh[unit]) for unit in {*kept, *fresh} if kept.get(unit, 0) != fresh[unit]]


async def _recomputed(connection: Connection) -> Counter[Unit]:
    units: Counter[Unit] = Counter()
    after = NOBODY
    while persons := await store.list_persons(connection, after, SLICE):
        units += await units_of(connection, persons)
        after = persons[-1]
    return units


async def list_placed(connection: Connection, before: date) -> list[Record]:
    """The counts of days before `before`, each with region, programme and levels as they are known now."""
    return await store.list_placed(connection, before)
