"""Keeps what was heard and brings the roll-ups of the touched persons up to date, set by set, once a batch."""

from collections.abc import Callable, Sequence

from services.monitoring.fact import store
from services.monitoring.fact.store import Save
from services.monitoring.rollup import service as rollups
from shared.database import Connection, Row, Tx, Write, gathered

Note = Callable[[Tx, Save, object, Row], None]


def noting(units: str) -> Note:
    """How a fact of a person is remembered: written with the batch, when the roll-ups follow it. `units`: the SQL of all units."""
    keep = _keeping(units)

    def note(tx: Tx, save: Save, person_id: object, row: Row) -> None:
        """`row` is what `save` names."""
        tx.gather(keep, (save, person_id, row))

    return note


def note_organisation(tx: Tx, row: Row) -> None:
    """Remember an organisation's entry. It touches no roll-up: region and programme are joined when figures are read."""
    tx.gather(keep_organisations, row)


def note_pathway(tx: Tx, row: Row) -> None:
    """Remember a version of a pathway; it never changes."""
    tx.gather(keep_pathways, row)


async def fill_in(connection: Connection) -> None:
    """What a worker of the version before pathways wrote after the migration."""
    await store.fill_in(connection)


@gathered(1)
async def keep_organisations(connection: Connection, rows: list[Row]) -> None:
    await store.save_organisations(connection, rows)


@gathered(1)
async def keep_pathways(connection: Connection, rows: list[Row]) -> None:
    await store.save_pathways(connection, rows)


def _keeping(units: str) -> Write:
    @gathered(2)
    async def keep(connection: Connection, rows: list[Row]) -> None:
        """Lock the persons, write their facts, and move the roll-ups by what their units changed.

        The lock makes batches of different topics take turns at a person, and one ordered write at the end keeps them free of deadlocks.
        """
        persons = sorted({person_id for _, person_id, _ in rows})
        known = await rollups.lock_persons(connection, persons)
        before = await rollups.units_of(connection, units, known)
        for save, values in _by_kind(rows):
            await save(connection, values)
        await rollups.move(connection, before, await rollups.units_of(connection, units, persons))

    return keep


OF_JOURNEYS = (store.save_journeys, store.save_journey_corrections)


def _by_kind(rows: Sequence[Row]) -> list[tuple[Save, list[Row]]]:
    """Journeys first: a stay takes its pathway and its stage's code from its journey, and counts nowhere where that never was."""
    kinds: dict[Save, list[Row]] = {}
    for save, _, row in rows:
        kinds.setdefault(save, []).append(row)
    return sorted(kinds.items(), key=lambda kind: (kind[0] not in OF_JOURNEYS, kind[0].__qualname__))
