"""Events that cannot take effect and records that are no events: only their streams stop, and a person puts each right.

Source: the fault table of the ledger test; delivery section 4.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from uuid import UUID, uuid4

import orjson

from deploy.postgres.logins import SERVICES
from shared.database import connect
from shared.events.envelope import Envelope
from shared.events.event import Event
from shared.events.family import SupportScored
from shared.events.monitoring import InstructionClosed
from shared.events.programme import RelapseAssessed, WithdrawalScored
from shared.kafka import PARTITIONS, partition_of
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.knowing import wire_type
from tests.fault.load import Load
from tests.fault.reading import drained
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment, until_heard
from tests.harness import an_envelope
from tests.topic_log import Headers, write_raw

RATE = 30.0
HEARD_BY = {"monitoring": "referral", "programme.restricted": "monitoring", "family.restricted": "monitoring"}
"""Topics that one service alone listens to: one stream, one place where it stops."""
HALTING = "programme.restricted"
WELL_BEHIND = 2
MEGABYTE = 1_000_000
TOO_LARGE = 40_000
"""For a stage: fits the model and no column."""

PARKED = "SELECT DISTINCT topic, stream_id FROM parked WHERE state <> 'waiting'"
QUARANTINED = "SELECT topic, partition, log_offset FROM quarantine"
STANDS = "SELECT last_seq FROM inbox WHERE topic = $1 AND stream_id = $2 AND NOT blocked AND NOT waiting"
HALTED = "SELECT topic FROM halt"
KNOWN = """
INSERT INTO outbox (event_id, topic, stream_id, seq, type, body, correlation_id, occurred_at)
VALUES ($1, $2, $3, $4, $5, '{}', gen_random_uuid(), clock_timestamp())
"""
FORGOTTEN = "DELETE FROM outbox WHERE topic = $1 AND stream_id = $2"

Raw = tuple[Headers, bytes]


def fact(topic: str, stream_id: UUID) -> Event:
    """One that changes nothing where it is heard."""
    on = date(2026, 1, 5)
    facts: dict[str, Event] = {
        "monitoring": InstructionClosed(instruction_id=stream_id),
        "programme.restricted": WithdrawalScored(person_id=stream_id, journey_id=stream_id, stage=1, on=on, score=1),
        "family.restricted": SupportScored(person_id=stream_id, relation="parent", kind="visit", times=1),
    }
    return facts[topic]


@dataclass(frozen=True)
class Stopped:
    """A made-up stream whose first event cannot take effect, with well ones behind it. `is_learnt`: a later version knows the first."""

    topic: str
    wire_type: str
    body: bytes
    is_learnt: bool = False
    stream_id: UUID = field(default_factory=uuid4)

    @property
    def listener(self) -> str:
        return HEARD_BY[self.topic]

    @property
    def owner(self) -> str:
        return owner_of(self.topic)

    @property
    def partition(self) -> int:
        return partition_of(str(self.stream_id).encode())

    def envelopes(self) -> list[Envelope]:
        well = fact(self.topic, self.stream_id)
        events = [(self.wire_type, self.body), *[(well.type, well.model_dump_json().encode())] * WELL_BEHIND]
        return [an_envelope(self.topic, self.stream_id, seq, *event) for seq, event in enumerate(events, 1)]


def owner_of(topic: str) -> str:
    return topic.partition(".")[0]


def stopped_on(topic: str) -> list[Stopped]:
    """A body that fits no model, one of a megabyte, and a type that nobody knows yet."""
    known = fact(topic, uuid4()).type
    return [
        Stopped(topic, known, orjson.dumps({"person_id": "nobody"})),
        Stopped(topic, known, orjson.dumps({"filler": "x" * MEGABYTE})),
        Stopped(topic, wire_type(topic), orjson.dumps({"what": "later"}), is_learnt=True),
    ]


def malformed_on(topic: str) -> list[Raw]:
    """An attribute missing, one unreadable, and a body that is none."""
    well = fact(topic, uuid4())
    body = well.model_dump_json().encode()
    headers = an_envelope(topic, uuid4(), 1, well.type, body).headers()
    return [
        ([(name, value) for name, value in headers if name != "ce_subject"], body),
        ([(name, b"no-uuid" if name == "ce_id" else value) for name, value in headers], body),
        (headers, b"not json"),
    ]


async def test_poison(ground: Ground, size: Size, chance: Random) -> None:
    times, count = size.of(1), 0
    async with ground.under_load(RATE) as load:
        await load.until_more(50, 60)
        for _ in range(times):
            stopped = [each for topic in HEARD_BY for each in stopped_on(topic)]
            await written(ground, stopped)
            malformed = await quarantined(ground, chance)
            await only_these_stopped(ground, load, stopped)
            await put_right(ground, stopped)
            count += len(stopped) + malformed + await sixth_halts(ground, load)
    await drained(ground.urls, ground.injected, 60)
    await forgotten(ground)
    await ground.judged("poison: unfit, malformed, unknown, 1 MB, breaking", count)
    ground.is_clean = False  # strangers lie on the log now: at its next new producer a relay would halt, as it must


async def written(ground: Ground, stopped: Iterable[Stopped]) -> None:
    """As a broken version of their owner would tell them: it knows their ids, so that its relay takes none for a stranger's."""
    for each in stopped:
        ground.injected.streams.add((each.topic, each.stream_id))
        envelopes = each.envelopes()
        for envelope in envelopes:
            await looked(ground, each.owner, KNOWN, envelope.event_id, each.topic, each.stream_id, envelope.seq, envelope.type)
        records = [(envelope.headers(), envelope.body) for envelope in envelopes]
        await write_raw(ground.parts.kafka.bootstrap_servers, each.topic, each.partition, *records)


