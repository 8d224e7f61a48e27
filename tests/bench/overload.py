"""Twice the load it can take: what is still answered in time, how fast the rest is refused, and that nothing told is lost."""

from contextlib import AsyncExitStack

from tests.bench.accept import PROGRAMS
from tests.bench.calling import Calls, journey_id
from tests.bench.ground import Ground
from tests.bench.rounds import Lost, Readings
from tests.bench.serving import Server, issuing, serving
from tests.bench.table import Line, Measured

ROUNDS, SECONDS = 3, 4.0
JOURNEYS, LINES = 60_000, 300


async def measure(ground: Ground) -> Measured:
    """Each round finds the capacity (24 calls open at once) and then calls twice as often, whatever is still open."""
    shares, refused = [], []
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing(ground.folder))
        server = await stack.enter_async_context(serving(ground, "ours", PROGRAMS["ours"], issuer, JOURNEYS))
        for _ in range(ROUNDS):
            capacity = (await server.called(SECONDS)).per_second
            before = await server.completed()
            calls = await server.called(SECONDS, LINES, 2 * capacity)
            await _nothing_is_lost(server, calls, before)
            ground.say(f"  capacity {capacity:.0f}/s, called {calls.sent / SECONDS:.0f}/s, {_described(calls)}")
            shares.append(calls.in_time / SECONDS / capacity)
            refused.append(calls.quantile("503", 0.99) * 1000)
    lines = [
        Line("twice the load: answered in time", "of capacity", Readings(tuple(shares)), at_least=0.7),
        Line("twice the load: a refusal, p99", "ms", Readings(tuple(refused)), less=True, at_most=1000),
    ]
    return Measured(
        lines, ["Twice the load: in time is within a second; a refusal is 503 with Retry-After; every 2xx was found in the database."]
    )


def _described(calls: Calls) -> str:
    """How many were answered how, and how long the middle one and the slowest hundredth took."""
    parts = [
        f"{status}: {len(took)} (p50 {calls.quantile(status, 0.5):.2f} s, p99 {calls.quantile(status, 0.99):.2f} s)"
        for status, took in calls.took.items()
    ]
    return ", ".join([*parts, f"unsent {calls.lost}"])


async def _nothing_is_lost(server: Server, calls: Calls, before: set[object]) -> None:
    """Every 2xx is in the database, nothing else is, and every refusal says when to come again."""
    told = {journey_id(number) for number in calls.accepted}
    done = await server.completed() - before
    if told != done or calls.untold or set(calls.took) - {"200", "503"}:
        told_lost, untold = len(told - done), len(done - told)
        raise Lost(f"{told_lost} told and lost, {untold} done untold, {calls.untold} without Retry-After; {_described(calls)}")
