"""Where reading starts and which partition a stream has. Source: delivery design, section 4."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.offsets import ends_of, start_of
from shared.kafka import PARTITIONS, Record, partition_of


@pytest.mark.parametrize(
    ("stored", "beginning", "end", "start"),
    [
        (None, 0, 0, 0),
        (None, 0, 9, 0),
        (None, 4, 9, None),
        (5, 0, 9, 5),
        (9, 0, 9, 9),
        (4, 4, 9, 4),
        (3, 4, 9, None),
        (0, 4, 9, None),
        (10, 0, 9, 0),
        (10, 4, 9, 4),
        (7, 0, 0, 0),
    ],
)
def test_where_reading_starts(stored: int | None, beginning: int, end: int, start: int | None) -> None:
    assert start_of(stored, beginning, end) == start


@given(st.none() | st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_it_never_skips_what_is_there_nor_starts_outside(stored: int | None, beginning: int, length: int) -> None:
    start = start_of(stored, beginning, beginning + length)
    if start is None:
        assert beginning > (stored or 0), "halted though nothing is missing"
    else:
        assert beginning <= start <= beginning + length
        assert start in (stored, beginning)


def test_the_end_is_behind_the_last_record_of_each_partition() -> None:
    records = [Record("t", partition, offset, 0, [], b"") for partition, offset in ((1, 5), (2, 0), (1, 6))]
    assert ends_of(records) == {("t", 1): 7, ("t", 2): 1}


@given(st.uuids())
def test_a_stream_has_the_partition_that_every_client_chooses(stream_id: object) -> None:
    key = str(stream_id).encode()
    every = list(range(PARTITIONS))
    assert partition_of(key) == DefaultPartitioner()(key, every, every)
