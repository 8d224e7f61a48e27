"""Permissions revoked while mails under them are claimed and sent: the commands and their schedule. Judges nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.database import Connection, connect
from tests.eventually import eventually
from tests.fault.load import Load, pause
from tests.fault.steps import done, journey_opened, stage_started
from tests.fault.walks import Clinic

REVOKERS = 4
NEXT = 16
"""How many of the messages that are claimed now or next a revocation is drawn from: two senders have eight on their way."""
LONGEST_PAUSE = 0.04
WAITING = "SELECT contact_id::text FROM message WHERE state IN ('claimed', 'pending') ORDER BY due_at, message_id"


@dataclass
class Queue:
    """The contacts whose message is being sent or waits, those first that come first."""

    connection: Connection
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self) -> list[str]:
        async with self.lock:
            return [row["contact_id"] for row in await self.connection.fetch(WAITING)]


@asynccontextmanager
async def queue_of(url: str) -> AsyncIterator[Queue]:
    """`url`: of family's database."""
    connection = await connect(url)
    try:
        yield Queue(connection)
    finally:
        await connection.close()


@dataclass
class Mails:
    """How many mails the sink took since."""

    file: Path
    before: int = field(init=False)

    def __post_init__(self) -> None:
        self.before = self._lines()

    def count(self) -> int:
        return self._lines() - self.before

    def _lines(self) -> int:
        return self.file.read_bytes().count(b"\n") if self.file.exists() else 0


async def revoke_while_sending(load: Load, queue: Queue, persons: int, contacts: int) -> None:
    """Each contact is mailed of one start; each permission is revoked once, most about when its message is claimed."""
    clinic = load.about.clinic(1)
    async with asyncio.TaskGroup() as tasks:
        begun = [tasks.create_task(_a_person(load, clinic, contacts)) for _ in range(persons)]
    permitted = {contact: permission for task in begun for contact, permission in task.result()[1].items()}
    async with asyncio.TaskGroup() as tasks:
        for task in begun:
            tasks.create_task(stage_started(load, clinic, task.result()[0]))
        await eventually(queue, 30)
        for _ in range(REVOKERS):
            tasks.create_task(_revoke(load, clinic, permitted, queue))


async def _a_person(load: Load, clinic: Clinic, contacts: int) -> tuple[str, dict[str, str]]:
    """The journey, and contact -> permission."""
    person_id, journey_id = await journey_opened(load, clinic)
    async with asyncio.TaskGroup() as tasks:
        permitted = [tasks.create_task(_a_contact(load, clinic, person_id)) for _ in range(contacts)]
    return journey_id, dict(task.result() for task in permitted)


async def _a_contact(load: Load, clinic: Clinic, person_id: str) -> tuple[str, str]:
    email = f"contact-{load.chance.getrandbits(48):012x}@example.org"
    body: dict[str, object] = {"name": "contact", "relation": "parent", "kind": "family", "language": "ru", "email": email}
    contact_id = await done(load, clinic.command("contact", "POST", f"family/persons/{person_id}/contacts", body))
    given: dict[str, object] = {"topics": ["stage"], "channels": ["inbox", "email"], "until": None, "given_by": "person"}
    permit = clinic.command("permit", "POST", f"family/contacts/{contact_id}/permissions", given | {"given_on": load.about.ago(0)})
    return contact_id, await done(load, permit)


async def _revoke(load: Load, clinic: Clinic, left: dict[str, str], queue: Queue) -> None:
    """One that is about to be mailed, after the other; when none is, those that have been."""
    while left:
        due = [contact for contact in await queue() if contact in left][:NEXT]
        if not left:
            return
        contact = load.chance.choice(due or sorted(left))
        path = f"family/contacts/{contact}/permissions/{left.pop(contact)}/revocation"
        await done(load, clinic.command("revoke", "POST", path, {}, None))
        if due:
            await pause(load.chance.uniform(0, LONGEST_PAUSE))
