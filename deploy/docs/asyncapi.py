"""docs/asyncapi.yaml: AsyncAPI 3.0 of the six topics. The envelope's headers are those of shared/events/envelope.py."""

from typing import Any

import yaml

from deploy.docs import catalogue
from deploy.postgres.logins import SERVICES
from shared.events import Event
from shared.events.envelope import CLASSIFICATION
from shared.kafka import PARTITIONS

SCHEMA = "#/components/schemas"
OPTIONAL = ("ce_causationid", "traceparent")
HEADERS: dict[str, dict[str, Any]] = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid"},
    "ce_source": {"type": "string", "enum": list(SERVICES)},
    "ce_type": {"type": "string"},
    "ce_time": {"type": "string", "format": "date-time", "description": "When it was decided, by the owner's clock."},
    "ce_subject": {
        "type": "string",
        "format": "uuid",
        "description": "The stream: a pseudonym of a person, an organisation or an instruction.",
    },
    "ce_recordedtime": {"type": "string", "format": "date-time", "description": "When it was recorded, by the owner's database."},
    "ce_correlationid": {"type": "string", "format": "uuid"},
    "ce_causationid": {"type": "string", "format": "uuid", "description": "The event that caused it, if one did."},
    "ce_sequence": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Counts from 1 within topic and stream, without a hole."},
    "ce_logepoch": {"type": "string", "pattern": "^[0-9]+$"},
    "ce_dataclassification": {"type": "string", "enum": sorted(CLASSIFICATION.values())},
    "traceparent": {"type": "string", "description": "W3C trace context."},
    "content-type": {"type": "string", "const": "application/json"},
}


def document() -> str:
    """The whole document as YAML."""
    return yaml.dump(_content(), sort_keys=False, allow_unicode=True, width=140)


def _content() -> dict[str, Any]:
    topics = catalogue.topics()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Throughcare events",
            "version": "1",
            "description": "Facts between the four services, CloudEvents 1.0 in Kafka's binary mode. Bodies hold ids and codes only.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, events) for topic, events in topics.items()},
        "operations": _operations(topics),
        "components": {
            "messages": {event.__name__: _message(event) for events in topics.values() for event in events},
            "schemas": {"Headers": _headers()} | _schemas(topics),
        },
    }


def _channel(topic: str, events: list[type[Event]]) -> dict[str, Any]:
    restricted = " Read by monitoring alone." if topic.endswith(".restricted") else ""
    return {
        "address": topic,
        "description": f"What {topic.partition('.')[0]} tells the others.{restricted}",
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in events},
        "bindings": {"kafka": {"topic": topic, "partitions": PARTITIONS, "bindingVersion": "0.5.0"}},
    }


def _operations(topics: dict[str, list[type[Event]]]) -> dict[str, Any]:
    operations = {}
    for topic, events in topics.items():
        owner = topic.partition(".")[0]
        operations[f"{owner}-sends-{topic}"] = _operation("send", topic, events)
        for name in SERVICES:
            if heard := [event for event in events if name in catalogue.listeners(event)]:
                operations[f"{name}-receives-{topic}"] = _operation("receive", topic, heard)
    return operations


def _operation(action: str, topic: str, events: list[type[Event]]) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/{topic}/messages/{event.__name__}"} for event in events]
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, "messages": messages}


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": catalogue.summary_of(event),
        "contentType": "application/json",
        "headers": {"$ref": f"{SCHEMA}/Headers"},
        "payload": {"$ref": f"{SCHEMA}/{event.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": "0.5.0"}},
    }


def _headers() -> dict[str, Any]:
    return {"type": "object", "required": [name for name in HEADERS if name not in OPTIONAL], "properties": HEADERS}


def _schemas(topics: dict[str, list[type[Event]]]) -> dict[str, Any]:
    """Each event's schema; nested models become schemas of their own."""
    schemas: dict[str, Any] = {}
    for events in topics.values():
        for event in events:
            schema = event.model_json_schema(ref_template=f"{SCHEMA}/{{model}}")
            schemas |= schema.pop("$defs", {})
            schemas[event.__name__] = schema
    return schemas
