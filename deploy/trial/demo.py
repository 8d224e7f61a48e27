"""The demo's main job: replay the records, wait until they arrived, release, print one screen, write var/demo.json. Starts no service."""

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.trial import example, health, records, screen
from deploy.trial.client import GaveUp, Sender, Tokens, open_client
from deploy.trial.driver import Replay, count_commands
from deploy.trial.released import released_figures
from deploy.trial.surroundings import CommandFailed, addresses, exact_figures, operate

VAR = Path("var")
BAR = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True)
class Run:
    """What one run takes: where the system is and which persons, everything sent twice or not."""

    stack: Mapping[str, Any]
    persons: list[records.Person]
    twice: bool
    today: date
    console: Console


def main(stack: dict[str, Any], persons: str, twice: bool, chaos: bool = False) -> int:
    """0 when every command was answered and every event arrived everywhere. Faults in the demo (`chaos`) come with a later issue."""
    console = Console()
    if chaos:
        console.print("CHAOS is not part of this version")
        return 2
    run = Run(stack, records.read(persons), twice, datetime.now(UTC).date(), console)
    try:
        return uvloop.run(_run(run))
    except (GaveUp, CommandFailed) as problem:
        console.print(f"[red]{problem}")
        return 1


async def _run(run: Run) -> int:
    async with open_client() as client:
        sender = Sender(addresses(run.stack), Tokens(str(run.stack["issuer"]["url"]), client), client)
        began = monotonic()
        replay, topics = await _replay(run, sender)
        if replay.problems:
            run.console.print("[red]Refused or unanswered:", *replay.problems, sep="\n")
            return 1
        took = monotonic() - began
        await operate(run.stack, "monitoring", "release")
        exact, released = await exact_figures(run.stack), await released_figures(sender)
        screen.show(run.console, exact, released, topics)
        _write(exact, released, topics, _machine(replay, took))
        run.console.print(_told(replay, took))
        await _explain(run, sender)
    arrived = all(topic.complete for topic in topics)
    return 0 if arrived and not replay.answered_differently else 1


async def _replay(run: Run, sender: Sender) -> tuple[Replay, list[health.Health]]:
    with Progress(*BAR, console=run.console) as progress:
        persons = progress.add_task("persons", total=len(run.persons))
        commands = progress.add_task("commands, four sessions", total=count_commands(run.persons))
        arriving = progress.add_task("events applied in every listener", total=None)

        def progressed(count: int) -> None:
            progress.advance(persons)
            progress.advance(commands, count)

        replay = Replay(sender, run.today, run.twice, progressed)
        await replay.run(run.persons)
        topics = await health.drained(sender, lambda done, total: progress.update(arriving, completed=done, total=total))
    return replay, topics


async def _explain(run: Run, sender: Sender) -> None:
    """Addresses, tokens and what to type next."""
    made = await example.prepare(sender, run.persons, run.today)
    print_plain = run.console.out
    for name, address in sender.services.items():
        print_plain(f"{name:<12}{address}   {address}/docs")
    print_plain(
        "\nA token for a role: make token ROLE=clinician ORG=<organisation>   (roles: clinician coordinator liaison analyst operator ...)"
    )
    print_plain("What follows is about a made-up person; contacts, permissions, concerns and regions of this demo are made up too.")
    for what, line in example.walk(made, sender.services, run.today):
        print_plain(f"\n# {what}\n{line}")


def _told(replay: Replay, took: float) -> str:
    counted = replay.sender.counted
    return (
        f"{replay.sent} commands, {replay.sent_twice} sent twice with their key ({replay.answered_differently} answered differently), "
        f"{counted['asked again']} asked again, {took:.1f} s until every event was applied"
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


def _write(exact: dict[str, Any], released: dict[str, Any], topics: list[health.Health], machine: dict[str, Any]) -> None:
    VAR.mkdir(exist_ok=True)
    delivery = {topic.topic: asdict(topic) for topic in topics}
    shown = {"exact": exact, "released": released, "delivery": delivery, "machine": machine}
    (VAR / "demo.json").write_bytes(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
