"""The replay: four persons at a time, each person's commands in order, some of them twice. What is sent is commands.py's, how is
client.py's.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from deploy.trial import made_up, mapping, places
from deploy.trial.client import Command, GaveUp, Sender
from deploy.trial.commands import NAMES, Ids, announce, command, confirm, key_of
from deploy.trial.dates import calendar
from deploy.trial.records import Person

SESSIONS = 4
TWICE_EVERY = 20
PROBLEMS_SHOWN = 5


@dataclass
class Replay:
    """One run over some persons; `progressed` is called with the number of commands answered for a person who is done."""

    sender: Sender
    today: date
    twice: bool
    progressed: Callable[[int], None]
    problems: list[str] = field(default_factory=list)
    sent: int = 0
    sent_twice: int = 0
    answered_differently: int = 0

    async def run(self, persons: list[Person]) -> None:
        """Organisations first, then everybody. A person with a refused command is left there and told in `problems`; others go on."""
        for organisation in places.organisations(persons):
            await self._send(announce(organisation), uuid5(NAMES, organisation.code))
            await self._send(confirm(organisation), uuid5(NAMES, f"{organisation.code}/confirmation"))
        queue = iter(persons)
        async with asyncio.TaskGroup() as sessions:
            for _ in range(SESSIONS):
                sessions.create_task(self._session(queue))

    async def _session(self, queue: Iterator[Person]) -> None:
        for person in queue:
            if self.sender.stopping.is_set() or len(self.problems) >= PROBLEMS_SHOWN:
                return
            try:
                await self._replay(person)
            except GaveUp as problem:
                self.problems.append(f"{person.code}: {problem}")

    async def _replay(self, person: Person) -> None:
        steps = made_up.with_contacts(person, mapping.steps(person))
        region = made_up.region(places.clinic(person).site)
        ids = Ids(person, calendar(person, self.today, steps[-1].day), region, {})
        for number, step in enumerate(steps):
            ids.learn(step, await self._send(command(step, ids), key_of(person, number, step)))
        self.progressed(len(steps))

    async def _send(self, what: Command, key: UUID) -> dict[str, Any]:
        """Send; then, for every twentieth command (or each), send the same again with the same key: the answer may not differ."""
        answer: dict[str, Any] = await self.sender.send(what, key)
        self.sent += 1
        if self.twice or self.sent % TWICE_EVERY == 0:
            self.sent_twice += 1
            self.answered_differently += await self.sender.send(what, key) != answer
        return answer


def count_commands(persons: list[Person]) -> int:
    """How many commands the replay of these persons takes, organisations and copies apart."""
    return sum(len(made_up.with_contacts(person, mapping.steps(person))) for person in persons)
