"""Which cells of a table are withheld. Pure; knows no figure.

Source: standards section 5: no published cell of 1-10, zero allowed, nor any value from which one can be derived; each published margin
hides none or at least two cells. Bounding every hidden cell by linear programming, and across tables and time, comes later.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

THRESHOLD = 11
PRIME = (1 << 61) - 1

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True)
class Sum(Generic[Cell]):
    """A published margin: `total` is the sum of `parts`. Every reader knows this."""

    total: Cell
    parts: tuple[Cell, ...]

    @property
    def members(self) -> tuple[Cell, ...]:
        return (self.total, *self.parts)


def small(value: int, threshold: int = THRESHOLD) -> bool:
    return 0 < value < threshold


@dataclass(frozen=True)
class Cells(Generic[Cell]):
    """The values of a table, its margins, the cells that others are hidden before, and the least count that is not small."""

    values: Mapping[Cell, int]
    sums: Sequence[Sum[Cell]]
    kept: frozenset[Cell]
    threshold: int

    def cost(self, cell: Cell) -> tuple[bool, bool, int, str]:
        """What is hidden first: what protects (a zero can be guessed), what may go, what is small."""
        return (not self.values[cell], cell in self.kept, self.values[cell], str(cell))


def withheld(
    values: Mapping[Cell, int], sums: Sequence[Sum[Cell]], kept: Iterable[Cell] = (), threshold: int = THRESHOLD
) -> frozenset[Cell]:
    """The cells to hide: the small ones, then others until none of the hidden can be found by adding and subtracting what is shown.

    In every sum none or at least two are hidden, and where the total is shown the hidden ones come to `threshold` or more together.
    Of cells in `kept` others are hidden first. The same cells and sums always give the same answer.
    """
    cells = Cells(values, sums, frozenset(kept), threshold)
    hidden = {cell for cell, value in values.items() if small(value, threshold)}
    while True:
        _complement(cells, hidden)
        exposed = [cell for cell in derivable(hidden, sums) if values[cell]]
        if not exposed:
            return frozenset(hidden)
        hidden.add(_cover(cells, hidden, exposed[0]))


def derivable(hidden: Iterable[Cell], sums: Sequence[Sum[Cell]]) -> list[Cell]:
    """The hidden cells whose value follows from the shown ones by the sums alone, in the order of `hidden` when sorted as text."""
    unknown = sorted(hidden, key=str)
    pivots = _eliminated([_equation(margin, set(unknown)) for margin in sums])
    return [cell for cell in unknown if len(pivots.get(cell, ())) == 1]


def _complement(cells: Cells[Cell], hidden: set[Cell]) -> None:
    """Hide one more wherever a margin alone gives something away, until none does."""
    changed = True
    while changed:
        changed = False
        for margin in cells.sums:
            while _tells(cells, margin, hidden):
                hidden.add(_next(cells, margin, hidden))
                changed = True


def _tells(cells: Cells[Cell], margin: Sum[Cell], hidden: set[Cell]) -> bool:
    gone = [cell for cell in margin.members if cell in hidden]
    if not gone or len(gone) == len(margin.members):
        return False
    together = sum(cells.values[cell] for cell in gone)
    return len(gone) == 1 or (margin.total not in hidden and together < cells.threshold)


def _next(cells: Cells[Cell], margin: Sum[Cell], hidden: set[Cell]) -> Cell:
    """One more of a margin's cells; the total only if no part will do."""
    shown = [cell for cell in margin.members if cell not in hidden]

    def cost(cell: Cell) -> tuple[bool, bool, bool, int, str]:
        guessed, kept, value, text = cells.cost(cell)
        return guessed, kept, cell == margin.total, value, text

    return min(shown, key=cost)


def _cover(cells: Cells[Cell], hidden: set[Cell], exposed: Cell) -> Cell:
    """One more cell for one that can be derived: from its own sums if they show any, else from any sum that touches a hidden cell."""
    near = [margin for margin in cells.sums if exposed in margin.members]
    touched = [margin for margin in cells.sums if not hidden.isdisjoint(margin.members)]
    for margins in (near, touched):
        shown = {cell for margin in margins for cell in margin.members if cell not in hidden}
        if shown:
            return min(shown, key=cells.cost)
    raise AssertionError("with every touched cell hidden nothing but zero follows")


def _equation(margin: Sum[Cell], unknown: set[Cell]) -> dict[Cell, int]:
    """The coefficients of the hidden cells in total - parts = 0."""
    equation: dict[Cell, int] = {}
    for cell, sign in ((margin.total, 1), *((part, -1) for part in margin.parts)):
        if cell in unknown:
            equation[cell] = equation.get(cell, 0) + sign
    return {cell: value for cell, value in equation.items() if value}


def _eliminated(equations: Iterable[dict[Cell, int]]) -> dict[Cell, dict[Cell, int]]:
    """Reduced row echelon form over a prime field: exact for these small coefficients. A row with one cell left determines it."""
    rows: dict[Cell, dict[Cell, int]] = {}
    for equation in equations:
        row = equation
        for cell in [cell for cell in row if cell in rows]:
            row = _less(row, rows[cell], row.get(cell, 0))
        if not row:
            continue
        pivot = min(row, key=str)
        inverse = pow(row[pivot], PRIME - 2, PRIME)
        row = {cell: value * inverse % PRIME for cell, value in row.items()}
        for other in [key for key, kept in rows.items() if pivot in kept]:
            rows[other] = _less(rows[other], row, rows[other][pivot])
        rows[pivot] = row
    return rows


def _less(row: dict[Cell, int], other: dict[Cell, int], times: int) -> dict[Cell, int]:
    result = dict(row)
    for cell, value in other.items():
        left = (result.pop(cell, 0) - times * value) % PRIME
        if left:
            result[cell] = left
    return result
