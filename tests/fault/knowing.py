"""The next version of a service, which knows one type more on every topic: `python -m tests.fault.knowing referral replay ...`."""

import importlib
import sys

from shared.events.event import Event
from shared.process import main
from tests.fault.evidence import PUBLISHED

LATER = "told_later"


def learn() -> None:
    """Known, and without a handler: it advances its stream."""
    for topics in PUBLISHED.values():
        for topic in topics:
            name = f"{LATER}_{topic.replace('.', '_')}"
            type(name, (Event,), {"__module__": __name__}, topic=topic, name=name)


def wire_type(topic: str) -> str:
    return f"throughcare.{topic.partition('.')[0]}.{LATER}_{topic.replace('.', '_')}.v1"


if __name__ == "__main__":
    learn()
    service = sys.argv.pop(1)
    main(importlib.import_module(f"services.{service}.__main__").SERVICE)
