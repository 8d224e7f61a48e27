"""The CloudEvents 1.0 envelope in Kafka's binary mode: attributes as headers, the fact alone in the body. Knows no broker."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.events.event import Event, by_type

CLASSIFICATION = {False: "pseudonymous", True: "restricted"}
LARGEST_SEQ = 2**63 - 1
LARGEST_EPOCH = 2**31 - 1


class Malformed(ValueError):
    """A record that is no event of ours at all; `reason` is a code, never a value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travels beside a fact. `seq` counts from 1 within (topic, stream)."""

    event_id: UUID
    topic: str
    stream_id: UUID
    seq: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    log_epoch: int
    body: bytes

    @property
    def service(self) -> str:
        return self.topic.split(".")[0]

    def event(self) -> Event | None:
        """The fact, or None for a type this version does not know. Raises pydantic's ValidationError for a body that does not fit."""
        known = by_type(self.type)
        return known.model_validate_json(self.body) if known else None

    def headers(self) -> list[tuple[str, bytes]]:
        """The attributes as Kafka headers; a missing causation or trace has no header."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": str(self.event_id),
            "ce_source": self.service,
            "ce_type": self.type,
            "ce_time": self.occurred_at.isoformat(),
            "ce_subject": str(self.stream_id),
            "ce_recordedtime": self.recorded_at.isoformat(),
            "ce_correlationid": str(self.correlation_id),
            "ce_causationid": str(self.causation_id) if self.causation_id else None,
            "ce_sequence": str(self.seq),
            "ce_logepoch": str(self.log_epoch),
            "ce_dataclassification": CLASSIFICATION[self.topic.endswith(".restricted")],
            "traceparent": self.traceparent,
            "content-type": "application/json",
        }
        return [(name, value.encode()) for name, value in attributes.items() if value is not None]


def read(topic: str, headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Envelope:
    """The envelope of a record; raises Malformed."""
    try:
        named = {name: raw.decode() for name, raw in headers if raw is not None}
        causation = named.get("ce_causationid")
        envelope = Envelope(
            event_id=UUID(named["ce_id"]),
            topic=topic,
            stream_id=UUID(named["ce_subject"]),
            seq=int(named["ce_sequence"]),
            type=named["ce_type"],
            occurred_at=datetime.fromisoformat(named["ce_time"]),
            recorded_at=datetime.fromisoformat(named["ce_recordedtime"]),
            correlation_id=UUID(named["ce_correlationid"]),
            causation_id=UUID(causation) if causation else None,
            traceparent=named.get("traceparent"),
            log_epoch=int(named.get("ce_logepoch", "0")),
            body=value or b"",
        )
    except KeyError as error:
        raise Malformed("attribute-missing") from error
    except ValueError as error:
        raise Malformed("attribute-unreadable") from error
    return _checked(envelope, named)


def _checked(envelope: Envelope, named: dict[str, str]) -> Envelope:
    if not _fits(envelope, named):
        raise Malformed("attribute-unreadable")
    try:
        body = orjson.loads(envelope.body)
    except orjson.JSONDecodeError as error:
        raise Malformed("body-unreadable") from error
    if not isinstance(body, dict) or rb"\u0000" in envelope.body:
        raise Malformed("body-unreadable")
    return envelope


def _fits(envelope: Envelope, named: dict[str, str]) -> bool:
    """Also whether the database could set it aside: it holds no NUL and no larger numbers."""
    return (
        named.get("ce_specversion") == "1.0"
        and 1 <= envelope.seq <= LARGEST_SEQ
        and 0 <= envelope.log_epoch <= LARGEST_EPOCH
        and envelope.occurred_at.tzinfo is not None
        and envelope.recorded_at.tzinfo is not None
        and not any("\x00" in value for value in named.values())
    )
