"""Every command, metric and field that the runbook names exists: commands are parsed by the parsers that run them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

from deploy.embedded.__main__ import app as embedded
from deploy.postgres.__main__ import app as postgres
from shared import grammar, health, telemetry
from tests.contract.routes import service_of
from tests.contract.tree import ROOT

RUNBOOK = (ROOT / "docs/runbook.md").read_text()
FILLED_IN = {
    "stream": "0d5e1f0c-6c7e-5c57-9a53-3e1ea5e00000",
    "seq": "2",
    "port": "8000",
    "you": "first-operator",
    "the other": "second-operator",
    "pid of the service": "12345",
    "file": "referral.backup",
    "superuser's address": "postgresql://postgres@127.0.0.1:1/postgres",
    "address of programme's owner": "postgresql://programme_owner@127.0.0.1:1/programme",
    "address of the owner's login": "postgresql://referral_owner@127.0.0.1:1/referral",
}
WITHOUT_COMMANDS = {"Where to look", "Records are in quarantine", "Kafka is away", "The database is away", "503 busy", "A disk is full"}
WITHOUT_COMMANDS |= {"A new listener joins after the retention", "Somebody broke the glass"}


def commands() -> Iterator[str]:
    """Each command of each code block, what is to be filled in filled in."""
    for block in re.findall(r"^```bash\n(.*?)^```", RUNBOOK, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            yield from re.sub(r"<([^>]+)>", lambda found: FILLED_IN[found[1]], line).split(" && ")


def pages() -> dict[str, str]:
    found = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]
    return {page.partition("\n")[0]: page for page in found}


def parses(argv: list[str]) -> None:
    """Raises (SystemExit, a usage error, KeyError, AssertionError) for what would not run."""
    while re.fullmatch(r"[A-Z_]+=.*", argv[0]):
        argv = argv[1:]
    program, *rest = argv
    if program == ".venv/bin/python":
        _parses_python(rest)
    elif program == "make":
        _parses_make(rest)
    elif program == "docker":
        _parses_docker(rest)
    elif program == "curl":
        assert rest[-1].rpartition("/")[2] in {route.path.strip("/") for route in health.streams.routes}  # type: ignore[attr-defined]
    else:
        assert program == "kill", program


def _parses_python(rest: list[str]) -> None:
    assert rest[0] == "-m", rest
    group = typer.main.get_command({"deploy.embedded": embedded, "deploy.postgres": postgres}[rest[1]])
    _, command, arguments = group.resolve_command(group.make_context("run", list(rest[2:])), list(rest[2:]))  # type: ignore[attr-defined]
    command.make_context(rest[2], arguments)
    if rest[2] == "operate":
        _parses_operation(rest[3], rest[4:])


def _parses_operation(name: str, arguments: list[str]) -> None:
    service = service_of(name)
    if arguments[0] not in service.operations:
        grammar.commands(name, service.topics).parse_args(arguments)
        return
    with pytest.raises(SystemExit) as ended:  # a service's own commands parse for themselves
        service.operations[arguments[0]](service.settings(), ["--help"])
    assert ended.value.code == 0


def _parses_make(rest: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for word in rest:
        name, is_variable, _ = word.partition("=")
        assert word == "-s" or re.search(rf"^{name} \?=|\$\({name}\)" if is_variable else rf"^{name}:", makefile, re.MULTILINE), word


def _parses_docker(rest: list[str]) -> None:
    known = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert rest[:2] in (["compose", "stop"], ["compose", "start"], ["compose", "up"])
    assert {word.partition("=")[0] for word in rest[2:] if not word.startswith("--")} <= set(known)


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_command_would_run(command: str) -> None:
    while inner := re.search(r"\$\(([^()]*)\)", command):
        if not inner[1].startswith("cat "):
            parses(shlex.split(inner[1]))
        command = command.replace(inner[0], "inner")
    parses(shlex.split(command))


@pytest.mark.parametrize(
    "command",
    [
        ".venv/bin/python -m deploy.embedded operate referral replay programme no-id",
        ".venv/bin/python -m deploy.embedded operate referral replay nothing 0d5e1f0c-6c7e-5c57-9a53-3e1ea5e00000",
        ".venv/bin/python -m deploy.embedded operate referral vanish",
        ".venv/bin/python -m deploy.embedded vanish",
        ".venv/bin/python -m deploy.postgres restore nobody file",
        "make vanish",
        "docker compose stop nobody",
        "curl http://127.0.0.1:8000/vanish",
        "vanish",
    ],
)
def test_a_command_that_is_not_there_would_be_found(command: str) -> None:
    with pytest.raises((SystemExit, KeyError, AssertionError, typer.TyperException)):
        parses(shlex.split(command))


def test_there_are_commands_to_look_at() -> None:
    assert len(set(commands())) > 20
    assert {name for name, page in pages().items() if "```bash" not in page} <= WITHOUT_COMMANDS


def test_each_alarm_says_what_it_means_what_to_look_at_and_what_to_do() -> None:
    alarms = {name: page for name, page in pages().items() if "**Means.**" in page}
    assert len(alarms) >= 14
    assert [name for name, page in alarms.items() if "**Look at.**" not in page or "**Do.**" not in page] == []


def test_every_metric_and_field_named_is_there() -> None:
    source = Path(telemetry.__file__).read_text()
    metrics = {name.removesuffix("_total") for name in re.findall(r"`throughcare_(\w+)`", RUNBOOK)}
    assert metrics
    assert [name for name in metrics if name not in telemetry.GAUGE_TEXTS and f'"throughcare_{name}"' not in source] == []
    models: dict[str, type[BaseModel]] = {"heard": health.Heard, "sent": health.Sent}
    fields = re.findall(r"`(heard|sent)\.(\w+)`", RUNBOOK)
    assert fields
    assert [name for model, name in fields if name not in models[model].model_fields] == []
    assert {"relay_halted", "refilling", "resending", "quarantined"} <= set(health.Delivery.model_fields)
