"""What every test stands on: the real PostgreSQL and Kafka of the embedded stack, started once a run, or those the environment names."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests import harness
from tests.harness import ServiceUnderTest

ADDRESSES = ("POSTGRES_URL", "KAFKA_BOOTSTRAP_SERVERS")
STARTED: list[object] = []


@pytest.fixture(scope="session")
def servers() -> harness.Servers:
    """Addresses of PostgreSQL (as superuser) and Kafka; started unless the environment names both."""
    if not all(os.environ.get(name) for name in ADDRESSES):
        from deploy.embedded.parts import start_parts

        folder = Path(tempfile.mkdtemp(prefix="throughcare-test-"))
        parts = start_parts(folder, durable=False)
        STARTED.append(parts)
        os.environ |= {"POSTGRES_URL": parts.postgres_url, "KAFKA_BOOTSTRAP_SERVERS": parts.kafka_bootstrap_servers}
    return harness.Servers(os.environ["POSTGRES_URL"], os.environ["KAFKA_BOOTSTRAP_SERVERS"])


def pytest_unconfigure(config: pytest.Config) -> None:
    for parts in STARTED:
        parts.stop()  # type: ignore[attr-defined]


Start = Callable[[str], Awaitable[ServiceUnderTest]]


@pytest.fixture
async def start(servers: harness.Servers) -> AsyncIterator[Start]:
    """Start a service in this process on a database of its own: `await start("programme")`."""
    async with AsyncExitStack() as stack:

        async def begin(name: str) -> ServiceUnderTest:
            return await stack.enter_async_context(harness.running(servers, name))

        yield begin


@pytest.fixture
async def referral(start: Start) -> ServiceUnderTest:
    return await start("referral")


@pytest.fixture
async def programme(start: Start) -> ServiceUnderTest:
    return await start("programme")


@pytest.fixture
async def family(start: Start) -> ServiceUnderTest:
    return await start("family")


@pytest.fixture
async def monitoring(start: Start) -> ServiceUnderTest:
    return await start("monitoring")
