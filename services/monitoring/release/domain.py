"""A table as rows for readers: what is withheld is null, and nothing that would tell it is shown. Pure."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.monitoring.definition.domain import BANDS
from services.monitoring.disclosure.domain import THRESHOLD, Sum, withheld
from services.monitoring.table.domain import ALL_ROWS, TOTAL, RowKey, Table, quantile

Key = tuple[Hashable, ...]
Row = dict[str, Any]
Hidden = frozenset[Key]


def hidden_cells(table: Table) -> Hidden:
    """The cells of a table to withhold. Source: standards section 5."""
    cells: dict[Key, int] = {(row, name): table.cells[row][name] for row in table.cells for name in (TOTAL, *table.names)}
    nested = list(_nested(table))
    values: dict[Key, int] = {**cells, **{margin.parts[1]: value for margin, value in nested}}
    return withheld(values, [*_sums(table), *(margin for margin, _ in nested)], [cell for cell in cells if cell[1] in table.spec.kept])


def _sums(table: Table) -> Iterator[Sum[Key]]:
    for row in table.cells:
        for whole, parts in table.parts().items():
            total = whole if whole in table.spec.cells else TOTAL
            yield Sum((row, total), tuple((row, part) for part in parts))
    for dimension in table.spec.dimensions:
        rows = [row for row in table.cells if row[0] == dimension]
        for name in (TOTAL, *table.names):
            yield Sum((ALL_ROWS, name), tuple((row, name) for row in rows))


def _nested(table: Table) -> Iterator[tuple[Sum[Key], int]]:
    """Where one cell counts a subset of another, the difference is a cell as well, though nobody prints it."""
    for narrow, wide in table.spec.nested:
        if narrow in table.names and wide in table.names:
            for row, cells in table.cells.items():
                between = cells[wide] - cells[narrow]
                if between >= 0:
                    yield Sum((row, wide), ((row, narrow), (row, wide, "without", narrow))), between


def rows_of(table: Table, as_of: datetime, hidden: Hidden, least: int) -> list[Row]:
    """The rows of a table: all first, then by region, programme, month. `least`: the fewest on either side of a median; 0: exact."""
    spec = table.spec
    values_of = _relapse_values if spec.name == "relapses" else _values
    return [
        {
            **dict(zip(spec.subject, table.subject, strict=True)),
            **{name: row[1] if row[0] == name else None for name in ("region", "programme", "period")},
            **values,
            "as_of": as_of.isoformat(),
        }
        for row in sorted(table.cells, key=_reading_order)
        for values in values_of(table, row, hidden, least)
    ]


def _reading_order(row: RowKey) -> tuple[int, str]:
    return (("all", "region", "programme", "period").index(row[0]), row[1])


def _values(table: Table, row: RowKey, hidden: Hidden, least: int) -> Iterator[Row]:
    spec = table.spec
    values = {name: _shown(table, row, name, hidden) for name in spec.published}
    reasons = {f"{cell}_reasons": _reasons(table, row, cell, hidden) for cell in spec.reasons}
    missing = None in values.values() or any(None in found.values() for found in reasons.values())
    quantiles = _quantiles(table, row, values, least)
    figure = {**_figure(values[spec.numerator], values[spec.denominator]), "definition": spec.definition, "withheld": missing}
    yield _shaped({**values, **reasons, **quantiles, **figure})


def _relapse_values(table: Table, row: RowKey, hidden: Hidden, least: int) -> Iterator[Row]:
    """One row a definition that anybody met."""
    started = _shown(table, row, "started", hidden)
    for name in [name for name in table.names if name.endswith("/met")]:
        met = None if (row, name) in hidden else table.cells[row][name]
        figure = {**_figure(met, started), "withheld": None in (met, started)}
        yield {"definition": name.removesuffix("/met"), "persons": met, "of": started, **figure}


def _figure(numerator: int | None, denominator: int | None) -> Row:
    """A rate of withheld counts is withheld, since it would tell them."""
    rate = round(numerator / denominator, 4) if numerator is not None and denominator else None
    return {"numerator": numerator, "denominator": denominator, "rate": rate}


def _shown(table: Table, row: RowKey, name: str, hidden: Hidden) -> int | None:
    """The value under `name`, if each of its cells is shown, or the total and each of the others: then everyone can work it out."""
    parts = table.spec.published[name]
    others = (TOTAL, *(cell for cell in table.spec.cells if cell not in parts))
    if any((row, cell) in hidden for cell in parts) and (
        not set(parts) <= set(table.spec.cells) or any((row, cell) in hidden for cell in others)
    ):
        return None
    return table.value(row, name)


def _reasons(table: Table, row: RowKey, cell: str, hidden: Hidden) -> dict[str, int | None]:
    named = [name for name in table.names if name.startswith(f"{cell}/")]
    return {name.split("/", 1)[1]: None if (row, name) in hidden else table.cells[row][name] for name in named}


def _quantiles(table: Table, row: RowKey, values: Mapping[str, int | None], least: int) -> Row:
    """Median and quartiles, where the number they are taken over is shown."""
    if table.spec.quantiles is None:
        return {}
    taken_over, unit = table.spec.quantiles
    counts = table.amounts[row]
    shown = values[taken_over] is not None
    median, *quartiles = [_quantile(counts, share, least) if shown else None for share in (0.5, 0.25, 0.75)]
    return {f"median_{unit}": median, f"quartiles_{unit}": None if None in quartiles else quartiles}


def _quantile(counts: Mapping[int, int], share: float, least: int) -> float | None:
    """One that is released has `least` on either side and is a whole number: the share of a day says how many lie below it."""
    value = quantile(counts, share)
    if value is None or min(share, 1 - share) * sum(counts.values()) < least:
        return None
    return float(round(value)) if least else value


def _shaped(values: Row) -> Row:
    """`within_7` and its like become one object, as readers know them."""
    bands = {str(band): values.pop(f"within_{band}") for band in BANDS if f"within_{band}" in values}
    return {**values, "within_days": bands} if bands else values


def frozen_rows(table: Table, as_of: datetime) -> list[Row]:
    """The rows that may leave."""
    return rows_of(table, as_of, hidden_cells(table), THRESHOLD)


def exact_rows(table: Table, as_of: datetime) -> list[Row]:
    """Every number as it is: for an operator on the machine, never over HTTP."""
    return rows_of(table, as_of, frozenset(), 0)


def cooperation(tables: Mapping[str, list[Row]]) -> list[Row]:
    """Per region, what speaks of missing cooperation and of offers that do not attract, side by side. Source: mission rows 002-28, 002-29.

    Made of rows that are released already, so that it tells nothing new.
    """
    whole = [row for rows in tables.values() for row in rows if row["programme"] is None and row["period"] is None and row["region"]]
    return [_side_by_side(tables, region, whole[0]["as_of"]) for region in sorted({row["region"] for row in whole})]


def _side_by_side(tables: Mapping[str, list[Row]], region: str, as_of: str) -> Row:
    stage = _one(tables["stages"], region, stage=4)
    return {
        "region": region,
        "stage_4_started": stage.get("started", 0),
        "stage_4_completed": stage.get("completed", 0),
        "handovers": [_with(_one(tables["handovers"], region, from_stage=n, to_stage=n + 1), HANDOVER_SAYS, n) for n in (3, 4)],
        "offers": [_with(_one(tables["referral_funnel"], region, stage=n), OFFER_SAYS, n) for n in (4, 5)],
        **_figure(stage.get("completed", 0), stage.get("started", 0)),
        "definition": "cooperation",
        "withheld": None in (stage.get("started", 0), stage.get("completed", 0)),
        "as_of": as_of,
    }


HANDOVER_SAYS = {"median_days": None, "lost": 0, "in_question": 0, "rate": None}
OFFER_SAYS = {"referred": 0, "accepted": 0, "declined": 0, "declined_reasons": {}, "unanswered": 0}


def _one(rows: list[Row], region: str, **subject: int) -> Row:
    return next((row for row in rows if row["region"] == region and all(row[name] == value for name, value in subject.items())), {})


def _with(row: Row, says: Row, stage: int) -> Row:
    return {"stage": stage, **{name: row.get(name, nothing) for name, nothing in says.items()}}
