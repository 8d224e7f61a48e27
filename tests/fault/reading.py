"""Reads the four databases and the topics by statements of its own, as the owner of each. Judges only whether all is quiet."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.postgres.logins import SERVICES
from shared.database import Connection, connect
from shared.records import KafkaLost
from shared.topics import partitions_of
from tests.fault.evidence import LISTENERS, PUBLISHED, Aside, Evidence, Finding, Heard, Held, Injected, Kept, Logged, OnLog, Partition
from tests.fault.ledger import Ledger
from tests.fault.load import pause

READ_WITHIN = 180.0
Urls = Mapping[str, Mapping[str, str]]

OUTBOX = """
SELECT id, event_id, topic, stream_id, seq, type, body, causation_id, occurred_at FROM outbox
WHERE (topic, stream_id) IN (SELECT topic, stream_id FROM outbox WHERE id > $1) ORDER BY id
"""
COUNTERS = "SELECT topic, stream_id, last_seq FROM stream WHERE (topic, stream_id) IN (SELECT topic, stream_id FROM outbox WHERE id > $1)"
TOLD = "SELECT event_id, topic, stream_id, seq FROM outbox WHERE id > $1"
KEPT = "SELECT key, status, answer, events FROM idempotency WHERE key = ANY($1::text[])"
INBOX = "SELECT topic, stream_id, last_seq, blocked, waiting FROM inbox WHERE stream_id = ANY($1::uuid[])"
ROLLUPS = """
SELECT figure, pathway, stage, to_stage, organisation_id, to_organisation_id, period, outcome, detail, amount, limit_days, units
FROM unit_count
"""
ASIDE = """
SELECT 'parked', topic, stream_id, seq, state || ' ' || reason FROM parked
UNION ALL SELECT 'quarantine', topic || '/' || partition, NULL, log_offset, reason FROM quarantine
UNION ALL SELECT 'halt', topic, NULL, 0, reason FROM halt
"""
SPOKEN = """
SELECT (SELECT count(*) FROM unsent) AS unsent, (SELECT coalesce(max(id), 0) FROM outbox) AS last,
       (SELECT count(*) FROM deadline WHERE due_at <= $1) AS due
