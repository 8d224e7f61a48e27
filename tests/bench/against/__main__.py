"""`python -m tests.bench.against COMMIT [path ...]`: this checkout beside another commit. Ends with 1 when something is dearer or lost."""

import argparse
import asyncio
import importlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import uvloop

from deploy.embedded.child import StartFailed
from tests.bench.against import checkout, compared, turns
from tests.bench.against.compared import Compared
from tests.bench.against.side import issuing, started
from tests.bench.rounds import Lost
from tests.bench.table import CHECKOUT, commit, machine

PATHS = ("accept", "message", "project", "rebuild", "handover", "release")
"""Each is a module beside this one with `opened(side)`; run in this order, since a path finds the topics as those before it left them."""
ONLY_BY_NAME = {"release"}
"""Made once a day, and five minutes to measure: only where it is asked for."""


@dataclass(frozen=True)
class Asked:
    commit: str
    paths: Sequence[str]
    rounds: int
    limit: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against")
    parser.add_argument("commit", help="the older commit, in any form that git understands")
    parser.add_argument("path", nargs="*", choices=[*PATHS, []], metavar="path", help=", ".join(PATHS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=1.10, help="the largest ratio of medians, new to old, that is no failure")
    given = parser.parse_args()
    try:
        asked = Asked(checkout.named(given.commit), _in_order(given.path), given.rounds, given.limit)
    except checkout.NoSuchCommit:
        _say(f"{given.commit}: no such commit here")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(asked))
    except (Lost, StartFailed) as failed:
        _say(f"a side did not start: {failed}")
        return 1


def _in_order(named: Sequence[str]) -> list[str]:
    """The paths that are asked for, all but a few where none is."""
    return [path for path in PATHS if path in named or (not named and path not in ONLY_BY_NAME)]


async def _run(asked: Asked) -> int:
    with checkout.unpacked(asked.commit) as other, tempfile.TemporaryDirectory(prefix="throughcare-against-") as folder:
        same = checkout.same_dependencies(other)
        if not same:
            _say(f"{checkout.LOCK} of {asked.commit} differs from ours: it runs with our packages, so their difference is not measured")
        found, failures = await _measured(asked, other, Path(folder))
    compared.show(found, asked.limit)
    written = checkout.PLACE / f"against-{asked.commit}.md"
    written.write_text(compared.page(found, asked.limit, [*_head(asked, same), *failures]))
    _say(f"written to {written.relative_to(CHECKOUT)}")
    for failure in failures:
        _say(failure)
    return 1 if failures or any(one.is_dearer(asked.limit) for one in found) else 0


async def _measured(asked: Asked, other: Path, folder: Path) -> tuple[list[Compared], list[str]]:
    """A path that fails ends neither the others nor the table."""
    found: list[Compared] = []
    failures: list[str] = []
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing(folder, CHECKOUT))
        old = await stack.enter_async_context(started("old", other, folder, issuer))
        new = await stack.enter_async_context(started("new", CHECKOUT, folder, issuer))
        for path in asked.paths:
            began = monotonic()
            _say(f"{path} ...")
            try:
                found += await turns.compared(importlib.import_module(f"tests.bench.against.{path}").opened, old, new, asked.rounds)
            except* (Lost, StartFailed) as lost:
                failures += [f"{path}: {error}" for error in _leaves(lost)]
            _say(f"  {monotonic() - began:.0f} s")
    return found, failures


def _leaves(error: BaseException) -> Iterator[BaseException]:
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _leaves(inner)
    if not isinstance(error, BaseExceptionGroup):
        yield error


def _head(asked: Asked, same: bool) -> list[str]:
    return [
        f"# {commit()} against {asked.commit}",
        "",
        "Milliseconds of processor time, user and system, a command or event: median of the rounds of each side, the ratio of the medians,",
        f"and from the smallest to the largest ratio of a round. {asked.rounds} rounds, the sides in turn, each on servers of its own.",
        "",
        f"{machine()}; {datetime.now(UTC):%Y-%m-%d}; requirements {'the same' if same else 'differ: the other runs with ours'}.",
    ]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
