"""Logs, traces and metrics: one trace from the HTTP call through every hop. Ids and codes only, never names, notes or contacts."""

import json
import logging
import random
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from opentelemetry import context as contexts
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, Span, SpanContext, Status, StatusCode, TraceFlags, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import REGISTRY, Histogram, generate_latest

from shared.events.envelope import Envelope

PROPAGATOR = TraceContextTextMapPropagator()
FRAMES = 6
LIBRARY_LOGS = 5.0
"""Seconds between two equal lines of a library: a lost broker makes thousands."""

meter = metrics.get_meter("throughcare")
EVENTS = meter.create_counter(
    "throughcare_inbox_events", description="Envelopes by what became of them: applied, duplicates, waiting, failed, behind."
)
AGES = (0.1, 0.5, 1, 5, 30, 60, 300, 3_600, 86_400)
HANDOVER = Histogram("throughcare_event_age_seconds", "From recorded in its owner to applied here.", ["topic"], buckets=AGES)
"""This and the next are observed for each event and each request: Prometheus' own histogram costs a quarter of OpenTelemetry's."""
COMMANDS = Histogram("throughcare_request_seconds", "Requests by route and status.", ["route", "status"])
GAUGE_TEXTS = {
    "unsent": "Rows of the outbox that no broker has acknowledged.",
    "unsent_age_seconds": "Age of the oldest of them.",
    "lag": "Records of the log not applied yet by this process.",
    "parked": "Events set aside with their stream.",
    "waiting": "Events that wait for an earlier one.",
    "broken_glass": "Acts of operators who had not signed in, in the last seven days.",
}
GAUGES: dict[str, Any] = {}


class Carrying(NoOpTracer):
    """Spans that nobody exports: ids alone, so that a trace is carried on and log lines name it."""

    def start_span(self, name: str, context: Context | None = None, *_: Any, **__: Any) -> Span:
        parent = trace.get_current_span(context).get_span_context()
        trace_id = parent.trace_id if parent.is_valid else random.getrandbits(128)
        flags = parent.trace_flags if parent.is_valid else TraceFlags(TraceFlags.SAMPLED)
        return NonRecordingSpan(SpanContext(trace_id, random.getrandbits(64), False, flags, parent.trace_state))


tracer: Tracer = Carrying()


def start(service: str, level: str, otlp_endpoint: str) -> None:
    """Set up logs, traces and metrics of this process, once."""
    logs(level)
    resource = Resource.create({"service.name": service})
    if otlp_endpoint:
        global tracer
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
        tracer = provider.get_tracer("throughcare")
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()]))


def logs(level: str) -> None:
    """JSON lines on standard error; libraries only from WARNING on, and no line of theirs more than once in five seconds.

    No line has an exception's text, not even the last one of a process: a database error quotes the row. Source: privacy section 7.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _trace_id,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(Placed())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = _ended


class Placed(logging.Formatter):
    """Where and when a library said something and of which kind of error; neither its text nor the exception's, nor a stack."""

    def format(self, record: logging.LogRecord) -> str:
        where, when = f"{record.module}:{record.lineno}", datetime.fromtimestamp(record.created, UTC)
        line = {"level": record.levelname, "event": "library", "logger": record.name, "at": where, "timestamp": when.isoformat()}
        error = record.exc_info[1] if record.exc_info else None
        return json.dumps({**line, "errors": [_placed(leaf) for leaf in _leaves(error)]} if error else line)


def _ended(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """The last line of a process that an exception ends."""
    structlog.get_logger("process").error("process-ends", errors=[_placed(leaf) for leaf in _leaves(error)])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _placed(error: BaseException) -> str:
    """The kind of an error and the last places it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " ".join([type(error).__name__, *(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)])


class Seldom(logging.Filter):
    """Lets one line of each place in a library through every five seconds; texts are dropped, they may quote values."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < LIBRARY_LOGS:
            return False
        self._last[place] = record.created
        return True


def _trace_id(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"] = f"{context.trace_id:032x}"
    return line


def traceparent() -> str | None:
    """The current span as a W3C traceparent."""
    context = trace.get_current_span().get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}" if context.is_valid else None


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str) -> Iterator[None]:
    """A span under `parent`, a traceparent from outside. What goes wrong is named by its kind, never quoted."""
    context = PROPAGATOR.extract({"traceparent": parent}) if parent else None
    current = tracer.start_span(name, context, attributes=attributes)
    token = contexts.attach(trace.set_span_in_context(current, context))
    try:
        yield
    finally:
        if kind := sys.exc_info()[0]:
            current.set_status(Status(StatusCode.ERROR, kind.__name__))
        contexts.detach(token)
        current.end()


def count(counts: Mapping[str, int], envelopes: Sequence[Envelope] = (), now: float = 0.0) -> None:
    """Count what became of a batch and, for what was applied, how old it was."""
    for outcome, number in counts.items():
        EVENTS.add(number, {"outcome": outcome})
    for envelope in envelopes:
        HANDOVER.labels(envelope.topic).observe(max(0.0, now - envelope.recorded_at.timestamp()))


def gauge(name: str, values: Mapping[str, float]) -> None:
    """Set the gauge `name`, made at first use, for each topic."""
    if name not in GAUGES:
        GAUGES[name] = meter.create_gauge(f"throughcare_{name}", description=GAUGE_TEXTS[name])
    for topic, value in values.items():
        GAUGES[name].set(value, {"topic": topic})


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
