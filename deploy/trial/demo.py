"""The demo's main job: replay the records, wait until they arrived, release, print one screen, write demo.json. Starts no service."""

import asyncio
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.trial import example, fold, health, records, screen
from deploy.trial.chaos import Chaos
from deploy.trial.client import GaveUp, Sender, Tokens, open_client
from deploy.trial.driver import Replay, count_commands
from deploy.trial.released import released_figures
from deploy.trial.surroundings import CommandFailed, addresses, exact_figures, operate

BAR = (TextColumn("{task.description:<27}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
TOKENS = """
A token for a role: make -s token ROLE=... with what the role needs
  ORG=...      registrar coordinator clinician trainer system liaison
  SUB=...      contact person
  REGIONS=...  region safeguarding (UZ-TK,UZ-SA)
  nothing      analyst ministry operator

What follows is about a made-up person. Copy it into a second shell (bash),
in this folder, while this one stays."""

EQUAL = """\
Equal: {} of {} numbers (hand-overs, referrals, relapses) are those that a
calculation of its own makes of the records without any service."""


@dataclass(frozen=True)
class Run:
    """What one run takes: where the system is and which persons, everything sent twice or not, services killed meanwhile or not."""

    stack: Mapping[str, Any]
    persons: list[records.Person]
    twice: bool
    chaos: bool
    today: date
    console: Console

    @property
    def folder(self) -> Path:
        return Path(self.stack["supervisor"]["log"]).parents[1]


class NobodyChosen(Exception):
    """The words for the persons to replay name nobody."""


def chosen(persons: str) -> list[records.Person]:
    """The persons to replay; raises NobodyChosen."""
    found = records.read(persons) if re.fullmatch(r"(all|[0-9]{1,4})(/[0-9]+)?", persons) else []
    if not any(person.randomization for person in found):
        raise NobodyChosen(f"PERSONS={persons} names nobody: take 0051, 0030 or 0027 (a trial), 0051/20 (its first twenty) or all")
    return found


def main(stack: dict[str, Any], persons: list[records.Person], twice: bool, chaos: bool = False) -> int:
    """0 when every command was answered and every event arrived everywhere; with `chaos` also only if the figures are equal."""
    console = Console()
    run = Run(stack, persons, twice, chaos, datetime.now(UTC).date(), console)
    code = 1
    try:
        code = uvloop.run(_run(run))
    except* (GaveUp, CommandFailed) as problems:
        for problem in problems.exceptions:
            console.print(str(problem), style="red", markup=False)
    return code


async def _run(run: Run) -> int:
    async with open_client() as client:
        sender = Sender(addresses(run.stack), Tokens(str(run.stack["issuer"]["url"]), client), client)
        chaos = Chaos.over(run.folder / "stack.json", client, sender.services if run.chaos else (), count_commands(run.persons))
        began = monotonic()
        replay, topics = await _replay(run, sender, chaos)
        took, wrong = monotonic() - began, chaos.wrong
        if not replay.problems:
            await operate(run.stack, "monitoring", "release")
            exact, released = await exact_figures(run.stack), await released_figures(sender)
            run.console.print()
            screen.show(run.console, exact, released, topics)
            wrong += _compared(run, chaos, exact)
            shown = {"exact": exact, "released": released, "delivery": {topic.topic: asdict(topic) for topic in topics}}
            file = _write(run.folder / "demo.json", {**shown, "machine": _machine(replay, took), **chaos.told()})
            run.console.print(_told(replay, took), f"The same in {file}.", sep="\n", highlight=False)
            await _explain(run, sender)
    return _judged(run.console, replay, topics, wrong)


async def _replay(run: Run, sender: Sender, chaos: Chaos) -> tuple[Replay, list[health.Health]]:
    with Progress(*BAR, console=run.console) as progress:
        persons = progress.add_task("persons", total=len(run.persons))
        commands = progress.add_task("commands, four sessions", total=count_commands(run.persons))
        arriving = progress.add_task("events, once per listener", total=None)

        def progressed(count: int) -> None:
            progress.advance(persons)
            progress.advance(commands, count)
            chaos.progressed(count)

        def arrived(done: int, total: int) -> None:
            progress.update(arriving, completed=done, total=total)

        replay = Replay(sender, run.today, run.twice, progressed)
        await _watched(replay, run.persons, chaos, arrived)
        topics = await health.drained(sender, arrived)
    return replay, topics


async def _watched(replay: Replay, persons: list[records.Person], chaos: Chaos, told: Callable[[int, int], None]) -> None:
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(health.watch(replay.sender, done, told))
        group.create_task(chaos.run())
        try:
            await replay.run(persons)
        finally:
            chaos.end()
            done.set()


def _compared(run: Run, chaos: Chaos, exact: dict[str, Any]) -> list[str]:
    """After kills: prints who was away for how long and that the figures are equal, or answers which differ."""
    if not chaos.killings:
        return []
    compared, differing = fold.unequal(exact, run.persons)
    run.console.print("", screen.killings(chaos.killings), sep="\n")
    if not differing:
        run.console.print(EQUAL.format(compared, compared))
    return [f"not as without kills: {line}" for line in differing]


def _judged(console: Console, replay: Replay, topics: list[health.Health], more: list[str]) -> int:
    """0, or 1 with what is wrong: a command refused or answered differently, an event that did not arrive, parked ones, lag, or `more`."""
    wrong = [f"refused or unanswered: {problem}" for problem in replay.problems]
    wrong += [f"{replay.answered_differently} commands were answered differently when sent again"] if replay.answered_differently else []
    wrong += [f"not everywhere, parked or late: {topic}" for topic in topics if not topic.complete]
    wrong += more
    for line in wrong:
        console.print(line, style="red", markup=False, soft_wrap=True)
    return 1 if wrong else 0


async def _explain(run: Run, sender: Sender) -> None:
    """Addresses, tokens and what to type next."""
    made = await example.prepare(sender, run.persons, run.today)
    say = run.console.out
    say("")
    for name, address in sender.services.items():
        say(f"{name:<12}{address}   {address}/docs", highlight=False)
    say(TOKENS, highlight=False)
    for what, line in example.walk(made, sender.services, run.today):
        say(f"\n# {what}\n{line}", highlight=False)


def _told(replay: Replay, took: float) -> str:
    """Two lines."""
    again = replay.sender.counted["asked again"]
    return (
        f"{replay.sent} commands in {took:.1f} s until every event was applied; {replay.sent_twice} of them sent twice\n"
        f"with their key ({replay.answered_differently} answered differently), {again} asked again until answered."
    )


def _machine(replay: Replay, took: float) -> dict[str, Any]:
    return {
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "seconds": round(took, 1),
        "commands": replay.sent,
        "sent_twice": replay.sent_twice,
        "answered_differently": replay.answered_differently,
        "requests": replay.sender.counted["requests"],
    }


def _write(file: Path, shown: dict[str, Any]) -> Path:
    """demo.json, beside stack.json; answers its path as a person would type it."""
    file.write_bytes(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
