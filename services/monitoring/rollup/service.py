"""Roll-ups: moved by what a batch changed; compared with, and put right from, all facts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.monitoring.rollup import store
from services.monitoring.unit.service import OF_EVERYBODY, Unit, units_of
from shared.database import Connection, Record
from shared.errors import Conflict

__all__ = ["Difference", "differences", "list_placed", "lock_persons", "move", "rebuild", "units_of"]


class Difference(NamedTuple):
    """How many of a unit the roll-ups have, and how many the facts make."""

    unit: Unit
    kept: int
    recomputed: int


async def lock_persons(connection: Connection, persons: Sequence[UUID]) -> None:
    """Until the transaction ends nobody else changes a fact of these persons."""
    await store.lock_persons(connection, persons)


async def move(connection: Connection, before: Counter[Unit], after: Counter[Unit]) -> None:
    """Add what the units of the locked persons changed; nothing when they did not."""
    change = Counter(after)
    change.subtract(before)
    rows = [(*unit, count) for unit, count in change.items() if count]
    if rows:
        await store.add(connection, rows)


async def differences(connection: Connection) -> list[Difference]:
    """Wherever the roll-ups differ from a recomputation from all facts, both seen at one moment, whatever is written meanwhile."""
    return _differences(await store.list_differences(connection, OF_EVERYBODY))


async def rebuild(connection: Connection) -> list[Difference]:
    """Put the roll-ups right from the facts beside live traffic; answers what differed. Only as the first thing in a transaction.

    What is added is the difference and no count: batches that commit between comparing and adding have moved facts and roll-ups by the
    same amount, so that nothing of theirs is lost or counted twice. Raises Conflict while another rebuild runs. Source: decision 19.
    """
    if not await store.begin_rebuild(connection):
        raise Conflict("rebuilding")
    return _differences(await store.add_differences(connection, OF_EVERYBODY))


def _differences(rows: Sequence[Record]) -> list[Difference]:
    return [Difference(Unit(*columns), kept, fresh) for *columns, kept, fresh in rows]


async def list_placed(connection: Connection, before: date) -> list[Record]:
    """The counts of days before `before`, each with region, programme and levels as they are known now."""
    return await store.list_placed(connection, before)
