"""What one bad event, or one lost log, may cost a listener: few transactions more, and one new beginning a topic."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from shared.delivery import log, offsets
from shared.delivery.offsets import Place
from shared.records import Partition, Record
from tests.harness import an_envelope
from tests.toy_running import Ground

EVENTS = 400


async def test_one_failing_event_does_not_split_its_batch_into_single_events(ground: Ground) -> None:
    """In a transaction each, a batch of monitoring took minutes on a busy machine while every stream waited."""
    streams = [uuid4() for _ in range(EVENTS)]
    ground.toy.faults.failing.add(streams[EVENTS // 3])
    await ground.write(*streams)
    async with ground.working() as worker:
        worker.listening.batch_size = EVENTS
        verdict = await ground.all_applied(EVENTS - 1, 30)
    assert (verdict.doubled, verdict.reordered) == (0, 0)
    assert await ground.count("parked", "state = 'failed'") == 1
    [[transactions]] = await ground.service.fetch("SELECT count(DISTINCT xmin::text::bigint) FROM effect")
    assert transactions < EVENTS // 8


def test_a_risen_epoch_is_that_of_the_whole_topic() -> None:
    """One partition at a time, each with its own look at the log, took a listener longer than the refill."""
    envelope = replace(an_envelope("programme", uuid4(), 1, "throughcare.programme.told.v1", b"{}"), log_epoch=2)
    record = Record("programme", 3, 0, 0, envelope.headers(), envelope.body)
    places: Mapping[Partition, Place] = {
        ("programme", 3): Place(7, 1),
        ("programme", 4): Place(9, 1),
        ("programme", 5): Place(0, 2),
        ("family", 3): Place(5, 1),
    }
    assert offsets.risen(log.parse([record])[0], places) == {("programme", 3): 2, ("programme", 4): 2}
