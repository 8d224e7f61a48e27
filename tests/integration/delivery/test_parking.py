"""What is parked is what failed, whoever tried it and in whatever order it came; and how often an operator may try."""

from uuid import uuid4

from shared import operations
from shared.delivery import inbox, parking
from shared.events.envelope import Envelope
from shared.events.event import REGISTRY
from shared.kafka import Outgoing, Producer, partition_of
from tests.eventually import eventually
from tests.harness import an_envelope
from tests.integration.delivery.test_inbox import facts
from tests.toy_running import Ground

POISON = b"{}"


async def send(ground: Ground, *envelopes: Envelope) -> None:
    """Put these on the log, as a broken writer would: in this order."""
    await ground.make_topics()
    producer = await Producer.start(ground.servers.kafka_bootstrap_servers)
    for envelope in envelopes:
        key = str(envelope.stream_id).encode()
        await producer.send([Outgoing(envelope.topic, partition_of(key), key, envelope.body, envelope.headers())])
    await producer.stop()


async def state(ground: Ground) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in await ground.service.fetch("SELECT seq, state, reason FROM parked ORDER BY seq")]


async def are_parked(ground: Ground, count: int) -> bool:
    return await ground.count("parked") == count


async def test_the_one_that_waited_is_parked_and_not_the_one_that_came(ground: Ground) -> None:
    """2 and 3 wait for 1; 2 can never take effect. Before, 1 was parked and no replay could free it."""
    stream, kind = uuid4(), ground.toy.noted
    one, _, three = facts(ground, stream, 3)
    two = an_envelope(kind.topic, stream, 2, kind.type, POISON)
    async with ground.working():
        await send(ground, three, two)
        await eventually(lambda: are_parked(ground, 2))
        await send(ground, one)
        await eventually(lambda: is_applied(ground, 1))
        assert await ground.effects_of(stream) == [1]
        assert await state(ground) == [(2, "failed", "body-does-not-fit"), (3, "waiting", "gap")]
        assert await ground.count("inbox", "blocked AND last_seq = 1") == 1


async def is_applied(ground: Ground, count: int) -> bool:
    return await ground.count("effect") == count


async def test_a_replay_runs_what_waited_one_by_one(ground: Ground) -> None:
    """1 was parked by a version that did not know it; behind it 2 waits, which fails: 1 takes effect all the same."""
    stream, kind = uuid4(), ground.toy.noted
    one, _, three = facts(ground, stream, 3)
    two = an_envelope(kind.topic, stream, 2, kind.type, POISON)
    await ground.service.deliver_again(three, two)
    known = REGISTRY.pop(kind.type)
    await ground.service.deliver_again(one)
    REGISTRY[known.type] = known
    assert await operations.replay(ground.service.worker, ground.toy.service.handlers, kind.topic, stream) == 1
    assert await ground.effects_of(stream) == [1]
    assert await state(ground) == [(2, "failed", "body-does-not-fit"), (3, "waiting", "gap")]
    assert await ground.count("inbox", "blocked") == 1


async def test_a_replay_that_fails_further_on_says_what_failed(ground: Ground) -> None:
    """What stood behind becomes the failed one, with its own reason: it is what an operator has to look at."""
    stream, kind = uuid4(), ground.toy.noted
    one, _, three = facts(ground, stream, 3)
    two = an_envelope(kind.topic, stream, 2, kind.type, POISON)
    async with ground.service.worker.transaction() as tx:
        await parking.park_failed(tx, one, ValueError("told to"))
    await ground.service.deliver_again(two, three)
    assert await operations.replay(ground.service.worker, ground.toy.service.handlers, kind.topic, stream) == 1
    assert await state(ground) == [(2, "failed", "body-does-not-fit"), (3, "behind", "behind-failed")]


async def test_what_another_worker_applied_meanwhile_is_not_parked(ground: Ground) -> None:
    """A worker that lost its partition tried in vain what the next one could: the stream stays open."""
    stream = uuid4()
    one, two = facts(ground, stream, 2)
    await ground.service.deliver_again(one)
    async with ground.service.worker.transaction() as tx:
        await parking.park_failed(tx, one, ValueError("told to"))
    await ground.service.deliver_again(two)
    assert await ground.effects_of(stream) == [1, 2]
    assert (await ground.count("parked"), await ground.count("inbox", "blocked")) == (0, 0)


async def test_copies_that_differ_do_not_wait_for_ever(ground: Ground) -> None:
    """Two copies of 2, of which one was refilled, before 1 in one batch: nothing is left waiting."""
    stream, kind = uuid4(), ground.toy.noted
    one, two = facts(ground, stream, 2)
    copy = an_envelope(kind.topic, stream, 2, kind.type, two.body)
    await ground.service.deliver_again(two, copy, one)
    assert await ground.effects_of(stream) == [1, 2]
    assert (await ground.count("parked"), await ground.count("inbox", "waiting")) == (0, 0)


async def test_a_replay_of_nothing_leaves_nothing(ground: Ground) -> None:
    assert await operations.replay(ground.service.worker, ground.toy.service.handlers, ground.toy.noted.topic, uuid4()) == 0
    assert await ground.count("inbox") == 0


async def test_what_a_replay_leaves_to_wait_is_run_even_when_the_operator_goes(ground: Ground) -> None:
    """Between two steps of a replay the stream is closed as long as the next one is there."""
    stream = uuid4()
    one, two, three = facts(ground, stream, 3)
    await ground.service.deliver_again(two)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(one)
    REGISTRY[known.type] = known
    async with ground.service.worker.transaction() as tx:
        await inbox.replay_one(tx, one.topic, stream, ground.toy.service.handlers)
    await ground.service.deliver_again(three)
    assert await ground.count("inbox", "blocked") == 1
    assert await operations.replay(ground.service.worker, ground.toy.service.handlers, one.topic, stream) == 2
    assert await ground.effects_of(stream) == [1, 2, 3]
