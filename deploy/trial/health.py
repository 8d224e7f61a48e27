"""Whether every event arrived: what the services' /delivery say, by topic. Waits until nothing is under way; changes nothing."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from deploy.docs.catalogue import listeners_of_topics
from deploy.trial.client import GaveUp, Principal, Sender

OPERATOR = Principal("operator")
LOOK_EVERY = 0.2
WATCH_EVERY = 3.0
PATIENCE = 120.0

LISTENERS = listeners_of_topics()
"""Topic -> the services that have to apply it. Source: contracts section 2."""
UNREADABLE = "unreadable"
"""Stands for a topic where a listener set records aside that it could not read."""


@dataclass
class Health:
    """One topic: counts of its events where they were appended, relayed and applied (by listener); `aside`: parked or waiting."""

    topic: str
    appended: int = 0
    relayed: int = 0
    aside: int = 0
    lag: int = 0
    applied: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Appended = relayed = applied once in every listener, nothing set aside, no lag."""
        return {self.relayed, *self.applied.values()} == {self.appended} and not self.aside and not self.lag


async def look(sender: Sender) -> list[Health]:
    """The present state of every topic."""
    return gather([await sender.get(service, "/delivery", OPERATOR) for service in sender.services])


def gather(answers: list[dict[str, Any]]) -> list[Health]:
    """What the services tell of what they sent and heard, put together by topic."""
    topics = {name: Health(name, applied=dict.fromkeys(listeners, 0)) for name, listeners in LISTENERS.items()}
    for told in answers:
        for sent in told["sent"]:
            topic = topics.setdefault(sent["topic"], Health(sent["topic"]))
            topic.appended, topic.relayed = sent["appended"], sent["relayed"]
        for heard in told["heard"]:
            _add(topics.setdefault(heard["topic"], Health(heard["topic"])), told["service"], heard)
    unreadable = sum(told.get("quarantined", 0) for told in answers)
    return [*topics.values(), *([Health(UNREADABLE, aside=unreadable)] if unreadable else [])]


def _add(topic: Health, service: str, heard: dict[str, Any]) -> None:
    topic.applied[service] = heard["applied"]
    topic.aside += heard["parked"] + heard["waiting"] + heard["blocked"]
    topic.lag += heard["lag"] or 0


async def watch(sender: Sender, done: asyncio.Event, told: Callable[[int, int], None]) -> None:
    """Look now and then until `done`; `told` hears how many of how many are applied so far. Who does not answer is passed over."""
    while not done.is_set():
        with suppress(GaveUp):
            told(*progress(await look(sender)))
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), WATCH_EVERY)


async def drained(sender: Sender, told: Callable[[int, int], None]) -> list[Health]:
    """Look until every topic is complete twice in a row, or for two minutes; `told` hears how many of how many are applied."""
    until, calm = monotonic() + PATIENCE, 0
    while True:
        health = await look(sender)
        told(*progress(health))
        calm = calm + 1 if all(topic.complete for topic in health) else 0
        if calm == 2 or monotonic() > until or sender.stopping.is_set():
            return health
        with suppress(TimeoutError):
            await asyncio.wait_for(sender.stopping.wait(), LOOK_EVERY)


def progress(health: list[Health]) -> tuple[int, int]:
    """Applications done and to be done, over all topics and listeners."""
    return sum(sum(topic.applied.values()) for topic in health), sum(topic.appended * len(topic.applied) for topic in health)
