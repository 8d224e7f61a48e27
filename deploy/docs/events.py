"""docs/events.md: every fact that crosses a boundary, for people. Machines read asyncapi.yaml."""

from types import UnionType
from typing import Any, Literal, get_args, get_origin

from deploy.docs import catalogue
from shared.events import Event

OPENING = """# Events

Written from `shared/events/` by `make docs`; a contract test compares. Bodies hold ids and codes only. `?`: may be none. What is in
square brackets is a list. The stream is the key on the wire: within a topic and stream events arrive in order, each with its effect once.
A topic that ends in `.restricted` is read by monitoring alone.
"""


def page() -> str:
    return OPENING + "".join(_topic(topic, events) for topic, events in catalogue.topics().items())


def _topic(topic: str, events: list[type[Event]]) -> str:
    rows = "".join(_row(event) for event in events)
    return f"\n## {topic}\n\n| event | wire type | stream | fields | heard by | meaning |\n|---|---|---|---|---|---|\n{rows}"


def _row(event: type[Event]) -> str:
    fields = ", ".join(f"{name}: {_kind(field.annotation)}" for name, field in event.model_fields.items())
    heard = ", ".join(catalogue.listeners(event)) or "nobody yet"
    return f"| {event.__name__} | `{event.type}` | {catalogue.stream_of(event)} | {fields} | {heard} | {catalogue.summary_of(event)} |\n"


def _kind(annotation: Any) -> str:
    arguments = get_args(annotation)
    if isinstance(annotation, UnionType):
        return "".join(_kind(part) for part in arguments if part is not type(None)) + "?"
    if get_origin(annotation) is Literal:
        return " or ".join(arguments)
    if get_origin(annotation) is tuple:
        return f"[{_kind(arguments[0])}]"
    name: str = annotation.__name__
    return {"UUID": "id", "str": "code", "int": "number", "bool": "yes or no"}.get(name, name)
