"""The base of all facts on the wire. Bodies hold ids and codes only: never a name, contact, birth date, address or free text."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

REGISTRY: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """One fact. Readers ignore unknown fields; an optional field keeps the version, anything else is a new class beside the old."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str]
    type: ClassVar[str]

    def __init_subclass__(cls, topic: str, name: str, version: int = 1) -> None:
        super().__init_subclass__()
        cls.topic = topic
        cls.type = f"throughcare.{topic.partition('.')[0]}.{name}.v{version}"
        REGISTRY[cls.type] = cls


def by_type(wire_type: str) -> type[Event] | None:
    """The class of a wire type, or None for one this version does not know."""
    return REGISTRY.get(wire_type)


def published_by(service: str) -> list[type[Event]]:
    """The classes `service` publishes, on its open and its restricted topic, in the order they are written down."""
    return [event for event in REGISTRY.values() if event.topic.split(".")[0] == service]


def topics() -> tuple[str, ...]:
    """Every topic that a class names."""
    return tuple(sorted({event.topic for event in REGISTRY.values()}))
