"""Makes releases and reads them. The only door through which figures leave the service."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5

from services.monitoring.definition.domain import INTERACTION, SPECS
from services.monitoring.figure import service as figures
from services.monitoring.figure.domain import NOT_KNOWN
from services.monitoring.instruction import service as instructions
from services.monitoring.release import domain, store
from services.monitoring.release.domain import Row
from services.monitoring.settings import settings
from services.monitoring.table.domain import Counted, Table, tables_of
from shared.clock import set_deadline
from shared.database import Connection, Tx
from shared.errors import NotFound, Refused

RELEASE_DUE = "release-due"
DAILY = UUID("0d5e1f0c-6c7e-5c57-9a53-3e1ea5e00000")
DAILY_AT = time(0, 30, tzinfo=UTC)
EVER = date(9999, 12, 31)


async def make_release(tx: Tx, as_of: datetime) -> bool:
    """Freeze the figures of the months that were closed by `as_of`; False if there is a release as of that moment already.

    Raises Refused("as-of-in-the-future"). Source: contracts section 3, "Figures".
    """
    if as_of > tx.now:
        raise Refused("as-of-in-the-future")
    open_since = as_of.date().replace(day=1)
    if not await store.insert_release(tx, as_of, open_since - timedelta(days=1)):
        return False
    tables: dict[str, list[Row]] = {spec.name: [] for spec in SPECS}
    for table in await _tables(tx.connection, open_since, as_of.date()):
        tables[table.spec.name] += domain.frozen_rows(table, as_of)
    tables["cooperation"] = domain.cooperation(tables)
    await store.insert_tables(tx, as_of, tables)
    return True


async def _tables(connection: Connection, before: date, as_of: date) -> list[Table]:
    found = await figures.exact_tables(connection, before, as_of, settings().handover_limit_days)
    asked = [
        (("macro", "meso", "instruction"), Counted(NOT_KNOWN, NOT_KNOWN, "", (outcome,), hours, 1))
        for outcome, hours in await instructions.acknowledgements(connection, before)
    ]
    return [*found, *tables_of(INTERACTION, asked)]


async def make_daily_release(tx: Tx) -> None:
    """The release of the day, and the deadline of the next one."""
    await make_release(tx, tx.now)
    due_at = datetime.combine(tx.now.date() + timedelta(days=1), DAILY_AT)
    await set_deadline(tx, RELEASE_DUE, uuid5(DAILY, due_at.date().isoformat()), due_at)


async def exact_figures(connection: Connection, as_of: datetime) -> dict[str, list[Row]]:
    """Every figure as it is now, open months included: for an operator on the machine, never over HTTP.

    Of breakdowns only the one by programme, where a table has it.
    """
    rows: dict[str, list[Row]] = {spec.name: [] for spec in SPECS}
    for table in await _tables(connection, EVER, as_of.date()):
        by_programme = table.spec.name in ("referral_funnel", "referral_funnel_after_relapse", "relapses")
        rows[table.spec.name] += [
            row
            for row in domain.exact_rows(table, as_of)
            if (row["programme"] is not None) == by_programme and row["region"] is None and row["period"] is None
        ]
    return rows


async def list_rows(tx: Tx, name: str, as_of: datetime | None) -> tuple[datetime, list[Row]]:
    """A table of the newest release or of the one named, with its moment. Raises NotFound("release")."""
    found = await store.find_as_of(tx, as_of)
    if found is None:
        raise NotFound("release")
    return found, await store.list_rows(tx, found, name)


async def list_releases(tx: Tx, before: datetime, limit: int) -> list[tuple[datetime, date, datetime]]:
    """(as_of, closed_until, made_at), newest first."""
    return [(row["as_of"], row["closed_until"], row["made_at"]) for row in await store.list_releases(tx, before, limit + 1)]
