"""The commands behind make: up, down, status, token, events, demo. What they do is in the modules beside this one."""

import asyncio
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
from pathlib import Path
from subprocess import Popen
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from deploy.embedded import child, control
from deploy.embedded.stack import LOOPBACK

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
screen = Console(highlight=False)

# What the services ask of a role beside its name; without it they refuse, or show nothing.
NEEDED = {
    **dict.fromkeys(("registrar", "coordinator", "clinician", "trainer", "system", "liaison"), "org"),
    **dict.fromkeys(("contact", "person"), "sub"),
    **dict.fromkeys(("region", "safeguarding"), "regions"),
}

Folder = Annotated[Path, typer.Option(help="Data, logs and stack.json lie here.", envvar="THROUGHCARE_FOLDER")]
Keep = Annotated[bool, typer.Option(help="Take along the data of the last run.")]
Quick = Annotated[bool, typer.Option(help="PostgreSQL without fsync, for tests.")]


@app.command()
def up(folder: Folder = control.VAR, keep: Keep = False, quick: Quick = False, attach: bool = False) -> None:
    """Start the empty system; returns when it is ready, or with --attach stays until Ctrl-C."""
    process, described = _start(control.Options(folder, keep, not quick, attached=attach))
    _show(described)
    if attach:
        _stay(process)
        control.stop(process)


@app.command()
def down(folder: Folder = control.VAR) -> None:
    """End the system, whoever started it."""
    screen.print("stopped" if control.down(folder) else "nothing was running")


@app.command()
def status(folder: Folder = control.VAR) -> None:
    """What runs where, and whether it answers."""
    _show(_found(folder))


@app.command()
def token(
    role: str = "clinician", org: str = "", sub: str = "", regions: str = "", audience: str = "", folder: Folder = control.VAR
) -> None:
    """Print an access token of the development issuer (valid for ten minutes)."""
    given = {"role": role, "org": org, "sub": sub, "regions": regions, "audience": audience}
    form = {"grant_type": "client_credentials", **{name: value for name, value in given.items() if value}}
    url = _found(folder)["issuer"]["url"] + "/token"
    try:
        with LOOPBACK.open(url, urllib.parse.urlencode(form).encode(), timeout=5) as answer:
            typer.echo(json.load(answer)["access_token"])
    except urllib.error.HTTPError as refused:
        _fail(f"the issuer refuses ROLE={role}: {json.load(refused)['error_description']}")
    needed = NEEDED.get(role)
    if needed and not given[needed]:
        _warn(f"this token opens little: ROLE={role} needs {needed.upper()}=... as well")


@app.command(context_settings={"ignore_unknown_options": True})
def operate(service: str, arguments: list[str], folder: Folder = control.VAR) -> None:
    """Run an operator's command of a service (monitoring figures, family messages, ...) on this machine, with the service's own logins."""
    from deploy.trial.surroundings import environment

    command = [sys.executable, "-m", f"services.{service}", *arguments]
    sys.exit(subprocess.run(command, check=False, env=environment(_found(folder), service)).returncode)


@app.command()
def events(folder: Folder = control.VAR, all_of_them: Annotated[bool, typer.Option("--all", help="From the beginning.")] = False) -> None:
    """Follow the topics until Ctrl-C, one fact a line."""
    from deploy.embedded.events import follow

    try:
        asyncio.run(follow(_found(folder)["kafka"]["bootstrap_servers"], all_of_them, screen))
    except KeyboardInterrupt:
        screen.print("ended")


@app.command()
def demo(
    folder: Folder = control.VAR,
    keep: Keep = False,
    once: Annotated[bool, typer.Option(help="Stop when the replay is done.")] = False,
    twice: Annotated[bool, typer.Option(help="Send every command twice.")] = False,
    chaos: Annotated[bool, typer.Option(help="Kill each service once meanwhile, then compare the figures.")] = False,
    persons: Annotated[str, typer.Option(help="A trial's number, or all.")] = "0051",
) -> None:
    """Start the system, replay the real trial records, print where the pathway leaks; stays up until Ctrl-C."""
    from deploy.trial import demo as trial

    if chaos and keep:
        _fail("CHAOS=1 compares what this run adds up to: leave out KEEP=1")
    try:
        chosen = trial.chosen(persons)
    except trial.NobodyChosen as wrong:
        _fail(str(wrong))
    process, described = _start(control.Options(folder, keep))
    code = 130
    try:
        code = trial.main(described, chosen, twice, chaos)
        if code == 0 and not once:
            _stay(process)
    except KeyboardInterrupt:
        screen.print("stopping")
    finally:
        control.stop(process)
    raise typer.Exit(code)


@app.command(hidden=True)
def supervise(folder: Folder = control.VAR, keep: Keep = False, quick: Quick = False) -> None:
    """Be the supervisor of a stack; the other commands start it."""
    try:
        control.supervise(control.Options(folder, keep, not quick))
    except (child.StartFailed, control.AlreadyRunning) as failed:
        _fail(str(failed))


def _start(options: control.Options) -> tuple[Popen[bytes], control.Described]:
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        with screen.status("starting PostgreSQL, Kafka and four services"):
            return control.start(options, lambda line: screen.print(f"[dim]{line}[/dim]"))
    except (child.StartFailed, control.AlreadyRunning) as failed:
        _fail(str(failed))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _stay(process: Popen[bytes]) -> None:
    screen.print("[bold]Ctrl-C stops everything.[/bold]")
    try:
        process.wait()
    except KeyboardInterrupt:
        screen.print("stopping")


def _found(folder: Path) -> control.Described:
    described = control.find(folder)
    if described is None:
        _fail("no stack is running here; `make up` starts one")
    return described


def _show(described: control.Described) -> None:
    logs = Path(described["supervisor"]["log"]).parent
    table = Table("what", "where", "pid", "answers", "log", caption=f"logs in {logs}", caption_style="dim")
    for name, about in _rows(described):
        answers = "[green]yes[/green]" if control.is_answering(name, about) else "[red]no[/red]"
        log = Path(about["log"]).name if about["log"] else "-"
        table.add_row(name, control.where(about), str(about["pid"] or "-"), answers, log)
    screen.print(table)


def _rows(described: control.Described) -> list[tuple[str, dict[str, Any]]]:
    return [(name, described[name]) for name in ("postgres", "kafka", "issuer", "mail")] + list(described["services"].items())


def _fail(message: str) -> NoReturn:
    _warn(message)
    sys.exit(1)


def _warn(message: str) -> None:
    Console(stderr=True, highlight=False).print(message, style="red", markup=False, soft_wrap=True)


if __name__ == "__main__":
    app()
