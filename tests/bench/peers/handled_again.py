"""The usual rebuild: the handler again for every event, a SQLAlchemy session and a transaction each. Counts what ours counts."""

from collections.abc import Sequence
from time import perf_counter

import orjson
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from shared.events.envelope import Envelope
from tests.bench.peers.projection_faststream import project


async def rebuild(url: str, facts: Sequence[Envelope]) -> float:
    """Events a second, of events that are in memory already, into empty tables."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    sessions = async_sessionmaker(engine)
    began = perf_counter()
    for fact in facts:
        async with sessions.begin() as session:
            await project(session, orjson.loads(fact.body), {name: (value or b"").decode() for name, value in fact.headers()})
    seconds = perf_counter() - began
    await engine.dispose()
    return len(facts) / seconds
