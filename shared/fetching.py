"""What a consumer's client fetched, as records. The client is aiokafka's; its own names for what it holds are known here alone."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.records import KafkaLost, Partition, Record

Fetched = Mapping[Any, Sequence[Any]]
"""Topic and partition -> what came of it, in order."""
PATIENCE_MS = 2_000


async def fetched(client: Any, reached: dict[Partition, int], timeout_ms: int, max_records: int) -> list[Record]:
    """The next records of the partitions in `reached`, which moves on with them. One that cannot be decoded comes without content."""
    try:
        found: Fetched = await client.getmany(timeout_ms=timeout_ms, max_records=max_records)
    except UnicodeDecodeError:  # the name of a header
        found = await _up_to_undecodable(client, reached, timeout_ms, max_records)
    records = [Record(r.topic, r.partition, r.offset, r.timestamp, r.headers, r.value) for some in found.values() for r in some]
    wanted = [record for record in records if record.place in reached]
    reached |= {record.place: record.offset + 1 for record in wanted}
    return wanted


async def _up_to_undecodable(client: Any, reached: Mapping[Partition, int], timeout_ms: int, max_records: int) -> Fetched:
    """What comes before that record, or it alone, and whatever its writer put into one batch behind it, which cannot be decoded either.

    All that was taken out beside it is dropped: every partition goes back to `reached`. Raises KafkaLost when the log is another by now.
    """
    client._subscription._fetch_count -= 1  # what raised did not count itself down, and the poll interval would never be enforced again
    ended = _ended(client)
    for tp in client.assignment():
        if tuple(tp) in reached:
            client.seek(tp, reached[tuple(tp)])
    for tp, undecodable in ended.items():
        before = undecodable - reached.get(tuple(tp), undecodable)
        if before < 0:
            raise KafkaLost("moved")
        for most in (before, 1) if before else ():  # one by one where offsets without records lie between
            with suppress(UnicodeDecodeError):
                found: Fetched = await client.getmany(tp, timeout_ms=max(timeout_ms, PATIENCE_MS), max_records=min(max_records, most))
                return found
            client._subscription._fetch_count -= 1
            client.seek(tp, reached[tuple(tp)])
        client.seek(tp, undecodable + 1)
        return {tp: [Record(tp.topic, tp.partition, undecodable, 0, (), None)]}
    return {}


def _ended(client: Any) -> dict[Any, int]:
    """The partitions whose records stopped coming out because one could not be decoded -> its offset."""
    held = {tp: getattr(result, "_partition_records", None) for tp, result in client._fetcher._records.items()}
    return {
        tp: left.next_fetch_offset for tp, left in held.items() if left and left._records_iterator and not left._records_iterator.gi_frame
    }
