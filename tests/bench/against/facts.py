"""The events both commits are sent: the same bytes for both, with no field that the older cannot know. Made up; seeded."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from aiokafka import AIOKafkaProducer

from shared.events.envelope import Envelope
from tests.bench.history import ORGANISATIONS, history

FIRST_FIELDS = {
    "journey_opened": ("person_id", "journey_id", "pathway", "version", "organisation_id", "opened_on"),
    "stage_started": ("person_id", "journey_id", "stage", "spell", "organisation_id", "started_on"),
    "stage_completed": ("person_id", "journey_id", "stage", "spell", "organisation_id", "completed_on", "next_organisation_id"),
    "stage_left": ("person_id", "journey_id", "stage", "spell", "organisation_id", "left_on", "how"),
    "journey_completed": ("person_id", "journey_id", "completed_on"),
    "referral_opened": (
        *("person_id", "referral_id", "journey_id", "stage", "from_organisation_id", "to_organisation_id"),
        *("region", "origin", "due_on"),
    ),
    "referral_answered": ("person_id", "referral_id", "journey_id", "stage", "organisation_id", "answer", "reason", "in_time"),
}
"""The fields each event had in its first form. What was added since is optional, so that every commit reads these."""

CLINIC, CENTRE = ORGANISATIONS[:2]
REGIONS = ("UZ-TK", "UZ-SA", "UZ-AN", "UZ-BU", "UZ-FA", "UZ-JI", "UZ-NG", "UZ-NW", "UZ-QA", "UZ-QR", "UZ-SI", "UZ-SU", "UZ-TO", "UZ-XO")
PROGRAMMES = ("detoxification", "naltrexone", "rehabilitation", "community", "resocialization")
PATHWAY = "addiction-rehabilitation"
NAMES = UUID("6e1e9a0c-7f5e-4c3a-8b52-0d4a5a3c9f10")
AT = datetime(2025, 1, 1, 9, tzinfo=UTC)


def organisations() -> list[Envelope]:
    """Every organisation of the histories, known with what it offers."""
    offers = [{"stage": stage, "programme": name, "setting": "outpatient"} for stage, name in enumerate(PROGRAMMES, start=1)]
    return [
        _envelope(
            "referral",
            "organisation_changed",
            each,
            1,
            {
                "organisation_id": str(each),
                "level": "meso",
                "kind": "medical-organisation",
                "region": REGIONS[number % len(REGIONS)],
                "services": offers,
            },
        )
        for number, each in enumerate(ORGANISATIONS)
    ]


@lru_cache(maxsize=2)
def years(persons: int, seed: int) -> Sequence[Envelope]:
    """A year of so many persons, about nine events each, mixed by their days. Made once for both sides."""
    return [_first_form(envelope) for envelope in history(persons, seed)]


def registrations(persons: Iterable[UUID]) -> list[Envelope]:
    """Each person is registered by the clinic. An older commit reads past who registered it."""
    told = {"region": REGIONS[0], "life_period": "adult", "organisation_id": str(CLINIC)}
    return [_envelope("referral", "person_registered", person, 1, {"person_id": str(person), **told}) for person in persons]


def openings(persons: Iterable[UUID]) -> list[Envelope]:
    """Each person sets out, at the clinic."""
    day = {"opened_on": "2025-06-02", "pathway": PATHWAY, "version": 1, "organisation_id": str(CLINIC)}
    return [_envelope("programme", "journey_opened", person, 1, {**_whose(person), **day}) for person in persons]


def walks(persons: Sequence[UUID], stages: int) -> Iterator[Envelope]:
    """Each person, after its opening, starts and completes so many stages: stage by stage, all persons in turn."""
    for stage in range(1, stages + 1):
        where = {"stage": stage, "spell": 1, "organisation_id": str(CLINIC)}
        for person in persons:
            yield _envelope("programme", "stage_started", person, 2 * stage, {**_whose(person), **where, "started_on": "2025-06-03"})
        for person in persons:
            body = {**_whose(person), **where, "completed_on": "2025-06-20", "next_organisation_id": None}
            yield _envelope("programme", "stage_completed", person, 2 * stage + 1, body)


async def publish(bootstrap_servers: str, facts: Sequence[Envelope]) -> None:
    """Put all on the topics they belong to, as their owners' relays do. The partition is the client's default for the key."""
    client = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True)
    await client.start()
    try:
        sending = [await client.send(f.topic, f.body, str(f.stream_id).encode(), headers=f.headers()) for f in facts]
        await asyncio.gather(*sending)
    finally:
        await client.stop()


def _first_form(envelope: Envelope) -> Envelope:
    told = json.loads(envelope.body)
    name = envelope.type.split(".")[2]
    return replace(envelope, body=json.dumps({field: told[field] for field in FIRST_FIELDS[name]}).encode())


def _whose(person: UUID) -> dict[str, str]:
    return {"person_id": str(person), "journey_id": str(uuid5(NAMES, f"journey {person}"))}


def _envelope(topic: str, name: str, stream_id: UUID, seq: int, body: dict[str, Any]) -> Envelope:
    event_id = uuid5(NAMES, f"{topic} {stream_id} {seq}")
    return Envelope(
        event_id=event_id,
        topic=topic,
        stream_id=stream_id,
        seq=seq,
        type=f"throughcare.{topic}.{name}.v1",
        occurred_at=AT,
        recorded_at=AT,
        correlation_id=event_id,
        causation_id=None,
        traceparent=None,
        log_epoch=0,
        body=json.dumps(body).encode(),
    )
