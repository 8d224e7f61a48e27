"""Whether the log is whole, lost or ahead, and where a listener reads on. Source: delivery design, sections 3 and 4."""

from dataclasses import replace
from uuid import UUID, uuid4

from shared.delivery.log import Known, Position, epoch_of, in_order, last_records, overwritten, shrunk, tails
from shared.delivery.offsets import WHEREVER_IT_BEGINS, Place, at_the_end, places_of, risen, showing, skipped, start_of
from shared.records import Record
from tests.harness import an_envelope

EVENT = uuid4()
KNOWN: Known = {("a", 0): Position(5, 2, EVENT), ("a", 1): Position(0, 2), ("b", 0): Position(3, 0, EVENT)}


def test_a_log_that_ends_below_what_was_acknowledged_is_lost() -> None:
    assert shrunk(KNOWN, {("a", 0): (0, 5), ("a", 1): (0, 0), ("b", 0): (0, 9), ("b", 1): (0, 0)}) == set()
    assert shrunk(KNOWN, {("a", 0): (0, 4), ("b", 0): (0, 3)}) == {"a"}
    assert shrunk({}, {("a", 0): (0, 0)}) == set()


def test_an_acknowledgement_below_our_position_tells_a_quick_wipe() -> None:
    assert overwritten(KNOWN, [(("a", 0), 5), (("b", 0), 7), (("c", 0), 0)]) == set()
    assert overwritten(KNOWN, [(("a", 0), 4), (("b", 0), 3)]) == {"a"}


def test_our_last_event_is_looked_for_where_it_can_still_be() -> None:
    ranges = {("a", 0): (0, 8), ("a", 1): (0, 4), ("b", 0): (3, 9)}
    assert last_records(KNOWN, ranges) == {("a", 0): (4, 5)}, "retention took b's, a 1 has none"
    assert tails(KNOWN, ranges) == {("a", 0): (5, 8), ("a", 1): (0, 4), ("b", 0): (3, 9)}
    assert tails(KNOWN, {("a", 0): (7, 9), ("b", 0): (0, 3)}) == {("a", 0): (7, 9)}


def test_the_epoch_is_the_topics() -> None:
    assert (epoch_of(KNOWN, "a"), epoch_of(KNOWN, "b"), epoch_of(KNOWN, "c")) == (2, 0, 0)


def test_what_lies_behind_a_skipped_one_does_not_count_as_sent() -> None:
    stream, other = uuid4(), uuid4()
    queued = [{"topic": "a", "stream_id": s, "seq": 3} for s in (stream, other)]
    seen = [(stream, 2), (stream, 3), (other, 4), (stream, 5), (stream, 4), (other, 3), (stream, 5)]
    events = [an_envelope("a", s, seq, "t", b"{}") for s, seq in seen]
    assert [(e.stream_id, e.seq) for e in in_order(queued, events)] == [(stream, 3), (stream, 4), (other, 3), (stream, 5)]  # type: ignore[arg-type]


def test_resumed_it_begins_wherever_the_log_begins() -> None:
    assert start_of(WHEREVER_IT_BEGINS, 0, 9) == 0
    assert start_of(WHEREVER_IT_BEGINS, 7, 9) == 7
    stored = {("a", 0): Place(3, 4), ("a", 1): Place(WHEREVER_IT_BEGINS, 1)}
    assert places_of(stored, {("a", 0): (4, 9), ("a", 1): (4, 9), ("a", 2): (0, 0)}) == {
        ("a", 0): None,
        ("a", 1): Place(4, 1),
        ("a", 2): Place(0, 0),
    }


def a_record(partition: int, offset: int) -> Record:
    return Record("a", partition, offset, 0, [], b"")


def test_a_record_further_on_than_we_were_is_a_hole() -> None:
    records = [a_record(0, 5), a_record(0, 6), a_record(1, 4), a_record(2, 1)]
    assert skipped(records, {("a", 0): 5, ("a", 1): 3, ("a", 2): 9}) == {("a", 1)}, "an earlier one is a log begun anew"


def test_where_we_stand_at_the_very_end_the_last_record_is_looked_at() -> None:
    places = {("a", n): Place(n, 1) for n in range(4)}
    ranges = {("a", 0): (0, 0), ("a", 1): (0, 1), ("a", 2): (2, 2), ("a", 3): (0, 9)}
    assert at_the_end(places, ranges) == {("a", 1): 0}, "0 and 2 hold nothing, and the next of 3 tells"


def test_a_gap_is_looked_for_where_it_showed() -> None:
    stream, other = uuid4(), uuid4()
    readable = [(a_record(n, 0), an_envelope("a", s, 2, "t", b"{}")) for n, s in ((7, stream), (9, other))]
    assert showing(readable, {("a", stream)}) == {("a", 7)}
    assert showing(readable, {("b", stream)}) == set()


def test_a_later_epoch_tells_that_the_log_was_lost() -> None:
    envelope = an_envelope("a", UUID(int=1), 1, "t", b"{}")
    records = [(a_record(0, 0), replace(envelope, log_epoch=epoch)) for epoch in (0, 2, 3, 1)]
    assert risen(records, {("a", 0): Place(0, 1)}) == {("a", 0): 3}
    assert risen(records, {("a", 0): Place(0, 3)}) == {}
