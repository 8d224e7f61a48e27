"""What a year of journeys says on the topics: the events of many persons, mixed as they would arrive. Made up; seeded."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from aiokafka import AIOKafkaProducer

from shared.events import Event
from shared.events.envelope import Envelope
from shared.events.programme import JourneyCompleted, JourneyOpened, StageCompleted, StageLeft, StageStarted
from shared.events.referral import ReferralAnswered, ReferralOpened
from shared.kafka import PARTITIONS, Outgoing, partition_of
from tests.harness import stream_of

FIRST_DAY = date(2025, 1, 1)
ORGANISATIONS = [UUID(int=(0x4000 << 64) | (0x8000 << 48) | number) for number in range(1, 61)]
"""The same in every history, so that histories of other persons add up to one."""
LAST_STAGE = 5
Dated = tuple[date, Event]
Item = TypeVar("Item")


@dataclass
class Chance:
    """Seeded randomness: the same seed gives the same history."""

    random: random.Random

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def days(self, most: int) -> timedelta:
        return timedelta(days=self.random.randint(1, most))


def history(persons: int, seed: int = 1) -> list[Envelope]:
    """About nine events a person, in the order of their days; numbered on in their streams."""
    chance = Chance(random.Random(seed))
    dated = [fact for _ in range(persons) for fact in _journey(chance)]
    dated.sort(key=lambda fact: fact[0])
    lasts: Counter[tuple[str, UUID]] = Counter()
    return [_envelope(chance, lasts, day, event) for day, event in dated]


def _journey(chance: Chance) -> Iterator[Dated]:
    """One person's way through the stages, as far as it goes."""
    person_id, journey_id, day = chance.id(), chance.id(), FIRST_DAY + timedelta(days=chance.random.randrange(300))
    organisation_id = chance.random.choice(ORGANISATIONS)
    whose = {"person_id": person_id, "journey_id": journey_id}
    yield day, JourneyOpened(**whose, pathway="addiction-rehabilitation", version=1, organisation_id=organisation_id, opened_on=day)
    for stage in range(1, LAST_STAGE + 1):
        where = {**whose, "stage": stage, "spell": 1, "organisation_id": organisation_id}
        day += chance.days(5)
        yield day, StageStarted(**where, started_on=day)
        day += chance.days(30)
        if chance.random.random() < 0.2:
            yield day, StageLeft(**where, how="dropped-out", left_on=day)
            return
        organisation_id = chance.random.choice(ORGANISATIONS)
        yield day, StageCompleted(**where, completed_on=day, next_organisation_id=organisation_id if stage < LAST_STAGE else None)
        if stage < LAST_STAGE:
            yield from _referral(chance, {**whose, "stage": stage + 1}, day, organisation_id)
            if chance.random.random() < 0.15:
                return
    yield day, JourneyCompleted(**whose, completed_on=day)


def _referral(chance: Chance, whose: dict[str, UUID | int], day: date, organisation_id: UUID) -> Iterator[Dated]:
    request = {**whose, "referral_id": chance.id()}
    yield (
        day,
        ReferralOpened(
            **request, from_organisation_id=None, to_organisation_id=organisation_id, region="UZ-TK", origin="completion", due_on=day
        ),
    )
    yield day, ReferralAnswered(**request, organisation_id=organisation_id, answer="accepted", reason=None, in_time=True)


def _envelope(chance: Chance, lasts: Counter[tuple[str, UUID]], day: date, event: Event) -> Envelope:
    stream = (event.topic, stream_of(event))
    lasts[stream] += 1
    at = datetime.combine(day, time(9), UTC)
    return Envelope(
        event_id=chance.id(),
        topic=event.topic,
        stream_id=stream[1],
        seq=lasts[stream],
        type=event.type,
        occurred_at=at,
        recorded_at=at,
        correlation_id=chance.id(),
        causation_id=None,
        traceparent=None,
        log_epoch=0,
        body=event.model_dump_json().encode(),
    )


def outgoing(envelope: Envelope, topic: str) -> Outgoing:
    """As the relay sends it, but on this topic."""
    key = str(envelope.stream_id).encode()
    return Outgoing(topic, partition_of(key, PARTITIONS), key, envelope.body, envelope.headers())


async def publish(bootstrap_servers: str, envelopes: Sequence[Envelope], prefix: str) -> None:
    """Put all on topics of a path's own, `prefix` before their names, each once and in order within a stream."""
    client = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True)
    await client.start()
    records = [outgoing(envelope, prefix + envelope.topic) for envelope in envelopes]
    sending = [await client.send(r.topic, r.value, r.key, r.partition, headers=r.headers) for r in records]
    await asyncio.gather(*sending)
    await client.stop()


def slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in pieces of `size`, the last one shorter."""
    return (items[begin : begin + size] for begin in range(0, len(items), size))
