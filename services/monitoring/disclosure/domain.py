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


def small(value: int) -> bool:
    return 0 < value < THRESHOLD


def withheld(cells: Mapping[Cell, int], sums: Sequence[Sum[Cell]]) -> frozenset[Cell]:
    """The cells to hide: the small ones, then others until none of the hidden can be found by adding and subtracting what is shown.

    In every sum none or at least two are hidden, and where the total is shown the hidden ones come to `THRESHOLD` or more together.
    The same cells and sums always give the same answer.
    """
    hidden = {cell for cell, value in cells.items() if small(value)}
    while True:
        _complement(cells, sums, hidden)
        exposed = [cell for cell in derivable(hidden, sums) if cells[cell]]
        if not exposed:
            return frozenset(hidden)
        hidden.add(_cover(cells, sums, hidden, exposed[0]))


def derivable(hidden: Iterable[Cell], sums: Sequence[Sum[Cell]]) -> list[Cell]:
    """The hidden cells whose value follows from the shown ones by the sums alone, in the order of `hidden` when sorted as text."""
    unknown = sorted(hidden, key=str)
    pivots = _eliminated([_equation(margin, set(unknown)) for margin in sums])
    return [cell for cell in unknown if len(pivots.get(cell, ())) == 1]


def _complement(cells: Mapping[Cell, int], sums: Sequence[Sum[Cell]], hidden: set[Cell]) -> None:
    """Hide one more wherever a margin alone gives something away, until none does."""
    changed = True
    while changed:
        changed = False
        for margin in sums:
            while _tells(cells, margin, hidden):
                hidden.add(_next(cells, margin, hidden))
                changed = True


def _tells(cells: Mapping[Cell, int], margin: Sum[Cell], hidden: set[Cell]) -> bool:
    gone = [cell for cell in margin.members if cell in hidden]
    if not gone or len(gone) == len(margin.members):
        return False
    together = sum(cells[cell] for cell in gone)
    return len(gone) == 1 or (margin.total not in hidden and together < THRESHOLD)


def _next(cells: Mapping[Cell, int], margin: Sum[Cell], hidden: set[Cell]) -> Cell:
    """The smallest part that is not zero, else the total, else a zero: a zero protects nothing that a reader could not guess."""
    shown = [cell for cell in margin.members if cell not in hidden]
    return min(shown, key=lambda cell: (not cells[cell], cell == margin.total, cells[cell], str(cell)))


def _cover(cells: Mapping[Cell, int], sums: Sequence[Sum[Cell]], hidden: set[Cell], exposed: Cell) -> Cell:
    """One more cell for one that can be derived: from its own sums if they show any, else from any sum that touches a hidden cell."""
    near = [margin for margin in sums if exposed in margin.members]
    touched = [margin for margin in sums if not hidden.isdisjoint(margin.members)]
    for margins in (near, touched):
        shown = {cell for margin in margins for cell in margin.members if cell not in hidden}
        if shown:
            return min(shown, key=lambda cell: (not cells[cell], cells[cell], str(cell)))
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
