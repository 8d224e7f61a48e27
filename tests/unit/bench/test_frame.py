"""The frame of the benchmarks: which way a ratio goes, when a target is met, that turns are taken, and that a loss is no measurement."""

import pytest

from tests.bench.memory import slope
from tests.bench.pace import quantile
from tests.bench.rounds import Contestant, Lost, Readings, interleaved, lost_unless
from tests.bench.table import Line, cells


def readings(*values: float) -> Readings:
    return Readings(values)


@pytest.mark.parametrize(("less", "times"), [(False, 4.0), (True, 0.25)])
def test_a_ratio_says_how_many_times_as_good(less: bool, times: float) -> None:
    line = Line("path", "unit", readings(800, 790, 900), readings(200, 1, 900), less=less)
    assert line.times(line.usual) == times
    assert line.times(line.limit) is None


@pytest.mark.parametrize(
    ("line", "met"),
    [
        (Line("path", "1/s", readings(800), readings(200), times_usual=4), True),
        (Line("path", "1/s", readings(799), readings(200), times_usual=4), False),
        (Line("path", "ms", readings(30), limit=readings(3), less=True, times_limit=0.1), True),
        (Line("path", "ms", readings(31), limit=readings(3), less=True, times_limit=0.1), False),
        (Line("path", "MiB", readings(131), less=True, at_most=130), False),
        (Line("path", "of capacity", readings(0.69), at_least=0.7), False),
        (Line("path", "1/s", readings(799), times_usual=4), False),
    ],
)
def test_a_target_is_met_or_not(line: Line, met: bool) -> None:
    """One against a contestant that was not measured is missed."""
    assert line.met is met
    assert cells(line)[-1] == ("yes" if met else "no")


async def test_another_one_is_first_in_each_round() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Contestant:
        async def run() -> float:
            turns.append(name)
            return float(len(turns))

        return Contestant(name, run)

    found = await interleaved([contestant("a"), contestant("b")], 3)
    assert "".join(turns) == "abbaab"
    assert found["a"].values == (1.0, 4.0, 5.0)


def test_a_loss_is_no_measurement() -> None:
    lost_unless(3, 3, "it")
    with pytest.raises(Lost, match="it: 2 of 3"):
        lost_unless(2, 3, "it")


def test_a_trend_has_a_slope_and_an_interval() -> None:
    steep, half = slope([(0.0, 10.0), (1.0, 12.0), (2.0, 14.0), (3.0, 16.0)])
    assert (steep, half) == (2.0, 0.0)
    with pytest.raises(Lost):
        slope([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)])


def test_the_slowest_hundredth() -> None:
    assert quantile(sorted(float(n) for n in range(1, 101)), 0.99) >= 99.0
