"""`python -m tests.bench [path ...] [--write]`: measure the paths, print the table, write it. Ends with 1 only for an error or a loss."""

import argparse
import asyncio
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

import uvloop

from deploy.embedded.parts import Parts, start_parts
from shared import telemetry
from tests.bench import table
from tests.bench.ground import Ground
from tests.bench.table import Measured
from tests.harness import Servers

PATHS = ("accept", "relay", "project", "rebuild", "visible", "handover", "overload", "memory")
"""Each is a module beside this one with `async def measure(ground) -> Measured`."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("path", nargs="*", choices=[*PATHS, []], metavar="path", help=", ".join(PATHS))
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    asked = parser.parse_args()
    _quiet()
    with tempfile.TemporaryDirectory(prefix="throughcare-bench-", ignore_cleanup_errors=True) as folder:
        parts = start_parts(Path(folder) / "parts", durable=True)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(_measure(parts, Path(folder), asked.path or PATHS, asked.write))
        finally:
            parts.stop()


def _quiet() -> None:
    """What the environment names is not measured; telemetry runs as in a service, but its lines are kept back."""
    for name in ("POSTGRES_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        os.environ.pop(name, None)
    telemetry.start("bench", "CRITICAL", "")
    logging.getLogger().setLevel(logging.CRITICAL)


async def _measure(parts: Parts, folder: Path, paths: Sequence[str], write: bool) -> int:
    ground = Ground(Servers(parts.postgres_url, parts.kafka_bootstrap_servers), folder, _say)
    found: list[Measured] = []
    failures: list[str] = []
    for path in paths:
        outcome = await _attempt(importlib.import_module(f"tests.bench.{path}").measure, ground)
        if isinstance(outcome, Measured):
            found.append(outcome)
        else:
            failures += [f"{path}: {type(leaf).__name__}: {leaf}" for leaf in _leaves(outcome)]
    table.show(found)
    if write and not failures:
        table.PAGE.write_text(table.page(found, await ground.described()))
    for failure in failures:
        _say(failure)
    return 1 if failures else 0


async def _attempt(measure: Callable[[Ground], Awaitable[Measured]], ground: Ground) -> Measured | BaseException:
    """A failing path ends neither the others nor the table."""
    began = monotonic()
    _say(f"{measure.__module__.rsplit('.', 1)[1]} ...")
    (outcome,) = await asyncio.gather(measure(ground), return_exceptions=True)
    _say(f"  {monotonic() - began:.0f} s")
    return outcome


def _leaves(error: BaseException) -> Iterator[BaseException]:
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _leaves(inner)
    if not isinstance(error, BaseExceptionGroup):
        yield error


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
