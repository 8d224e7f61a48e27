"""A service with one bug that looks right, and the schedule that brings it out: `python -m tests.fault.seeded BUG SERVICE ROLE`.

Nine bugs, each a patch of the product made before its own `main` runs. The schedules change when things happen, never what is done:
`none` runs the right product under all of them. What catches the bugs: rows/test_seeded_bugs.py. Source: delivery design, section 8.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

import shared.process
from services.family.channel import service as channels
from services.family.channel.email import MailServer
from services.family.contact import service as contacts
from services.family.message import sender, service, store
from services.family.message.service import Claim
from services.family.message.wording import WORDING
from shared import kafka, points
from shared.database import Connection, Database, Tx
from shared.delivery import inbox, offsets, outbox
from shared.delivery.consumer import Listening
from shared.delivery.inbox import Batch, Position
from shared.delivery.offsets import Place
from shared.delivery.relay import Relay, Sender, outgoing
from shared.events.envelope import Envelope
from shared.kafka import Consumer, Producer
from shared.records import Outgoing, Record
from tests.wrong_relays import DeletesBehindAFailure

TOLD = "SEEDED"
"""Names the folder in which a file SERVICE-ROLE.dies or SERVICE-ROLE.freezes says that the next batch is to meet that end."""


def put(owner: Any, **named: object) -> None:
    """Patch a module or a class."""
    for name, value in named.items():
        assert hasattr(owner, name), f"{owner} has no {name} any more"
        setattr(owner, name, value)


async def pause(seconds: float) -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), seconds)
    except TimeoutError:
        return


# Bugs of the relay.


class GreaterThanTheLastId(Relay):
    """Remembers how far it came instead of what is left: skips whoever committed late with a low id."""

    last = 0

    async def send_once(self, connection: Connection, producer: Sender) -> int:
        rows = await connection.fetch("SELECT * FROM outbox WHERE id > $1 ORDER BY id LIMIT 1000", self.last)
        if rows:
            if None in await producer.send([outgoing(row) for row in rows]):
                return 0
            self.last = rows[-1]["id"]
            await connection.execute("DELETE FROM unsent WHERE id <= $1", self.last)
        return len(rows)


FREE = "SELECT id FROM (SELECT id FROM unsent ORDER BY id LIMIT 8) AS q WHERE pg_try_advisory_xact_lock(id) LIMIT 1"
SLOWER = 0.01
"""Seconds by which each of the relays rests longer before it sends."""


class SkipsLocked(Relay):
    """Four at once, each taking what no other holds; by advisory locks, since a worker's login may not lock rows of the queue.

    Each is slower than the one before it, as a busy machine would have it. At equal speed they sometimes kept the order by chance.
    """

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(self._one(number * SLOWER))

    async def _one(self, slow: float) -> None:
        producer = await self.producer()
        while not self.stopping.is_set():
            async with self.database.transaction() as tx:
                found = await tx.connection.fetch(FREE)
                ids = [row["id"] for row in found]
                rows = await tx.connection.fetch("SELECT * FROM outbox WHERE id = ANY($1::bigint[])", ids)
                await pause(slow)
                answers = await producer.send([outgoing(row) for row in rows])
                sent = [number for number, answer in zip(ids, answers, strict=True) if answer is not None]
                await tx.connection.execute("DELETE FROM unsent WHERE id = ANY($1::bigint[])", sent)
            await pause(0 if ids else 0.02)
        await producer.stop()


def relay(wrong: type[Relay]) -> Callable[[], None]:
    def seed() -> None:
        put(shared.process, Relay=wrong)

    return seed


# Bugs of the consumer.


def no_inbox() -> None:
    """Whatever arrives is handled, however often."""

    async def take(self: Batch, envelope: Envelope) -> None:
        await self._handle(envelope, self.positions[(envelope.topic, envelope.stream_id)])

    put(Batch, take=take)


def offset_before_commit() -> None:
    """Where to read on is written down before what was read has taken effect."""
    right = Listening._in_one_transaction

    async def too_early(self: Listening, readable: Any, unreadable: Any, records: Sequence[Record], *rest: Any) -> Batch:
        async with self.database.transaction() as tx:
            await offsets.save(tx, offsets.ends_of(records), self.places)
        return await right(self, readable, unreadable, records, *rest)

    put(Listening, _in_one_transaction=too_early)


def auto_commit() -> None:
    """Kafka's committed offset decides, and the client commits it by itself now and then."""

    def consumer(**options: Any) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(**options | {"enable_auto_commit": "group_id" in options, "auto_commit_interval_ms": 100})

    async def take_up(self: Listening, client: Consumer) -> None:
        for partition in sorted(client.fresh):
            start = await client._client.committed(TopicPartition(*partition)) or 0
            self.places[partition], self.positions[partition] = Place(start), start
            client.seek(*partition, start)
        self.took_up = True

    put(kafka, AIOKafkaConsumer=consumer)
    put(Listening, _take_up=take_up)


def latest_reset() -> None:
    """Who has no position yet begins at the end."""
    right = offsets.start_of

    def start_of(stored: int | None, beginning: int, end: int) -> int | None:
        return end if stored is None else right(stored, beginning, end)

    put(offsets, start_of=start_of)


