"""A table as rows for readers: what is withheld is null, and nothing that would tell it is shown. Pure; knows no figure by name."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.monitoring.disclosure.domain import Sum, withheld
from services.monitoring.table.domain import ALL_ROWS, TOTAL, RowKey, StageAt, Table, quantile

Key = tuple[Hashable, ...]
Row = dict[str, Any]
Hidden = frozenset[Key]
BREAKDOWNS = ("region", "programme", "period")


class View(NamedTuple):
    """How a table is shown: which cells are withheld, and how few may stand on either side of a median (0: exact)."""

    as_of: datetime
    hidden: Hidden
    least: int


Values = Callable[[Table, RowKey, View], Iterator[Row]]
"""The measures of one row of a table, as one row for readers or several."""


def released(table: Table, as_of: datetime, threshold: int) -> View:
    """The view that may leave: no count from 1 up to below `threshold`. Source: standards section 5."""
    return View(as_of, hidden_cells(table, threshold), threshold)


def exact(as_of: datetime) -> View:
    """Every number as it is: for an operator on the machine, never over HTTP."""
    return View(as_of, frozenset(), 0)


def hidden_cells(table: Table, threshold: int) -> Hidden:
    """The cells of a table to withhold. Source: standards section 5."""
    cells: dict[Key, int] = {(row, name): table.cells[row][name] for row in table.cells for name in (TOTAL, *table.names)}
    nested = list(_nested(table))
    values: dict[Key, int] = {**cells, **{margin.parts[1]: value for margin, value in nested}}
    kept = [cell for cell in cells if cell[1] in table.spec.kept]
    return withheld(values, [*_sums(table), *(margin for margin, _ in nested)], kept, threshold)


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


def rows_of(table: Table, view: View, values: Values) -> list[Row]:
    """The rows of a table: all first, then by region, programme, month. Stages stand as positions in their pathway."""
    parts = [part.position if isinstance(part, StageAt) else part for part in table.subject.parts]
    return [
        {
            "pathway": table.subject.pathway,
            **dict(zip(table.spec.subject, parts, strict=True)),
            **{name: row[1] if row[0] == name else None for name in BREAKDOWNS},
            **measures,
            "as_of": view.as_of.isoformat(),
        }
        for row in sorted(table.cells, key=reading_order)
        for measures in values(table, row, view)
    ]


def reading_order(row: RowKey) -> tuple[int, str]:
    return (("all", *BREAKDOWNS).index(row[0]), row[1])


def values_of(table: Table, row: RowKey, view: View) -> Iterator[Row]:
    """Every published measure, the parts of those with reasons, the median, and the rate."""
    spec = table.spec
    values = {name: shown(table, row, name, view) for name in spec.published}
    reasons = {f"{cell}_reasons": reasons_of(table, row, cell, view) for cell in spec.reasons}
    missing = None in values.values() or any(None in found.values() for found in reasons.values())
    figure = {**rate_of(values[spec.numerator], values[spec.denominator]), "definition": spec.definition, "withheld": missing}
    yield {**values, **reasons, **_quantiles(table, row, view), **figure}


def rate_of(numerator: int | None, denominator: int | None) -> Row:
    """A rate of withheld counts is withheld, since it would tell them."""
    rate = round(numerator / denominator, 4) if numerator is not None and denominator else None
    return {"numerator": numerator, "denominator": denominator, "rate": rate}


def shown(table: Table, row: RowKey, name: str, view: View) -> int | None:
    """The value under `name`, if each of its cells is shown, or the total and each of the others: then everyone can work it out."""
    parts = table.spec.published[name]
    others = (TOTAL, *(cell for cell in table.spec.cells if cell not in parts))
    if any((row, cell) in view.hidden for cell in parts) and (
        not set(parts) <= set(table.spec.cells) or any((row, cell) in view.hidden for cell in others)
    ):
        return None
    return table.value(row, name)


def reasons_of(table: Table, row: RowKey, cell: str, view: View) -> dict[str, int | None]:
    """The parts of a cell by reason."""
    named = [name for name in table.names if name.startswith(f"{cell}/")]
    return {name.split("/", 1)[1]: None if (row, name) in view.hidden else table.cells[row][name] for name in named}


def _quantiles(table: Table, row: RowKey, view: View) -> Row:
    """Median and quartiles, where the number they are taken over is shown."""
    if table.spec.quantiles is None:
        return {}
    taken_over, unit = table.spec.quantiles
    counts = table.amounts[row]
    told = shown(table, row, taken_over, view) is not None
    median, *quartiles = [_quantile(counts, share, view.least) if told else None for share in (0.5, 0.25, 0.75)]
    return {f"median_{unit}": median, f"quartiles_{unit}": None if None in quartiles else quartiles}


def _quantile(counts: Mapping[int, int], share: float, least: int) -> float | None:
    """One that is released has `least` on either side and is a whole number: the share of a day says how many lie below it."""
    value = quantile(counts, share)
    if value is None or min(share, 1 - share) * sum(counts.values()) < least:
        return None
    return float(round(value)) if least else value


def long_rows_of(table: Table, view: View, figure: str) -> list[Row]:
    """The same numbers, one a row: the grain is a column, so that totals and breakdowns are never added together by mistake."""
    codes = [part.code if isinstance(part, StageAt) else part for part in table.subject.parts]
    subject = dict(zip(table.spec.subject, codes, strict=True))
    words = {"pathway": table.subject.pathway, **subject}
    return [
        {
            "figure": figure,
            "pathway": table.subject.pathway,
            "subject": subject,
            "grain": row[0],
            **{name: row[1] if row[0] == name else None for name in BREAKDOWNS},
            **measure._asdict(),
            "persons": measure.persons.format(**words),
            "definition": table.spec.definition,
            "as_of": view.as_of.isoformat(),
        }
        for row in sorted(table.cells, key=reading_order)
        for measure in _measures(table, row, view)
    ]


class Measure(NamedTuple):
    """One number of a row. `status`: shown, withheld, or none where there was nothing to take it of."""

    measure: str
    value: float | None
    status: str
    persons: str
    numerator: int | None = None
    denominator: int | None = None


def _measures(table: Table, row: RowKey, view: View) -> Iterator[Measure]:
    spec = table.spec
    for name in spec.published:
        yield _count(name, shown(table, row, name, view), spec.persons[name])
    for cell in spec.reasons:
        for reason, value in reasons_of(table, row, cell, view).items():
            yield _count(f"{cell}/{reason}", value, f"{spec.persons[cell]}: {reason}")
    if spec.numerator:
        yield _rate(
            "rate", shown(table, row, spec.numerator, view), shown(table, row, spec.denominator, view), spec.persons[spec.numerator]
        )
    for name in [name for name in table.names if name.endswith("/met")]:
        met = None if (row, name) in view.hidden else table.cells[row][name]
        persons = f"{spec.persons['met']}: {name.removesuffix('/met')}"
        yield _count(name, met, persons)
        yield _rate(f"{name}/rate", met, shown(table, row, spec.denominator, view), persons)
    yield from _spread(table, row, view)


def _count(name: str, value: int | None, persons: str) -> Measure:
    return Measure(name, value, "withheld" if value is None else "shown", persons)


def _rate(name: str, numerator: int | None, denominator: int | None, persons: str) -> Measure:
    rate: float | None = rate_of(numerator, denominator)["rate"]
    status = "withheld" if None in (numerator, denominator) else "shown" if denominator else "none"
    return Measure(name, rate, status, persons, numerator, denominator)


def _spread(table: Table, row: RowKey, view: View) -> Iterator[Measure]:
    if table.spec.quantiles is None:
        return
    taken_over, unit = table.spec.quantiles
    found = _quantiles(table, row, view)
    low, high = found[f"quartiles_{unit}"] or (None, None)
    for name, value in ((f"median_{unit}", found[f"median_{unit}"]), (f"first_quartile_{unit}", low), (f"third_quartile_{unit}", high)):
        status = "shown" if value is not None else "withheld" if table.amounts[row] else "none"
        yield Measure(name, value, status, table.spec.persons[taken_over])
