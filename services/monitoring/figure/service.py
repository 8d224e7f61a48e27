"""Tables of figures as the roll-ups have them now: exact, for use inside only. What may leave is release's."""

from collections.abc import Callable, Iterator
from datetime import date

from services.monitoring.definition import domain as definition
from services.monitoring.figure import domain
from services.monitoring.figure.domain import NOT_KNOWN
from services.monitoring.rollup import service as rollups
from services.monitoring.table.domain import Counted, Spec, Subject, Table, tables_of
from shared.database import Connection, Record

Fall = tuple[Subject, tuple[str, ...], int | None]


async def exact_tables(connection: Connection, before: date, as_of: date, limit: int) -> list[Table]:
    """Every table over the days before `before`, as it stood on the day `as_of`. `limit`: days after which who waits is lost."""
    rows = await rollups.list_placed(connection, before)
    return [table for spec in definition.SPECS for table in tables_of(spec, _counted(spec, rows, as_of, limit))]


def _counted(spec: Spec, rows: list[Record], as_of: date, limit: int) -> Iterator[tuple[Subject, Counted]]:
    for row in rows:
        if fall := FALLS.get((spec.name, row["figure"])):
            subject, cells, amount = fall(row, as_of, limit)
            region = row["detail"] if row["figure"] == "no-place" else row["region"]
            place = (domain.region_of(region), row["programme"] or NOT_KNOWN, row["period"].strftime("%Y-%m"))
            yield subject, Counted(*place, cells, amount, row["units"])


def _hand_over(row: Record, as_of: date, limit: int) -> Fall:
    stage = row["stage"]
    cells = domain.hand_over_cells(row["outcome"], row["detail"], row["period"], row["amount"], as_of, limit)
    started = cells[0].startswith("within-") or cells[0] == "later"
    return (stage, stage + 1 if row["figure"] == "handover" else stage), cells, row["amount"] if started else None


def _with_reason(row: Record, as_of: date, limit: int) -> Fall:
    reason = (f"{row['outcome']}/{row['detail']}",) if row["detail"] else ()
    return (row["stage"],), (row["outcome"], *reason), None


def _started(row: Record, as_of: date, limit: int) -> Fall:
    return (row["stage"],), ("started",), None


def _relapse(row: Record, as_of: date, limit: int) -> Fall:
    return (row["stage"],), (f"{row['outcome']}/met",), None


def _journey(row: Record, as_of: date, limit: int) -> Fall:
    return (), (row["outcome"], f"treatment/{row['detail'] or 'none'}"), row["amount"] if row["outcome"] == "completed" else None


def _order(row: Record, as_of: date, limit: int) -> Fall:
    return (), (f"order/{row['outcome']}",), None


def _interaction(row: Record, as_of: date, limit: int) -> Fall:
    """A concern goes from a family to the clinic; a referral without a sender was asked by the person."""
    sender = row["from_level"] or ("meso" if row["detail"] == "referral" else "micro")
    kind = "concern" if row["detail"] == "concern" else "referral"
    return (sender, row["to_level"] or "meso", kind), (row["outcome"],), row["amount"]


def _no_place(row: Record, as_of: date, limit: int) -> Fall:
    return (row["stage"],), ("not-found",), None


FALLS: dict[tuple[str, str], Callable[[Record, date, int], Fall]] = {
    ("handovers", "handover"): _hand_over,
    ("handovers", "transfer"): _hand_over,
    ("referral_funnel", "referral"): _with_reason,
    ("referral_funnel_after_relapse", "referral-after-relapse"): _with_reason,
    ("stages", "stage"): _with_reason,
    ("relapses", "stage"): _started,
    ("relapses", "relapse"): _relapse,
    ("resocialization", "resocialization"): _with_reason,
    ("journeys", "journey"): _journey,
    ("journeys", "journey-order"): _order,
    ("interaction", "interaction"): _interaction,
    ("places_not_found", "no-place"): _no_place,
}
"""(kind of table, figure of the roll-up) -> where its units fall."""
