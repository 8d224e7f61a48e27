"""What goes wrong is logged by kind and place: an exception's text may quote a value. Source: privacy section 7, canary."""

import json
import subprocess
import sys
from datetime import datetime

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import telemetry

SAID = """
import asyncio, logging
from shared import telemetry
telemetry.logs("INFO")
def fail():
    raise ValueError("DETAIL: Failing row contains (%s)" % ("mar" + "ker"))
"""
LIBRARY = "try:\n    fail()\nexcept ValueError:\n    logging.getLogger('uvicorn.error').exception('quoted ' + 'mar' + 'ker')\n"
STACK = "logging.getLogger('asyncio').error('mar' + 'ker', stack_info=True)\n"
GROUP = "async def main():\n    async with asyncio.TaskGroup() as tasks:\n        tasks.create_task(failing())\n"
ENDING = f"async def failing():\n    fail()\n{GROUP}asyncio.run(main())\n"


@pytest.mark.parametrize(("what", "code"), [(LIBRARY, 0), (STACK, 0), ("fail()", 1), (ENDING, 1)])
def test_no_line_quotes_an_exception(what: str, code: int) -> None:
    """uvicorn logs what a route raised, Python itself what ends a process: both with the exception's text."""
    done = subprocess.run([sys.executable, "-c", SAID + what], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done.stderr
    assert "marker" not in done.stderr
    (line,) = [json.loads(text) for text in done.stderr.splitlines()]
    assert line["level"].lower() == "error"
    assert datetime.fromisoformat(line["timestamp"]).tzinfo
    assert code == 0 or "ValueError" in line["errors"][0]


def test_no_span_quotes_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    exported, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    with pytest.raises(ValueError, match="marker"), telemetry.span("POST /x"):
        raise ValueError("marker")
    (span,) = exported.get_finished_spans()
    assert not span.status.is_ok
    assert "marker" not in span.to_json()
    provider.shutdown()
