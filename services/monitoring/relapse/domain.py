"""The figure of relapses: its cells, how a person falls into them, its row and its words. Pure. Source: standards section 3."""

from collections.abc import Iterator
from datetime import date

from services.monitoring.figure.domain import BrokenRow, Count, Fallen, Placed
from services.monitoring.row.domain import Row, View, rate_of, shown
from services.monitoring.table.domain import TOTAL, RowKey, Spec, Table

IMPLIED = {
    "consecutive-4-from-week-3": ("consecutive-4", "consecutive-3", "two-after-week-4", "two-of-four"),
    "consecutive-4": ("consecutive-3", "two-of-four"),
    "consecutive-3": ("two-of-four",),
    "two-after-week-4": ("two-of-four",),
    "dropout-4-missing": ("consecutive-4", "consecutive-3", "two-of-four"),
}
"""Who meets a definition meets these too, whichever lie between: any two shown can be subtracted (standards section 3)."""
SUBSETS = tuple((narrow, wide) for narrow, wides in IMPLIED.items() for wide in wides)
STARTED = "persons who started {stage} of {pathway}"

RELAPSES = Spec(
    name="relapses",
    subject=("stage",),
    cells=("started",),
    published={"started": (TOTAL,)},
    persons={"started": STARTED, "met": f"{STARTED} and met a definition in it"},
    numerator="",
    denominator="started",
    definition="relapse",
    dimensions=("programme",),
    nested=tuple((f"{narrow}/met", f"{wide}/met") for narrow, wide in SUBSETS),
    kept=("consecutive-4-from-week-3/met", "consecutive-4-from-week-3/not"),
    operators_grain="programme",
)

WORDS = {
    "relapse": (
        "Persons with a relapse of this definition, not withdrawn, in any stay of the stage, of those who started the stage; "
        "each once, in the programme of the first start. A missing week counts as positive. dropout-4-missing is leaving, "
        "not relapse."
    )
}


class RelapseRow(BrokenRow):
    """`definition` is the relapse definition's code."""

    stage: int
    persons: Count
    of: Count


def started(unit: Placed, as_of: date) -> Fallen:
    return Fallen(unit.about(unit.at()), ("started",))


def met(unit: Placed, as_of: date) -> Fallen:
    return Fallen(unit.about(unit.at()), (f"{unit.outcome}/met",))


def values(table: Table, row: RowKey, view: View) -> Iterator[Row]:
    """One row a definition that anybody met."""
    of = shown(table, row, "started", view)
    for name in [name for name in table.names if name.endswith("/met")]:
        persons = None if (row, name) in view.hidden else table.cells[row][name]
        figure = {**rate_of(persons, of), "withheld": None in (persons, of)}
        yield {"definition": name.removesuffix("/met"), "persons": persons, "of": of, **figure}
