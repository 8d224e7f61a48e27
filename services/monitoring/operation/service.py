"""Commands of an operator on the machine, under the worker's login: exact figures, a release now, roll-ups against facts."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from itertools import groupby

import orjson
from rich.console import Console
from rich.table import Table

from services.monitoring.figure.service import Figures, units_of
from services.monitoring.release import service as releases
from services.monitoring.rollup import service as rollups
from services.monitoring.row.domain import Row
from shared.database import Database, Tx
from shared.errors import Conflict
from shared.settings import ServiceSettings

WIDE = 80
UNSHOWN = ("pathway", "region", "period", "numerator", "denominator", "as_of", "withheld")


def figures(known: Figures, settings: ServiceSettings, arguments: list[str]) -> int:
    """`figures [--json | --long]`: exact figures, small cells included; `--long`: one number a row, as JSON. Never over HTTP."""
    parser = argparse.ArgumentParser(prog="python -m services.monitoring figures")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="show", action="store_const", const=_print_json, default=_print_tables)
    form.add_argument("--long", dest="show", action="store_const", const=_print_long)
    show: Callable[[Tx, Figures], Awaitable[int]] = parser.parse_args(arguments).show

    async def print_figures(tx: Tx) -> int:
        await releases.bring_up_to_date(tx.connection, known)
        return await show(tx, known)

    return _run(settings, print_figures)


def release(known: Figures, settings: ServiceSettings, arguments: list[str]) -> int:
    """`release [--as-of DATE]`: freeze the figures of the months closed by now, or by the beginning of a day that is past."""
    parser = argparse.ArgumentParser(prog="python -m services.monitoring release")
    parser.add_argument("--as-of", type=date.fromisoformat)
    day: date | None = parser.parse_args(arguments).as_of

    async def make(tx: Tx) -> int:
        as_of = datetime.combine(day, time(), UTC) if day else tx.now
        if as_of > tx.now:
            _say(f"{as_of.isoformat()} is not past yet: nothing released")
            return 1
        made = await releases.make_release(tx, known, as_of)
        _say(f"{'released' if made else 'was released before'}: as of {as_of.isoformat()}")
        return 0

    return _run(settings, make)


def rebuild(known: Figures, settings: ServiceSettings, arguments: list[str]) -> int:
    """`rebuild --verify | --swap`: the roll-ups against all facts, beside live traffic. Sends nothing. Source: delivery section 4.

    Verifying ends with 1 if any count differs; swapping puts the right counts in the place of those that do, all at once.
    """
    parser = argparse.ArgumentParser(prog="python -m services.monitoring rebuild")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--verify", action="store_true", help="compare only")
    way.add_argument("--swap", action="store_true", help="put the right counts in place of the wrong ones")
    swap: bool = parser.parse_args(arguments).swap

    async def compare(tx: Tx) -> int:
        _say("recomputing every count from all facts; events go on, nothing is sent" + (", wrong counts are replaced" if swap else ""))
        try:
            compared = rollups.rebuild if swap else rollups.differences
            found = await compared(tx.connection, units_of(known))
        except Conflict:
            _say("another rebuild is under way")
            return 1
        for unit, kept, fresh in found:
            _say(f"{unit.figure} {unit.pathway} {unit.stage} {unit.period} {unit.outcome} {unit.detail}: kept {kept}, recomputed {fresh}")
        _say(f"{len(found)} counts {'differed from the facts and are right now' if swap else 'differ from the facts'}")
        return 1 if found and not swap else 0

    return _run(settings, compare)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


async def _print_json(tx: Tx, known: Figures) -> int:
    found = await releases.exact_figures(tx.connection, known, tx.now)
    _say(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    return 0


async def _print_long(tx: Tx, known: Figures) -> int:
    found = await releases.exact_long(tx.connection, known, tx.now)
    _say(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    return 0


async def _print_tables(tx: Tx, known: Figures) -> int:
    console = Console(width=WIDE)
    for name, rows in (await releases.exact_figures(tx.connection, known, tx.now)).items():
        for pathway, found in groupby(rows, lambda row: row["pathway"]):
            console.print(_table(f"{name.replace('_', ' ')} (exact) {pathway or ''}".rstrip(), list(found)))
    return 0


def _table(title: str, rows: list[Row]) -> Table:
    """A line a row, or, where there are more columns than rows, a line a column."""
    columns = [column for column in rows[0] if column not in UNSHOWN]
    lines = [[column.replace("_", " "), *(_text(row[column]) for row in rows)] for column in columns]
    if len(rows) >= len(columns):
        lines = [list(line) for line in zip(*lines, strict=True)]
    table = Table(*lines[0], title=title, title_justify="left")
    for line in lines[1:]:
        table.add_row(*line)
    return table


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}:{number}" for name, number in value.items())
    return "" if value is None else str(value)


def _run(settings: ServiceSettings, work: Callable[[Tx], Awaitable[int]]) -> int:
    async def run() -> int:
        database = await Database.open(settings.worker_database_url, 1, "operator")
        try:
            async with database.transaction() as tx:
                return await work(tx)
        finally:
            await database.close()

    return asyncio.run(run())
