"""Accepting a stage completion, all it takes: ours beside the usual stack and beside an endpoint that only validates."""

from contextlib import AsyncExitStack

from tests.bench.ground import Ground
from tests.bench.rounds import Contestant, interleaved, lost_unless
from tests.bench.serving import Server, issuing, serving
from tests.bench.table import Line, Measured

ROUNDS, SECONDS = 5, 2.5
JOURNEYS = {"ours": 40_000, "usual": 10_000, "limit": 0}
PROGRAMS = {
    "ours": ["services.programme", "api"],
    "usual": ["tests.bench.peers.accept_sqlalchemy"],
    "limit": ["tests.bench.peers.validate_only"],
}


async def measure(ground: Ground) -> Measured:
    """Accepted completions a second, 24 calls open at once, each on a journey of its own."""
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing(ground.folder))
        servers = [await stack.enter_async_context(serving(ground, name, argv, issuer, JOURNEYS[name])) for name, argv in PROGRAMS.items()]
        seen = await interleaved([Contestant(server.name, turn_of(server)) for server in servers], ROUNDS)
        for server in servers:
            if server.database:
                lost_unless(len(await server.completed()), server.left - 1, server.name)
    line = Line("accept a stage completion", "1/s", seen["ours"], seen["usual"], seen["limit"], times_usual=4, times_limit=0.2)
    return Measured([line], ["Accepting: one process each, 24 calls open at once, the aim being 6 x the usual stack and 0.4 x the limit."])


def turn_of(server: Server):  # type: ignore[no-untyped-def]
    async def run() -> float:
        calls = await server.called(SECONDS)
        lost_unless(len(calls.accepted), calls.sent, server.name)
        return calls.per_second

    return run
