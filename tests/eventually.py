"""Waiting in tests: ask again until the answer is yes. The only place where a test lets time pass."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
MOMENT = 0.02


async def eventually(check: Callable[[], Awaitable[T]], timeout: float = 10) -> T:
    """The first true answer of `check`; fails with the last one after `timeout` seconds."""
    answers: list[T] = []
    try:
        async with asyncio.timeout(timeout):
            while not (answer := await check()):
                answers[:] = [answer]
                await _moment()
            return answer
    except TimeoutError as error:
        raise AssertionError(f"not within {timeout} s; the last answer was {answers}") from error


async def _moment() -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), MOMENT)
    except TimeoutError:
        return


def eventually_sync(check: Callable[[], T], timeout: float = 10) -> T:
    """The same for a check that blocks, as an HTTP call from outside does."""
    until = monotonic() + timeout
    while not (answer := check()):
        assert monotonic() < until, f"not within {timeout} s; the last answer was {answer}"
        Event().wait(MOMENT)
    return answer
