"""Roll-ups: moved by what a batch changed; compared with, and put right from, all facts. Which units there are is told by who calls.

`units`: the SQL that finds all units of the persons `$1`; see `figure/service.py: units_of`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.monitoring.rollup import store
from services.monitoring.unit.domain import Unit
from shared.database import Connection, Record
from shared.errors import Conflict


class Difference(NamedTuple):
    """How many of a unit the roll-ups have, and how many the facts make."""

    unit: Unit
    kept: int
    recomputed: int


async def lock_persons(connection: Connection, persons: Sequence[UUID]) -> list[UUID]:
    """Until the transaction ends nobody else changes a fact of these persons. Returns those of whom there were facts before."""
    new = await store.lock_persons(connection, persons)
    return [person_id for person_id in persons if person_id not in new]


async def units_of(connection: Connection, units: str, persons: Sequence[UUID]) -> Counter[Record]:
    """How many units of each shape these persons make; a record has the columns of `Unit`."""
    return Counter(await store.list_units(connection, units, persons) if persons else ())


async def move(connection: Connection, before: Counter[Record], after: Counter[Record]) -> None:
    """Add what the units of the locked persons changed; nothing when they did not."""
    change = Counter(after)
    change.subtract(before)
    rows = [(*unit, count) for unit, count in change.items() if count]
    if rows:
        await store.add(connection, rows)


async def differences(connection: Connection, units: str) -> list[Difference]:
    """Wherever the roll-ups differ from a recomputation from all facts, both seen at one moment, whatever is written meanwhile."""
    return _differences(await store.list_differences(connection, _of_everybody(units)))


async def rebuild(connection: Connection, units: str) -> list[Difference]:
    """Put the roll-ups right from the facts beside live traffic; answers what differed. Only as the first thing in a transaction.

    What is added is the difference and no count: batches that commit between comparing and adding have moved facts and roll-ups by the
    same amount, so that nothing of theirs is lost or counted twice. Raises Conflict while another rebuild runs. Source: decision 19.
    """
    if not await store.begin_rebuild(connection):
        raise Conflict("rebuilding")
    return _differences(await store.add_differences(connection, _of_everybody(units)))


def _of_everybody(units: str) -> str:
    return units.replace("= ANY($1::uuid[])", "IS NOT NULL")


def _differences(rows: Sequence[Record]) -> list[Difference]:
    return [Difference(Unit(*columns), kept, fresh) for *columns, kept, fresh in rows]


async def is_of(connection: Connection, version: str) -> bool:
    """Whether the roll-ups were last rebuilt for this version of the figures."""
    return await store.find_version(connection) == version


async def bring_up_to(connection: Connection, version: str, units: str) -> int:
    """Rebuild for this version of the figures, and remember it. Returns how many counts differed.

    Only as the first thing in a transaction. Raises Conflict while another rebuild runs.
    """
    found = await rebuild(connection, units)
    await store.save_version(connection, version)
    return len(found)


async def list_placed(connection: Connection, before: date) -> list[Record]:
    """The counts of days before `before`, with the columns of `figure.domain.Placed`, as everything is known now."""
    return await store.list_placed(connection, before)


async def halfway(connection: Connection) -> Mapping[str, int]:
    """The position of the stage halfway through recovery, by pathway, in the newest version heard of."""
    return {row["pathway"]: row["halfway"] for row in await store.list_halfway(connection)}
