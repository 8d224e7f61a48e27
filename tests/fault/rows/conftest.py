"""One ground for all rows, their size and chance, and the table at the end. SEED repeats a run's schedules; N is its size."""

import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from deploy.embedded import child
from tests.fault.ground import Ground, open_ground
from tests.fault.report import CAUGHT, Row, caught_table, table

TIMES = {"small": 1, "medium": 3, "large": 10}
SEED = os.environ.get("SEED") or "1"
EVIDENCE = Path(__file__).parents[3] / "var" / "fault" / SEED
ROWS: list[Row] = []


@dataclass(frozen=True)
class Size:
    """How many trials: `of` takes the number of the small size."""

    times: int

    def of(self, small: int) -> int:
        return small * self.times


@pytest.fixture(scope="session")
def size() -> Size:
    return Size(TIMES[os.environ.get("N") or "small"])


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """The row's own: the load draws from another, or a schedule would depend on how quick the machine is."""
    return Random(f"{SEED}/{request.node.name}")


@pytest.fixture(scope="session")
async def whole_ground() -> AsyncIterator[Ground]:
    async with open_ground(EVIDENCE) as ground:
        ground.table = ROWS
        yield ground


@pytest.fixture
async def ground(whole_ground: Ground, request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """The ground with a row begun; made anew after a row that failed, whose remains would be found again.

    Of a row that failed the end of each service's log is in the report: it is all that another machine shows of it.
    """
    await whole_ground.begin_row(request.node.name.removeprefix("test_"), Random(f"{SEED}/{request.node.name}/load"))
    yield whole_ground
    if not whole_ground.is_clean:
        for service, running in whole_ground.services.items():
            sys.stderr.write(f"{service}:\n{child.last_lines(running.log, 25)}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    texts = [*([table(ROWS)] if ROWS else []), *([caught_table(CAUGHT)] if CAUGHT else [])]
    if not texts:
        return
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    (EVIDENCE / "table.md").write_text("\n\n".join(texts) + "\n")
    terminalreporter.write_line("")
    terminalreporter.write_line(f"SEED={SEED} N={os.environ.get('N') or 'small'}; evidence of failures under var/fault/{SEED}/")
    for text in texts:
        terminalreporter.write_line(text)