"""
SUMS = "SELECT topic, sum(last_seq)::bigint AS total FROM {table} WHERE stream_id <> ALL($1::uuid[]) GROUP BY topic"
POSITIONS = "SELECT topic, partition, next_offset FROM inbox_offset"
SENDING = "SELECT count(*) FROM message WHERE state = 'claimed' OR (state = 'pending' AND due_at <= $1)"

# Table of a service -> the column by which it is read: persons, organisations or instructions of this row.
TABLES: dict[str, dict[str, str]] = {
    "referral": {
        "referral": "person_id",
        "journey": "person_id",
        "spell": "person_id",
        "concern": "person_id",
        "instruction": "instruction_id",
    },
    "programme": {
        "person": "person_id",
        "consent": "person_id",
        "concern": "person_id",
        "organisation": "organisation_id",
    },
    "family": {
        "person": "person_id",
        "organisation": "organisation_id",
        "person_organisation": "person_id",
        "contact": "person_id",
        "message": "person_id",
    },
    "monitoring": {
        "organisation": "organisation_id",
        "person": "person_id",
        "journey": "person_id",
        "spell": "person_id",
        "skip": "person_id",
        "referral": "person_id",
        "relapse": "person_id",
        "concern": "person_id",
        "place_not_found": "person_id",
    },
}


@dataclass
class Mark:
    """Where everything stood when a row of the table began. `log_is_whole`: since then the log was emptied."""

    last_ids: dict[str, int]
    log_ends: dict[Partition, int]
    rollups: Counter[tuple[Any, ...]]
    log_is_whole: bool = False


async def look(urls: Urls, servers: str) -> Mark:
    """The beginning of a row."""
    last_ids = {service: await _value(urls[service]["owner"], "SELECT coalesce(max(id), 0) FROM outbox") for service in SERVICES}
    async with LogReader(servers) as reader:
        ends = await reader.end_offsets(list(reader.assignment()))
    connection = await connect(urls["monitoring"]["owner"])
    try:
        rollups = await _rollups(connection)
    finally:
        await connection.close()
    return Mark(last_ids, {(p.topic, p.partition): end for p, end in ends.items()}, rollups)


async def drained(urls: Urls, injected: Injected, within: float) -> list[Finding]:
    """Wait until nothing is unsent, unheard, due or being sent: seen twice with nothing said in between. Else a finding."""
    until, before = monotonic() + within, None
    connections = {service: await connect(urls[service]["owner"]) for service in SERVICES}
    try:
        while True:
            spoken, left = await _left(connections, injected)
            if not left and spoken == before:
                return []
            if monotonic() > until:
                return [Finding("not-drained", "lost", what) for what in left or ["it never came to rest"]]
            before = spoken
            await pause(0.1)
    finally:
        for connection in connections.values():
            await connection.close()


async def _left(connections: Mapping[str, Connection], injected: Injected) -> tuple[dict[str, int], list[str]]:
    """The last id of every outbox, and what is still under way, in words."""
    made_up = [stream_id for _, stream_id in injected.streams]
    last: dict[str, int] = {}
    said: dict[str, int] = {}
    left: list[str] = []
    for service, connection in connections.items():
        row = await connection.fetchrow(SPOKEN, datetime.now(UTC))
        assert row is not None
        last[service] = row["last"]
        left += [f"{service}: {row[what]} {what}" for what in ("unsent", "due") if row[what]]
        said |= {r["topic"]: r["total"] for r in await connection.fetch(SUMS.format(table="stream"), made_up)}
    for service, connection in connections.items():
        heard = {r["topic"]: r["total"] for r in await connection.fetch(SUMS.format(table="inbox"), made_up)}
        topics = [topic for topic, listeners in LISTENERS.items() if service in listeners]
        left += [
            f"{service} heard {heard.get(topic, 0)} of {said.get(topic, 0)} on {topic}"
            for topic in topics
            if heard.get(topic, 0) != said.get(topic, 0)
        ]
    sending = await connections["family"].fetchval(SENDING, datetime.now(UTC))
    return last, [*left, *([f"family: {sending} messages to be sent"] if sending else [])]


async def all_read(urls: Urls, servers: str) -> bool:
    """Whether every listener's position is the end of the log."""
    async with LogReader(servers) as reader:
        for service in SERVICES:
            connection = await connect(urls[service]["owner"])
            positions = {TopicPartition(topic, number): offset for topic, number, offset in await connection.fetch(POSITIONS)}
            await connection.close()
            ends = await reader.end_offsets(list(positions))
            if any(positions[partition] < end for partition, end in ends.items()):
                return False
    return True


async def read(urls: Urls, servers: str, mark: Mark, ledger: Ledger, injected: Injected) -> Evidence:
    """All of this row: everything of the streams that spoke since `mark`."""
    connections = {service: await connect(urls[service]["owner"]) for service in SERVICES}
    try:
        held = {service: await _held(service, connections[service], mark, ledger) for service in SERVICES}
        outbox = [row for one in held.values() for row in one.outbox]
        await _rows_of(connections, held, outbox)
        told = [row for service in SERVICES for row in await _told(connections[service], service, mark)]
        aside = [aside for service in SERVICES for aside in await _aside(service, connections[service])]
        rollups = await _rollups(connections["monitoring"])
    finally:
        for connection in connections.values():
            await connection.close()
    log = await read_log(servers, mark)
    return Evidence(ledger.entries, ledger.alarms, held, log, told, aside, injected, mark.last_ids, mark.rollups, rollups)


async def _held(service: str, connection: Connection, mark: Mark, ledger: Ledger) -> Held:
    since = mark.last_ids[service]
    rows = await connection.fetch(OUTBOX, since)
    outbox = [Logged(service, **{**row, "body": orjson.loads(row["body"])}) for row in rows]
    counters = {(row["topic"], row["stream_id"]): row["last_seq"] for row in await connection.fetch(COUNTERS, since)}
    keys = [entry.key for entry in ledger.entries if entry.command.service == service]
    return Held(outbox, counters, [Kept(*row) for row in await connection.fetch(KEPT, keys)])


