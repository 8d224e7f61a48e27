"""Makes releases and reads them. The only door through which figures leave the service. Which figures there are is told by who calls."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from services.monitoring.fact import service as facts
from services.monitoring.figure.service import Exact, Figures, exact_tables, units_of, version_of
from services.monitoring.release import domain, store
from services.monitoring.rollup import service as rollups
from services.monitoring.row import domain as rows
from services.monitoring.row.domain import Row
from services.monitoring.settings import Settings, settings
from shared.clock import set_deadline
from shared.database import Connection, Tx
from shared.errors import NotFound, Refused

RELEASE_DUE = "release-due"
DAILY = UUID("0d5e1f0c-6c7e-5c57-9a53-3e1ea5e00000")
DAILY_AT = time(0, 30, tzinfo=UTC)
EVER = date(9999, 12, 31)


async def make_release(tx: Tx, figures: Figures, as_of: datetime) -> bool:
    """Freeze the figures of the months that were closed by `as_of`; False if there is a release as of that moment already.

    Counts that another version of the figures made are brought up to date first. Only as the first thing in a transaction.
    Raises Refused("as-of-in-the-future"), Conflict while the counts are being rebuilt. Source: contracts section 3, "Figures".
    """
    if as_of > tx.now:
        raise Refused("as-of-in-the-future")
    await bring_up_to_date(tx.connection, figures)
    open_since = as_of.date().replace(day=1)
    found = await exact_tables(tx.connection, figures, open_since, as_of.date())
    terms = terms_of(settings(), figures, found)
    words = domain.definitions({code: text for figure in figures for code, text in figure.words.items()}, terms)
    digests = domain.digests(found.counts)
    revised = domain.awaiting_revision(await store.find_before(tx, as_of), digests)
    made = store.Made(as_of, open_since - timedelta(days=1), settings().threshold, terms, words, revised)
    if not await store.insert_release(tx, made):
        return False
    await store.insert_digests(tx, as_of, digests)
    await store.insert_tables(tx, as_of, await _released(tx.connection, figures, found, as_of))
    return True


async def bring_up_to_date(connection: Connection, figures: Figures) -> int:
    """Rebuild the counts where another version of the figures made them; returns how many differed. First thing in a transaction."""
    version = version_of(figures)
    if await rollups.is_of(connection, version):
        return 0
    await facts.fill_in(connection)
    return await rollups.bring_up_to(connection, version, units_of(figures))


def terms_of(own: Settings, figures: Figures, found: Exact) -> dict[str, Any]:
    """What the words of the figures speak of: these settings, and what each figure tells of its counts."""
    terms: dict[str, Any] = own.terms()
    for figure in figures:
        terms |= figure.terms(found.counts) if figure.terms else {}
    return terms


async def _released(connection: Connection, figures: Figures, found: Exact, as_of: datetime) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {name: [] for figure in figures for name in (*figure.tables, long_name(figure.name))}
    for figure, kind, table in found.tables:
        view = rows.released(table, as_of, settings().threshold)
        tables[kind.spec.name] += rows.rows_of(table, view, kind.values)
        tables[long_name(figure.name)] += rows.long_rows_of(table, view, figure.name)
    halfway = await rollups.halfway(connection)
    for figure in figures:
        if figure.derive:
            tables[figure.name] = figure.derive(tables, halfway)
    return tables


def long_name(figure: str) -> str:
    """Under which name the long rows of a figure are kept."""
    return f"long:{figure}"


async def make_daily_release(tx: Tx, figures: Figures) -> None:
    """The release of the day, and the deadline of the next one."""
    await make_release(tx, figures, tx.now)
    due_at = datetime.combine(tx.now.date() + timedelta(days=1), DAILY_AT)
    await set_deadline(tx, RELEASE_DUE, uuid5(DAILY, due_at.date().isoformat()), due_at)


async def exact_figures(connection: Connection, figures: Figures, as_of: datetime) -> dict[str, list[Row]]:
    """Every figure as it is now, open months included: for an operator on the machine, never over HTTP.

    Of breakdowns only the one that the kind of table names.
    """
    found = await exact_tables(connection, figures, EVER, as_of.date())
    tables: dict[str, list[Row]] = {kind.spec.name: [] for figure in figures for kind in figure.kinds}
    for _, kind, table in found.tables:
        shown = rows.rows_of(table, rows.exact(as_of), kind.values)
        tables[kind.spec.name] += [row for row in shown if _grain(row) == kind.spec.operators_grain]
    return tables


async def exact_long(connection: Connection, figures: Figures, as_of: datetime) -> list[Row]:
    """The same numbers in the long form, every breakdown included."""
    found = await exact_tables(connection, figures, EVER, as_of.date())
    return [row for figure, _, table in found.tables for row in rows.long_rows_of(table, rows.exact(as_of), figure.name)]


def _grain(row: Row) -> str:
    return next((name for name in rows.BREAKDOWNS if row[name] is not None), "all")


async def list_rows(tx: Tx, name: str, as_of: datetime | None) -> tuple[datetime, list[Row]]:
    """A table of the newest release or of the one named, with its moment. Raises NotFound("release")."""
    found = await store.find_as_of(tx, as_of)
    if found is None:
        raise NotFound("release")
    return found, await store.list_rows(tx, found, name)


class Made(NamedTuple):
    """A release, the months it counts otherwise than the one before, what it was made under; None where that was not kept."""

    as_of: datetime
    closed_until: date
    made_at: datetime
    threshold: int | None
    awaiting_revision: list[str] | None
    limits: Mapping[str, Any] | None


async def list_releases(tx: Tx, before: datetime, limit: int) -> list[Made]:
    """Newest first."""
    return [Made(*row) for row in await store.list_releases(tx, before, limit + 1)]


async def definitions_of(tx: Tx, figures: Figures, as_of: datetime | None) -> Mapping[str, str]:
    """The words of the newest release or of the one named. Before the first release, of the settings in force.

    Raises NotFound("release"), and NotFound("definitions") for a release from before texts were kept.
    """
    found = await store.find_as_of(tx, as_of)
    if found is None and as_of is not None:
        raise NotFound("release")
    if found is None:
        words = {code: text for figure in figures for code, text in figure.words.items()}
        return domain.definitions(words, terms_of(settings(), figures, Exact([], [])))
    texts = await store.find_definitions(tx, found)
    if texts is None:
        raise NotFound("definitions")
    return texts