def missing_stream_lock() -> None:
    """The positions are read, not claimed."""
    wanted = "(SELECT * FROM unnest($1::text[], $2::uuid[]))"
    claim = f"""
    WITH new AS (
        INSERT INTO inbox (topic, stream_id, last_seq) SELECT topic, stream_id, 0
        FROM unnest($1::text[], $2::uuid[]) AS s(topic, stream_id) ORDER BY 1, 2 ON CONFLICT DO NOTHING
        RETURNING topic, stream_id, last_seq, blocked, waiting
    )
    SELECT * FROM new UNION ALL SELECT topic, stream_id, last_seq, blocked, waiting FROM inbox WHERE (topic, stream_id) IN {wanted}
    """
    put(inbox, CLAIM=claim)


# A bug of the sender.


def send_before_the_check() -> None:
    """The mail goes out first; then it is looked up whether it may."""

    async def claim_next(database: Database) -> tuple[bool, Claim | None]:
        async with database.transaction() as tx:
            due = await store.find_due(tx, channels.list_sending())
            contact = await contacts.find_unchecked(tx, due.contact_id) if due else None
        if due and contact and due.channel in contact.addresses:
            return True, Claim(due.message_id, due, contact.addresses[due.channel], contact.language)
        async with database.transaction() as tx:
            found = await service.claim_next(tx)
            await outbox.write(tx)
        return found

    async def hand_over(database: Database, claim: Claim, senders: sender.Senders, stopping: asyncio.Event) -> None:
        channel = channels.get_channel(claim.message.channel)
        await senders[channel.name](claim.address, *WORDING.leaving(channel, claim.language))
        async with database.transaction() as tx:
            _, checked = await service.claim_next(tx)
            await outbox.write(tx)
        if checked:
            async with database.transaction() as tx:
                await service.settle(tx, checked, "accepted")

    put(sender, HANDS=1, claim_next=claim_next, hand_over=hand_over)


# Schedules: the right product is to bear all of them.


def late_commits() -> None:
    """Every fifth transaction with events commits a moment after it has taken its numbers."""
    right, numbers = outbox.write, count(1)

    async def write(tx: Tx, *rest: Any) -> str | None:
        places = await right(tx, *rest)
        if places and next(numbers) % 5 == 0:
            await pause(0.2)
        return places

    put(outbox, write=write)


def partial_failures() -> None:
    """Of a slice of the relay the first record that another of its stream follows is not written, once each; every second slice is slow."""
    right, numbers, lost_before = Producer.send, count(1), set[bytes]()

    async def send(self: Producer, records: Sequence[Outgoing]) -> list[int | None]:
        if next(numbers) % 2:
            await pause(0.03)
        lost = _followed(records)
        if lost is None or records[lost].value in lost_before:
            return await right(self, records)
        lost_before.add(records[lost].value)
        answers = await right(self, [record for n, record in enumerate(records) if n != lost])
        return [*answers[:lost], None, *answers[lost:]]

    put(Producer, send=send)


def _followed(records: Sequence[Outgoing]) -> int | None:
    """The place of a record that another of its stream follows."""
    places = ((record.topic, record.key) for record in records)
    seen: dict[tuple[str, bytes], int] = {}
    for n, place in enumerate(places):
        if place in seen:
            return seen[place]
        seen[place] = n
    return None


def told_ends(process: str) -> None:
    """A batch in the middle of which the process dies, half a second late, or is frozen, when a file says so.

    Frozen over streams it has met before, whose rows it has not changed; thawed it commits that batch and dies.
    """
    right_apply, right_claim, folder = inbox.apply, inbox.claim, Path(os.environ[TOLD])

    async def apply(*given: Any, **named: Any) -> Batch:
        batch = await right_apply(*given, **named)
        if batch.applied and _is_told(folder / f"{process}.dies"):
            await pause(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    async def claim(tx: Tx, streams: set[inbox.Stream]) -> dict[inbox.Stream, Position]:
        positions = await right_claim(tx, streams)
        if all(position.last_seq for position in positions.values()) and _is_told(folder / f"{process}.freezes"):
            os.kill(os.getpid(), signal.SIGSTOP)
            points.arm("after-batch-commit:1")
        return positions

    put(inbox, apply=apply, claim=claim)


def _is_told(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def slow_mails() -> None:
    """Handing a mail over takes a while."""
    right = MailServer.send

    async def send(self: MailServer, to: str, subject: str, text: str) -> Any:
        await pause(0.1)
        return await right(self, to, subject, text)

    put(MailServer, send=send)


BUGS: dict[str, Callable[[], None]] = {
    "id-cursor-relay": relay(GreaterThanTheLastId),
    "skip-locked-relays": relay(SkipsLocked),
    "no-inbox": no_inbox,
    "offset-before-commit": offset_before_commit,
    "auto-commit": auto_commit,
    "latest-reset": latest_reset,
    "missing-stream-lock": missing_stream_lock,
    "send-before-the-check": send_before_the_check,
    "deletes-behind-a-failure": relay(DeletesBehindAFailure),
    "none": lambda: None,
}


def main(arguments: Iterable[str]) -> None:
    """The service's own `main` with bug and schedules in place."""
    bug, name, role = arguments
    late_commits()
    partial_failures()
    slow_mails()
    told_ends(f"{name}-{role}")
    BUGS[bug]()
    sys.argv = [f"services.{name}", role]
    shared.process.main(importlib.import_module(f"services.{name}.__main__").SERVICE)


if __name__ == "__main__":
    main(sys.argv[1:])
