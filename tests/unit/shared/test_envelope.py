"""The envelope: whatever comes, it is an event or Malformed; and what was written is read again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.envelope import Envelope, Malformed, read
from shared.events.event import by_type
from shared.events.programme import StageSkipped

STREAM = UUID(int=5)
EVENT = StageSkipped(person_id=STREAM, journey_id=UUID(int=6), stage=2, how="not-needed")
GOOD = Envelope(
    event_id=UUID(int=1),
    topic="programme",
    stream_id=STREAM,
    seq=3,
    type=StageSkipped.type,
    occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    recorded_at=datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC),
    correlation_id=UUID(int=2),
    causation_id=None,
    traceparent=None,
    log_epoch=0,
    body=EVENT.model_dump_json().encode(),
)
HEADERS = dict(GOOD.headers())
moments = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5))))


@given(
    seq=st.integers(1, 2**63 - 1),
    epoch=st.integers(0, 2**31 - 1),
    causation=st.none() | st.uuids(),
    moment=moments,
    body=st.dictionaries(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.integers(0, 9)),
)
def test_what_was_written_is_read_again(seq: int, epoch: int, causation: UUID | None, moment: datetime, body: dict[str, int]) -> None:
    written = replace(GOOD, seq=seq, log_epoch=epoch, causation_id=causation, recorded_at=moment, body=orjson.dumps(body))
    assert read("programme", written.headers(), written.body) == written


def test_the_event_comes_back_and_an_unknown_type_is_none() -> None:
    assert read("programme", GOOD.headers(), GOOD.body).event() == EVENT
    assert replace(GOOD, type="throughcare.programme.of_tomorrow.v9").event() is None
    assert by_type(StageSkipped.type) is StageSkipped


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from([*HEADERS, "other"]) | st.text(), st.none() | st.binary())), st.none() | st.binary())
def test_anything_is_an_event_or_malformed(changes: list[tuple[str, bytes | None]], body: bytes | None) -> None:
    for value in (body, GOOD.body):
        try:
            envelope = read("programme", [*HEADERS.items(), *changes], value)
        except Malformed as error:
            assert error.reason in ("attribute-missing", "attribute-unreadable", "body-unreadable")
        else:
            assert 1 <= envelope.seq < 2**63
            assert isinstance(orjson.loads(envelope.body), dict)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ce_id": None}, "attribute-missing"),
        ({"ce_id": b"x"}, "attribute-unreadable"),
        ({"ce_subject": b"\xff"}, "attribute-unreadable"),
        ({"ce_sequence": b"-1"}, "attribute-unreadable"),
        ({"ce_sequence": b"1.5"}, "attribute-unreadable"),
        ({"ce_sequence": str(2**63).encode()}, "attribute-unreadable"),
        ({"ce_logepoch": b"-1"}, "attribute-unreadable"),
        ({"ce_logepoch": str(2**31).encode()}, "attribute-unreadable"),
        ({"ce_time": b"yesterday"}, "attribute-unreadable"),
        ({"ce_recordedtime": b"2026-03-02T09:00:00"}, "attribute-unreadable"),
        ({"ce_specversion": b"0.3"}, "attribute-unreadable"),
        ({"ce_type": b"a\x00"}, "attribute-unreadable"),
    ],
)
def test_each_attribute_is_checked(change: dict[str, bytes | None], reason: str) -> None:
    with pytest.raises(Malformed) as malformed:
        read("programme", {**HEADERS, **change}.items(), GOOD.body)
    assert malformed.value.reason == reason


@pytest.mark.parametrize("body", [None, b"", b"[]", b"1", b"{", b"\xff", b'{"a": "\\u0000"}', b"[" * 5000])
def test_a_body_is_an_object_that_can_be_kept(body: bytes | None) -> None:
    with pytest.raises(Malformed, match="body-unreadable"):
        read("programme", GOOD.headers(), body)


def test_nothing_of_a_person_but_the_pseudonym_is_in_the_headers() -> None:
    assert HEADERS["ce_dataclassification"] == b"pseudonymous"
    assert dict(replace(GOOD, topic="programme.restricted").headers())["ce_dataclassification"] == b"restricted"
    assert HEADERS["ce_source"] == b"programme"
    assert dict(replace(GOOD, topic="programme.restricted").headers())["ce_source"] == b"programme"
    assert set(HEADERS) == {
        *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_recordedtime", "ce_correlationid"),
        *("ce_sequence", "ce_logepoch", "ce_dataclassification", "content-type"),
    }
