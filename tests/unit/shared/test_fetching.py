"""Stepping over a record that cannot be decoded, with a client that stands where aiokafka's does: what no broker can be made to do here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from shared.fetching import fetched
from shared.records import KafkaLost, Record

PLACE = ("t", 0)


class Partition(tuple[str, int]):
    topic, partition = "t", 0


HERE = Partition(PLACE)


def ended() -> Iterator[object]:
    """A generator that a raise has ended."""
    yield from ()


@dataclass
class Client:
    """`answers`: what each `getmany` does, a list of offsets or a raise; `bad`: where the undecodable record is known to lie."""

    bad: int
    answers: list[list[int] | None]
    asked: list[int] = field(default_factory=list)
    sought: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        over = ended()
        next(over, None)
        held = SimpleNamespace(next_fetch_offset=self.bad, _records_iterator=over)
        self._fetcher = SimpleNamespace(_records={HERE: SimpleNamespace(_partition_records=held)})
        self._subscription = SimpleNamespace(_fetch_count=0)

    def assignment(self) -> set[Partition]:
        return {HERE}

    def seek(self, tp: Partition, offset: int) -> None:
        self.sought.append(offset)

    async def getmany(self, *tps: Partition, timeout_ms: int, max_records: int) -> dict[Any, list[Record]]:
        self.asked.append(max_records)
        answer = self.answers.pop(0)
        if answer is None:
            self._subscription._fetch_count += 1
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "header")
        return {HERE: [Record("t", 0, offset, 0, (), b"v") for offset in answer]}


async def test_what_comes_before_it_is_handed_out_first() -> None:
    client, reached = Client(3, [None, [0, 1, 2]]), {PLACE: 0}
    assert [record.offset for record in await fetched(client, reached, 200, 1000)] == [0, 1, 2]
    assert (reached, client.asked, client._subscription._fetch_count) == ({PLACE: 3}, [1000, 3], 0)


async def test_it_alone_comes_without_content() -> None:
    client, reached = Client(3, [None]), {PLACE: 3}
    (record,) = await fetched(client, reached, 200, 1000)
    assert (record.offset, record.value, reached, client.sought[-1]) == (3, None, {PLACE: 4}, 4)


async def test_where_offsets_without_records_lie_between_it_is_one_by_one() -> None:
    client, reached = Client(3, [None, None, [0]]), {PLACE: 0}
    assert [record.offset for record in await fetched(client, reached, 200, 1000)] == [0]
    assert (client.asked, client._subscription._fetch_count) == ([1000, 3, 1], 0)


async def test_nothing_between_but_offsets_without_records() -> None:
    client, reached = Client(3, [None, None, None]), {PLACE: 2}
    (record,) = await fetched(client, reached, 200, 1000)
    assert (record.offset, record.value, reached) == (3, None, {PLACE: 4})


async def test_a_log_begun_anew_under_us_asks_for_a_new_client() -> None:
    with pytest.raises(KafkaLost):
        await fetched(Client(5, [None]), {PLACE: 100}, 200, 1000)
