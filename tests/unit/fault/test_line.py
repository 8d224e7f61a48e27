"""The line fails in each way it promises, keeps order and bytes otherwise, and leaves no task and no connection behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from tests.eventually import eventually
from tests.fault.line import Line, a_line

Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LONG = 2_000_000


class Echo:
    """Answers every piece with itself and keeps what it heard, by connection."""

    def __init__(self) -> None:
        self.heard: list[bytearray] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = bytearray()
        self.heard.append(heard)
        try:
            while data := await reader.read(65536):
                heard += data
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort()


@asynccontextmanager
async def lined() -> AsyncIterator[tuple[Line, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with server, a_line(server.sockets[0].getsockname()[1]) as line:
        yield line, echo


@asynccontextmanager
async def a_caller(line: Line) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def asked(caller: Caller, word: bytes) -> bytes:
    reader, writer = caller
    writer.write(word)
    async with asyncio.timeout(5):
        return await reader.readexactly(len(word))


async def is_ended(caller: Caller) -> bool:
    async with asyncio.timeout(5):
        try:
            return await caller[0].read() == b""
        except ConnectionResetError:
            return True


async def is_silent(caller: Caller) -> bool:
    try:
        async with asyncio.timeout(0.1):
            return not await caller[0].read(1)
    except TimeoutError:
        return True


async def test_passes_everything_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with lined() as (line, echo), a_caller(line) as one, a_caller(line) as other:
        long = Random(1).randbytes(LONG)
        async with asyncio.TaskGroup() as tasks:
            answers = [tasks.create_task(asked(caller, long)) for caller in (one, other)]
        assert [task.result() == long for task in answers] == [True, True]
        assert [bytes(heard) == long for heard in echo.heard] == [True, True]
    await eventually(lambda: no_more_than(before))


async def no_more_than(before: set[asyncio.Task[object]]) -> bool:
    return asyncio.all_tasks() - {asyncio.current_task()} <= before


async def test_what_ends_at_one_end_ends_at_the_other() -> None:
    async with lined() as (line, echo), a_caller(line) as caller:
        await asked(caller, b"one")
        caller[1].close()
        async with asyncio.timeout(5):
            await line.emptied()
        assert echo.heard == [b"one"]


async def test_nobody_at_the_target_ends_the_call() -> None:
    async with a_line(1) as line, a_caller(line) as caller:
        assert await is_ended(caller)


async def test_cut_ends_all_and_the_new_until_mended() -> None:
    async with lined() as (line, _):
        async with a_caller(line) as one, a_caller(line) as other:
            await asked(one, b"one")
            line.cut()
            assert await is_ended(one)
            assert await is_ended(other)
        async with a_caller(line) as refused:
            assert await is_ended(refused)
        line.mend()
        async with a_caller(line) as after:
            assert await asked(after, b"again") == b"again"


@pytest.mark.parametrize("there", [True, False])
async def test_one_way_keeps_the_connection_and_delivers_late(there: bool) -> None:
    async with lined() as (line, echo), a_caller(line) as caller:
        await asked(caller, b"one")
        line.one_way(there)
        caller[1].write(b"two")
        assert await is_silent(caller)
        assert bytes(echo.heard[0]) == (b"one" if there else b"onetwo")
        line.mend()
        assert await asked(caller, b"") == b""
        assert await caller[0].readexactly(3) == b"two"
        assert bytes(echo.heard[0]) == b"onetwo"


@pytest.mark.parametrize("there", [True, False])
async def test_what_was_sent_into_silence_is_lost_with_the_cut(there: bool) -> None:
    async with lined() as (line, echo), a_caller(line) as caller:
        await asked(caller, b"one")
        line.one_way(there)
        caller[1].write(b"two")
        assert await is_silent(caller)
        line.cut()
        line.mend()
        assert await is_ended(caller)
        assert bytes(echo.heard[0]) == (b"one" if there else b"onetwo")


async def test_slow_keeps_order_and_is_seeded() -> None:
    """Each way takes its share: a question and its answer twice the delay."""
    async with lined() as (line, echo), a_caller(line) as caller:
        line.slow(0.05, 0.03, Random(7))
        began = asyncio.get_running_loop().time()
        for number in range(5):
            assert await asked(caller, b"%d" % number) == b"%d" % number
        expected = Random(7)
        assert asyncio.get_running_loop().time() - began >= sum(expected.uniform(0.02, 0.08) for _ in range(10))
        caller[1].write(b"5")
        caller[1].write(b"6")
        line.mend()
        assert await caller[0].readexactly(2) == b"56"
        assert bytes(echo.heard[0]) == b"0123456"


async def test_a_frame_cut_in_the_middle_arrives_by_half() -> None:
    async with lined() as (line, echo), a_caller(line) as caller, a_caller(line) as bystander:
        await asked(caller, b"one")
        line.cut_mid_frame()
        caller[1].write(b"abcdef")
        assert await is_ended(caller)
        assert await is_ended(bystander)
        await eventually(lambda: heard(echo, b"oneabc"))
        assert not line.breaks_next
        async with a_caller(line) as after:
            assert await asked(after, b"whole") == b"whole"


async def heard(echo: Echo, words: bytes) -> bool:
    return words in (bytes(each) for each in echo.heard)


async def test_the_answer_to_a_word_is_swallowed_once() -> None:
    async with lined() as (line, echo), a_caller(line) as caller:
        line.swallow_answer_to = b"COMMIT"
        assert await asked(caller, b"BEGIN") == b"BEGIN"
        caller[1].write(b"COMMIT")
        assert await is_ended(caller)
        assert bytes(echo.heard[0]) == b"BEGINCOMMIT"
        async with a_caller(line) as again:
            assert await asked(again, b"COMMIT") == b"COMMIT"
