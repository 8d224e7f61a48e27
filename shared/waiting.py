"""Waiting no longer than told for what a library may never end, and may refuse to let go of."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` answers. Raises TimeoutError at once when it is late, whether or not it lets itself be cancelled.

    aiokafka lets out the cancellation of its own tasks when it closes after a lost fetch: passed on, it ended our loop without a word.
    It swallows others, and `wait_for` waits for what it cancelled.
    """
    answering = asyncio.gather(work, return_exceptions=True)
    try:
        await asyncio.wait([answering], timeout=seconds)
        if not answering.done():
            raise TimeoutError
        (answer,) = answering.result()
    finally:
        answering.cancel()
    if isinstance(answer, asyncio.CancelledError):
        raise TimeoutError
    if isinstance(answer, BaseException):
        raise answer
    return answer
