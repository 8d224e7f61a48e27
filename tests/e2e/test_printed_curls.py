"""What the demo prints for a reader to type, typed: by bash, against the running system."""

import asyncio
import json
import os
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

from deploy.trial import example, places, records
from deploy.trial.client import Sender, Tokens, open_client
from deploy.trial.commands import NAMES, announce, confirm
from deploy.trial.surroundings import addresses, operate
from tests.e2e.system import System
from tests.eventually import eventually_sync

ROOT = Path(__file__).parents[2]
LISTENERS = ("referral", "family", "monitoring")


async def prepare(system: System, today: date) -> example.Example:
    """The example person, among the organisations of a few records."""
    persons = records.read("0051/3")
    async with open_client() as client:
        sender = Sender(addresses(system.described), Tokens(system.described["issuer"]["url"], client), client)
        for organisation in places.organisations(persons):
            for sent in (announce(organisation), confirm(organisation)):
                await sender.send(sent, uuid5(NAMES, sent.path))
        return await example.prepare(sender, persons, today)


def typed(system: System, line: str) -> str:
    """What bash prints for a line, in this folder; `make` takes the environment as it is and installs nothing."""
    folder = str(Path(system.described["supervisor"]["log"]).parents[1])
    env = os.environ | {"THROUGHCARE_FOLDER": folder}
    quietly = f'make() {{ command make -o .venv/installed "$@"; }}\n{line}'
    done = subprocess.run(["bash", "-c", quietly], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


def test_the_printed_lines_do_what_is_said_of_them(system: System) -> None:
    today = datetime.now(UTC).date()
    made = asyncio.run(prepare(system, today))
    complete, *arriving, referrals, told, untold, figures = [line for _, line in example.walk(made, addresses(system.described), today)]
    before = completed(system, figures)

    answer = typed(system, complete)

    assert answer.startswith("HTTP/1.1 200")
    assert f"programme/{made.person_id}/{made.seq}" in answer
    eventually_sync(lambda: all(system.seen(name, f"programme/{made.person_id}/{made.seq}") == "has-it" for name in LISTENERS), timeout=2)
    assert [json.loads(typed(system, line)) for line in arriving] == [{"state": "has-it"}] * len(LISTENERS)
    (opened,) = items(system, referrals)
    assert (opened["journey_id"], opened["stage"], opened["status"]) == (None, 2, "requested"), "nobody in it before it is accepted"
    assert opened["due_on"] > str(today)
    assert "stage" in {message["topic"] for message in items(system, told)}
    assert items(system, untold) == []
    counts = json.loads(asyncio.run(operate(system.described, "family", "messages")))
    assert sum(counts["stage"].values()) >= 1
    assert completed(system, figures) == before + 1


def items(system: System, line: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(typed(system, line))["items"]
    return found


def completed(system: System, line: str) -> int:
    """The number in `"completed": 46,`; nothing is printed before anybody completed."""
    return int(typed(system, f"{line} || true").strip().rpartition(" ")[2].rstrip(",") or 0)
