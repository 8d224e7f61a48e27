"""What the documents, the demo and the fault checker know of services, events and topics: who listens to what. Writes nothing itself."""

import importlib
from collections.abc import Iterator

from deploy.postgres.logins import SERVICES
from shared.events import Event, published_by
from shared.process import Service

OF_WHAT = {"organisation_changed": "organisation", "instruction_issued": "instruction", "instruction_closed": "instruction"}


def service_of(name: str) -> Service:
    service: Service = importlib.import_module(f"services.{name}.__main__").SERVICE
    return service


def topics() -> dict[str, list[type[Event]]]:
    """The events of each topic, in the order they are written down."""
    found: dict[str, list[type[Event]]] = {}
    for name in SERVICES:
        importlib.import_module(f"shared.events.{name}")
        for event in published_by(name):
            found.setdefault(event.topic, []).append(event)
    return dict(sorted(found.items(), key=lambda item: (SERVICES.index(item[0].partition(".")[0]), item[0])))


def listeners(event: type[Event]) -> Iterator[str]:
    """Services that have a handler for it."""
    yield from (name for name in SERVICES if event in service_of(name).handlers)


def listeners_of_topics() -> dict[str, tuple[str, ...]]:
    """The services that listen to each topic: those with a handler for one of its events."""
    return {topic: tuple(name for name in SERVICES if any(name in listeners(event) for event in told)) for topic, told in topics().items()}


def topics_of_services() -> dict[str, tuple[str, ...]]:
    """The topics that each service alone writes."""
    return {name: tuple(topic for topic in topics() if topic.partition(".")[0] == name) for name in SERVICES}


def stream_of(event: type[Event]) -> str:
    """What the event's stream, and so its key on the wire, is an id of."""
    return OF_WHAT.get(event.type.split(".")[2], "person")


def summary_of(event: type[Event]) -> str:
    """Its docstring as one line."""
    return " ".join((event.__doc__ or "").split()) if event.__doc__ else ""
