"""Each fact takes effect once and in order, whatever the log does: twice, out of order, behind a gap, behind a failure."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from shared import operations
from shared.delivery import inbox
from shared.events.envelope import Envelope
from shared.events.event import REGISTRY
from tests.harness import an_envelope
from tests.toy_running import Ground, tallied


def facts(ground: Ground, person_id: UUID, count: int, topic: int = 0) -> list[Envelope]:
    """The first facts of a stream, on the open topic or (1) the restricted one."""
    kind = (ground.toy.noted, ground.toy.marked)[topic]
    body = kind(person_id=person_id).model_dump_json().encode()
    return [an_envelope(kind.topic, person_id, seq, kind.type, body) for seq in range(1, count + 1)]


async def test_each_once_and_twice(ground: Ground) -> None:
    person_id = uuid4()
    given = facts(ground, person_id, 3)
    first = await ground.service.deliver_again(*given)
    again = await ground.service.deliver_again(*given, *given)
    assert (first.counts["applied"], again.counts["applied"], again.counts["duplicates"]) == (3, 0, 6)
    assert await ground.effects_of(person_id) == [1, 2, 3]
    assert await ground.tallies() == {person_id: 3}


async def test_a_duplicate_within_one_batch(ground: Ground) -> None:
    (one,) = facts(ground, person_id := uuid4(), 1)
    batch = await ground.service.deliver_again(one, one)
    assert batch.counts == {"applied": 1, "duplicates": 1}
    assert await ground.effects_of(person_id) == [1]


async def test_every_order_of_four_in_one_batch_and_one_by_one(ground: Ground) -> None:
    orders = list(permutations(range(4)))
    for order in orders:
        together, singly = uuid4(), uuid4()
        await ground.service.deliver_again(*(facts(ground, together, 4)[n] for n in order))
        for n in order:
            await ground.service.deliver_again(facts(ground, singly, 4)[n])
        for person_id in (together, singly):
            assert await ground.effects_of(person_id) == [1, 2, 3, 4], f"order {order}"
    assert await ground.count("parked") == 0, f"{2 * len(orders)} trials"
    assert await ground.tallies() == tallied(await ground.effects())


async def test_topics_in_both_orders(ground: Ground) -> None:
    """A handler never requires what another topic brings."""
    for order in ((0, 1), (1, 0)):
        person_id = uuid4()
        for topic in order:
            await ground.service.deliver_again(*facts(ground, person_id, 2, topic))
        assert sorted(await ground.effects_of(person_id)) == [1, 1, 2, 2]


async def test_a_gap_waits_and_what_waited_follows(ground: Ground) -> None:
    given = facts(ground, person_id := uuid4(), 4)
    batch = await ground.service.deliver_again(given[0], given[2], given[3])
    assert batch.counts == {"applied": 1, "waiting": 2}
    assert batch.gaps == {(given[0].topic, person_id)}
    assert await ground.effects_of(person_id) == [1]
    await ground.service.deliver_again(given[2])
    assert await ground.count("parked", "state = 'waiting'") == 2
    await ground.service.deliver_again(given[1])
    assert await ground.effects_of(person_id) == [1, 2, 3, 4]
    assert (await ground.count("parked"), await ground.count("inbox", "waiting OR blocked")) == (0, 0)


async def test_an_unknown_type_is_parked_with_what_follows_and_replayed_by_the_version_that_knows_it(ground: Ground) -> None:
    given = facts(ground, person_id := uuid4(), 3)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(*given)
    await ground.service.deliver_again(*given)
    assert await ground.count("parked", "state = 'failed' AND reason = 'unknown-type'") == 1
    assert await ground.count("parked", "state = 'behind'") == 2
    assert await operations.replay(ground.service.worker, ground.service.service.handlers, given[0].topic, person_id) == 0
    REGISTRY[known.type] = known
    assert await operations.replay(ground.service.worker, ground.service.service.handlers, given[0].topic, person_id) == 3
    assert await ground.effects_of(person_id) == [1, 2, 3]
    assert (await ground.count("parked"), await ground.count("inbox", "blocked")) == (0, 0)
    assert await ground.count("audit", "action = 'replay'") == 3


async def test_a_replayed_stream_stays_blocked_until_its_last_parked_fact_ran(ground: Ground) -> None:
    given = facts(ground, person_id := uuid4(), 3)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(*given)
    REGISTRY[known.type] = known
    blocked = []
    for _ in range(4):
        async with ground.service.worker.transaction() as tx:
            await inbox.replay_one(tx, given[0].topic, person_id, ground.service.service.handlers)
        blocked.append(await ground.count("inbox", "blocked") == 1)
    assert blocked == [True, True, False, False]


async def test_what_stands_behind_a_gap_waits_after_a_replay(ground: Ground) -> None:
    given = facts(ground, person_id := uuid4(), 4)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(given[0], given[1], given[3])
    REGISTRY[known.type] = known
    assert await operations.replay(ground.service.worker, ground.service.service.handlers, given[0].topic, person_id) == 2
    assert (await ground.count("inbox", "blocked"), await ground.count("parked", "state = 'waiting'")) == (0, 1)
    await ground.service.deliver_again(given[2])
    assert await ground.effects_of(person_id) == [1, 2, 3, 4]


async def test_a_known_type_without_a_handler_advances(ground: Ground) -> None:
    given = facts(ground, person_id := uuid4(), 2)
    async with ground.service.worker.transaction() as tx:
        batch = await inbox.apply(tx, given, {})
    assert batch.counts == {"applied": 2}
    assert await ground.effects_of(person_id) == []
    assert await ground.count("inbox", "last_seq = 2") == 1


async def test_an_unknown_field_is_ignored_and_a_body_that_does_not_fit_raises(ground: Ground) -> None:
    person_id, kind = uuid4(), ground.toy.noted
    body = b'{"person_id": "%s", "added_later": 1}' % str(person_id).encode()
    await ground.service.deliver_again(an_envelope(kind.topic, person_id, 1, kind.type, body))
    assert await ground.effects_of(person_id) == [1]
    with pytest.raises(ValueError, match="person_id"):
        await ground.service.deliver_again(an_envelope(kind.topic, person_id, 2, kind.type, b"{}"))
    assert await ground.effects_of(person_id) == [1]


async def test_a_failing_handler_leaves_nothing_of_its_batch(ground: Ground) -> None:
    good, bad = uuid4(), uuid4()
    ground.toy.faults.failing.add(bad)
    with pytest.raises(ValueError, match="told to fail"):
        await ground.service.deliver_again(*facts(ground, good, 2), *facts(ground, bad, 1))
    for table in ("effect", "tally", "inbox", "parked", "outbox"):
        assert await ground.count(table) == 0, table


async def test_a_handlers_own_facts_name_their_cause(ground: Ground) -> None:
    person_id, kind = uuid4(), ground.toy.noted
    cause = an_envelope(kind.topic, person_id, 1, kind.type, kind(person_id=person_id, n=7, echo=True).model_dump_json().encode())
    await ground.service.deliver_again(cause, cause)
    (row,) = await ground.service.fetch("SELECT type, causation_id, correlation_id FROM outbox")
    assert (row["type"], row["causation_id"], row["correlation_id"]) == (ground.toy.marked.type, cause.event_id, cause.correlation_id)