async def forgotten(ground: Ground) -> None:
    """What the owners were made to know is no version of theirs, and none of what is judged."""
    for topic, stream_id in ground.injected.streams:
        await looked(ground, owner_of(topic), FORGOTTEN, topic, stream_id)


async def quarantined(ground: Ground, chance: Random) -> int:
    """Each of the three kinds on each topic; answers how many."""
    where = set()
    for topic in HEARD_BY:
        partition = chance.randrange(PARTITIONS)
        offsets = await write_raw(ground.parts.kafka.bootstrap_servers, topic, partition, *malformed_on(topic))
        where |= {(topic, partition, offset) for offset in offsets}
    ground.injected.records |= where

    async def all_there() -> bool:
        found = {tuple(row) for service in set(HEARD_BY.values()) for row in await looked(ground, service, QUARANTINED)}
        return where <= found

    await eventually(all_there, 30)
    return len(where)


async def looked(ground: Ground, service: str, sql: str, *arguments: object) -> list[tuple[object, ...]]:
    database = await connect(ground.urls[service]["owner"])
    try:
        return [tuple(row) for row in await database.fetch(sql, *arguments)]
    finally:
        await database.close()


async def parked(ground: Ground) -> set[tuple[object, ...]]:
    return {row for service in SERVICES for row in await looked(ground, service, PARKED)}


async def only_these_stopped(ground: Ground, load: Load, stopped: Iterable[Stopped]) -> None:
    """They are parked, nothing else is, and what is told meanwhile takes effect everywhere."""
    wanted, since = {(each.topic, each.stream_id) for each in stopped}, moment()
    await eventually(lambda: are_parked(ground, wanted), 30)
    await load.until_more(40, 60)
    at = moment()
    for service in SERVICES:
        await until_heard(ground.urls, service, since, at)
    assert await parked(ground) == wanted


async def are_parked(ground: Ground, wanted: set[tuple[str, UUID]]) -> bool:
    return wanted <= await parked(ground)


async def put_right(ground: Ground, stopped: list[Stopped]) -> None:
    """Topic by topic side by side; afterwards each stream stands behind its last event."""
    async with asyncio.TaskGroup() as tasks:
        for topic in HEARD_BY:
            tasks.create_task(each_put_right(ground, [each for each in stopped if each.topic == topic]))
    for each in stopped:
        stands = await looked(ground, each.listener, STANDS, each.topic, each.stream_id)
        assert stands == [(1 + WELL_BEHIND,)], f"{each.topic} {each.stream_id}: {stands}"
    assert not {(each.topic, each.stream_id) for each in stopped} & await parked(ground)


async def each_put_right(ground: Ground, stopped: list[Stopped]) -> None:
    for each in stopped:
        if each.is_learnt:
            await ground.operate(each.listener, each.listener, "replay", each.topic, str(each.stream_id), module="tests.fault.knowing")
        else:
            await discarded(ground, each)


async def discarded(ground: Ground, stopped: Stopped) -> None:
    """Proposed by one person, confirmed by another."""
    place = ("discard", stopped.topic, str(stopped.stream_id), "1")
    await ground.operate(stopped.listener, *place, "--reason", "injected-by-test", sub="operator-1")
    await ground.operate(stopped.listener, *place, "--confirm", sub="operator-2")


async def sixth_halts(ground: Ground, load: Load) -> int:
    """Six streams whose event breaks the handler: five are parked, the sixth halts the topic. One put right, it resumes."""
    six = [breaking() for _ in range(6)]
    listener = HEARD_BY[HALTING]
    await written(ground, six)
    await eventually(lambda: is_halted(ground, listener), 30)
    since = moment()
    await load.until_more(40, 60)
    at = moment()
    for service in SERVICES:
        if service != listener:
            await until_heard(ground.urls, service, since, at)
    found = await parked(ground)
    aside = [each for each in six if (each.topic, each.stream_id) in found]
    assert len(found) == len(aside) == 5
    await discarded(ground, aside[0])
    await ground.operate(listener, "resume", HALTING)
    left = [each for each in six if each != aside[0]]
    await eventually(lambda: are_parked(ground, {(each.topic, each.stream_id) for each in left}), 30)
    await put_right(ground, left)
    return len(six)


async def is_halted(ground: Ground, listener: str) -> bool:
    return (HALTING,) in await looked(ground, listener, HALTED)


def breaking() -> Stopped:
    nobody = uuid4()
    event = RelapseAssessed(
        person_id=nobody,
        relapse_id=nobody,
        journey_id=nobody,
        stage=TOO_LARGE,
        spell=1,
        organisation_id=nobody,
        definition="consecutive-4-from-week-3",
        week=None,
        known_on=date(2026, 1, 5),
    )
    return Stopped(HALTING, event.type, event.model_dump_json().encode())
