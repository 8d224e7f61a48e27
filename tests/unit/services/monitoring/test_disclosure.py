"""No small cell is shown and none can be found by subtraction. Source: standards section 5; the judge is a solver of its own."""

from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.disclosure.domain import THRESHOLD, Sum, small, withheld

Cell = tuple[str, str]
COLUMNS = ("a", "b", "c", "d")
TOTAL = "*"


def a_cube(counts: dict[tuple[str, str, str], int]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """Counts by (region, programme, column) as one table: a row for all, one a region, one a programme; each row with a total."""
    rows = sorted({"all"} | {f"r-{r}" for r, _, _ in counts} | {f"p-{p}" for _, p, _ in counts})
    cells: dict[Cell, int] = dict.fromkeys(product(rows, (TOTAL, *COLUMNS)), 0)
    for (region, programme, column), number in counts.items():
        for row, name in product(("all", f"r-{region}", f"p-{programme}"), (TOTAL, column)):
            cells[row, name] += number
    sums = [Sum((row, TOTAL), tuple((row, column) for column in COLUMNS)) for row in rows]
    for kind, name in product("rp", (TOTAL, *COLUMNS)):
        sums.append(Sum(("all", name), tuple((row, name) for row in rows if row.startswith(f"{kind}-"))))
    return cells, sums


def solvable(hidden: frozenset[Cell], sums: list[Sum[Cell]]) -> set[Cell]:
    """The hidden cells with one solution only, by Gauss and Jordan over fractions."""
    unknown = sorted(hidden)
    rows = [[Fraction((cell == margin.total) - (cell in margin.parts)) for cell in unknown] for margin in sums]
    place = 0
    for column in range(len(unknown)):
        pivot = next((i for i in range(place, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for i, row in enumerate(rows):
            if i != place and row[column]:
                times = row[column]
                rows[i] = [value - times * lead for value, lead in zip(row, rows[place], strict=True)]
        place += 1
    alone = [[i for i, value in enumerate(row) if value] for row in rows]
    return {unknown[found[0]] for found in alone if len(found) == 1}


def assert_safe(cells: dict[Cell, int], sums: list[Sum[Cell]], hidden: frozenset[Cell]) -> None:
    assert not [cell for cell, value in cells.items() if small(value) and cell not in hidden]
    for margin in sums:
        gone = [cell for cell in margin.members if cell in hidden]
        assert len(gone) != 1, margin
        if gone and margin.total not in hidden:
            assert sum(cells[cell] for cell in gone) >= THRESHOLD or len(gone) == len(margin.members)
    assert not {cell for cell in solvable(hidden, sums) if cells[cell]}


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("uvw"), st.sampled_from(COLUMNS)),
    st.one_of(st.integers(0, 14), st.integers(0, 400)),
    min_size=1,
)


@given(COUNTS)
@settings(max_examples=300, deadline=None)
def test_no_small_cell_is_shown_or_can_be_subtracted(counts: dict[tuple[str, str, str], int]) -> None:
    cells, sums = a_cube(counts)
    assert_safe(cells, sums, withheld(cells, sums))


@given(COUNTS)
@settings(max_examples=50, deadline=None)
def test_the_same_table_always_hides_the_same_cells(counts: dict[tuple[str, str, str], int]) -> None:
    cells, sums = a_cube(counts)
    turned = dict(reversed(cells.items()))
    assert withheld(cells, sums) == withheld(turned, sums)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    cells, sums = a_cube({("x", "u", "a"): 40, ("x", "u", "b"): 0, ("x", "u", "c"): 11})
    assert withheld(cells, sums) == frozenset()


def test_the_released_hand_over_of_trial_0051_hides_later_and_the_smallest_beside_it() -> None:
    """8 is small; 19 (30 days less 21) is the smallest that protects it."""
    counts = {"overlapping": 71, "7": 237, "14": 91, "21": 47, "30": 19, "later": 8, "lost": 180, "waiting": 0}
    sums = [Sum("all", tuple(counts))]
    assert withheld({**counts, "all": 653}, sums) == {"later", "30"}


def test_others_are_hidden_before_a_kept_cell() -> None:
    sums = [Sum("all", ("a", "b", "c"))]
    assert withheld({"all": 110, "a": 5, "b": 40, "c": 65}, sums) == {"a", "b"}
    assert withheld({"all": 110, "a": 5, "b": 40, "c": 65}, sums, ["b"]) == {"a", "c"}


def test_a_single_cell_between_two_closed_blocks_is_covered() -> None:
    """Each margin hides two, and still the cell that joins two blocks follows from subtracting whole blocks."""
    hidden = frozenset(("r1c1", "r1c2", "r2c1", "r2c2", "r2c3", "r3c3", "r3c4", "r4c3", "r4c4"))
    sums = [
        *(Sum(f"r{r}", tuple(f"r{r}c{c}" for c in range(1, 5))) for r in range(1, 5)),
        *(Sum(f"c{c}", tuple(f"r{r}c{c}" for r in range(1, 5))) for c in range(1, 5)),
    ]
    cells = {f"r{r}c{c}": 8 if f"r{r}c{c}" in hidden else 50 for r in range(1, 5) for c in range(1, 5)}
    cells |= {margin.total: sum(cells[part] for part in margin.parts) for margin in sums}
    assert withheld(cells, sums) > hidden