async def _told(connection: Connection, service: str, mark: Mark) -> list[OnLog]:
    """What must be on the log: this row's facts, and all there ever were once the log was emptied."""
    return [OnLog(*row) for row in await connection.fetch(TOLD, 0 if mark.log_is_whole else mark.last_ids[service])]


async def _rows_of(connections: Mapping[str, Connection], held: Mapping[str, Held], outbox: Sequence[Logged]) -> None:
    """Inboxes, and the tables that events fill, of everybody these events are about."""
    streams = sorted({row.stream_id for row in outbox})
    for service, connection in connections.items():
        heard = await connection.fetch(INBOX, streams)
        held[service].inbox = {(row["topic"], row["stream_id"]): Heard(*tuple(row)[2:]) for row in heard}
        for table, column in TABLES[service].items():
            found = await connection.fetch(f"SELECT * FROM {table} WHERE {column} = ANY($1::uuid[])", streams)
            held[service].rows[table] = [dict(row) for row in found]
    contacts = [row["contact_id"] for row in held["family"].rows["contact"]]
    permissions = await connections["family"].fetch("SELECT * FROM permission WHERE contact_id = ANY($1::uuid[])", contacts)
    held["family"].rows["permission"] = [dict(row) for row in permissions]
    addresses = await connections["family"].fetch("SELECT * FROM contact_address WHERE contact_id = ANY($1::uuid[])", contacts)
    held["family"].rows["contact_address"] = [dict(row) for row in addresses]


async def _aside(service: str, connection: Connection) -> list[Aside]:
    return [Aside(row[0], service, *tuple(row)[1:]) for row in await connection.fetch(ASIDE)]


async def _rollups(connection: Connection) -> Counter[tuple[Any, ...]]:
    return Counter({tuple(row)[:-1]: row["units"] for row in await connection.fetch(ROLLUPS)})


async def _value(url: str, sql: str) -> int:
    connection = await connect(url)
    try:
        value: int = await connection.fetchval(sql)
        return value
    finally:
        await connection.close()


async def all_partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """As many as each topic has now: a row moves them."""
    return [TopicPartition(*place) for place in await partitions_of(consumer, (topic for topics in PUBLISHED.values() for topic in topics))]


@dataclass
class LogReader:
    """A consumer of all topics that commits nothing. Raises KafkaLost while a topic is not made again."""

    servers: str
    _consumer: AIOKafkaConsumer | None = field(default=None)

    async def __aenter__(self) -> AIOKafkaConsumer:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False)
        await self._consumer.start()
        try:
            self._consumer.assign(await all_partitions(self._consumer))
        except KafkaLost:
            await self._consumer.stop()
            raise
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        assert self._consumer is not None
        await self._consumer.stop()


async def read_log(servers: str, mark: Mark) -> list[OnLog]:
    """Every readable record since the mark, each partition's in order."""
    records: list[OnLog] = []
    async with LogReader(servers) as reader:
        beginnings = await reader.beginning_offsets(list(reader.assignment()))
        ends = await reader.end_offsets(list(reader.assignment()))
        left = {}
        for partition, end in ends.items():
            start = max(beginnings[partition], mark.log_ends.get((partition.topic, partition.partition), 0))
            if start < end:
                left[partition] = end
                reader.seek(partition, start)
        reader.pause(*(partition for partition in ends if partition not in left))
        async with asyncio.timeout(READ_WITHIN):
            while left:
                for partition, found in (await reader.getmany(timeout_ms=200, max_records=5_000)).items():
                    records += [parsed for record in found if (parsed := _parsed(record)) is not None]
                    if found[-1].offset + 1 >= left.get(partition, 0):
                        left.pop(partition, None)
    return records


def _parsed(record: Any) -> OnLog | None:
    named = dict(record.headers)
    try:
        return OnLog(UUID(named["ce_id"].decode()), record.topic, UUID(named["ce_subject"].decode()), int(named["ce_sequence"].decode()))
    except (KeyError, ValueError, AttributeError):
        return None
