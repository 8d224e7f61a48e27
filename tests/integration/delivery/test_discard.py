"""Discarding a failed event takes two persons, loses nothing silently and lets the stream go on in order. Source: delivery section 4."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared import operations
from shared.events.event import REGISTRY
from shared.process import log_of
from tests.harness import an_envelope
from tests.integration.delivery.test_inbox import facts
from tests.toy_running import Ground

POISON = b"{}"


@dataclass
class Operator:
    """Someone at the machine of the toy service; `said` is what the last command printed."""

    ground: Ground
    capsys: pytest.CaptureFixture[str]
    said: str = ""

    async def types(self, *arguments: str) -> int:
        settings = self.ground.settings(worker_database_url=self.ground.service.urls["worker"])
        toy = self.ground.toy.service
        code = await asyncio.to_thread(operations.main, toy.name, toy.handlers, settings, log_of(toy, settings), list(arguments))
        self.said = self.capsys.readouterr().out
        return code

    async def discards(self, stream: UUID, seq: int, *how: str) -> int:
        return await self.types("discard", self.ground.toy.noted.topic, str(stream), str(seq), *how)


@pytest.fixture
def operator(ground: Ground, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(ground, capsys)


async def a_poisoned_stream(ground: Ground, length: int, *poisoned: int) -> UUID:
    """1 took effect, the poisoned ones never can; all have come."""
    stream, kind = uuid4(), ground.toy.noted
    given = facts(ground, stream, length)
    for seq in poisoned:
        given[seq - 1] = an_envelope(kind.topic, stream, seq, kind.type, POISON)
    known = REGISTRY.pop(kind.type)
    await ground.service.deliver_again(*given)
    REGISTRY[kind.type] = known
    assert await operations.replay(ground.service.worker, ground.toy.service.handlers, kind.topic, stream) == min(poisoned) - 1
    return stream


async def test_two_persons_discard_and_the_rest_runs_in_order(ground: Ground, operator: Operator) -> None:
    stream = await a_poisoned_stream(ground, 4, 2)
    assert await operator.discards(stream, 2, "--reason", "wrong-body", "--as", "first") == 0
    assert "until another person confirms it stays parked" in operator.said
    assert await ground.effects_of(stream) == [1]
    assert await operator.types("status") == 0
    assert f"proposed to discard {ground.toy.noted.topic} {stream} seq 2: wrong-body, by first" in operator.said

    assert await operator.discards(stream, 2, "--confirm", "--as", "second") == 0
    assert "discarded for wrong-body, confirmed by second" in operator.said
    assert await ground.effects_of(stream) == [1, 3, 4]
    assert (await ground.count("parked"), await ground.count("inbox", "blocked OR waiting"), await ground.count("inbox")) == (0, 0, 1)

    (kept,) = await ground.service.fetch("SELECT * FROM discard")
    assert (kept["reason"], kept["proposed_by"], kept["confirmed_by"]) == ("wrong-body", "first", "second")
    assert (kept["body"], kept["parked_reason"]) == (POISON.decode(), "body-does-not-fit")
    audited = await ground.service.fetch("SELECT principal, action, subject_id FROM audit WHERE action LIKE '%discard' ORDER BY id")
    assert [tuple(row) for row in audited] == [("first", "propose-discard", stream), ("second", "confirm-discard", stream)]


async def test_the_discarded_event_is_a_duplicate_from_then_on(ground: Ground, operator: Operator) -> None:
    """Refilled or resent it comes again."""
    stream = await a_poisoned_stream(ground, 3, 2)
    await operator.discards(stream, 2, "--reason", "wrong-body", "--as", "first")
    await operator.discards(stream, 2, "--confirm", "--as", "second")
    kind = ground.toy.noted
    batch = await ground.service.deliver_again(an_envelope(kind.topic, stream, 2, kind.type, POISON), *facts(ground, stream, 4)[2:])
    assert batch.counts == {"duplicates": 2, "applied": 1}
    assert await ground.effects_of(stream) == [1, 3, 4]


async def test_the_same_person_twice_is_refused(ground: Ground, operator: Operator) -> None:
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards(stream, 2, "--reason", "wrong-body", "--as", "first") == 0
    assert await operator.discards(stream, 2, "--confirm", "--as", "first") == 1
    assert "who proposed it may not confirm it" in operator.said
    assert (await ground.count("parked"), await ground.effects_of(stream)) == (2, [1])
    with pytest.raises(asyncpg.CheckViolationError):
        await ground.service.fetch(
            "UPDATE discard SET confirmed_by = proposed_by, confirmed_at = proposed_at, parked_reason = '', attributes = '{}', body = ''"
        )


async def test_nothing_is_discarded_unproposed(ground: Ground, operator: Operator) -> None:
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards(stream, 2, "--confirm", "--as", "second") == 1
    assert "nobody proposed" in operator.said
    assert (await ground.count("parked"), await ground.count("discard")) == (2, 0)


@pytest.mark.parametrize("seq", [1, 3, 9])
async def test_only_the_failed_event_can_be_discarded(ground: Ground, operator: Operator, seq: int) -> None:
    """Not the one that took effect, not one behind, not one that never came."""
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards(stream, seq, "--reason", "wrong-body", "--as", "first") == 1
    assert "no failed event is next there" in operator.said
    assert await operator.discards(stream, seq, "--confirm", "--as", "second") == 1
    assert (await ground.count("parked"), await ground.count("discard"), await ground.count("inbox", "last_seq = 1")) == (2, 0, 1)


async def test_what_can_take_effect_is_not_discarded(ground: Ground, operator: Operator) -> None:
    """A version that can do it came between the two persons."""
    stream = uuid4()
    given = facts(ground, stream, 2)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(*given)
    assert await operator.discards(stream, 1, "--reason", "unknown-event", "--as", "first") == 0
    REGISTRY[known.type] = known
    assert await operator.discards(stream, 1, "--confirm", "--as", "second") == 1
    assert "nothing to discard" in operator.said
    assert await ground.effects_of(stream) == [1, 2]
    assert await ground.count("discard", "confirmed_by IS NOT NULL") == 0


async def test_an_unknown_type_is_discarded_too(ground: Ground, operator: Operator) -> None:
    stream, kind = uuid4(), ground.toy.noted
    given = [an_envelope(kind.topic, stream, 1, "throughcare.toy.never_known.v1", b"{}"), *facts(ground, stream, 2)[1:]]
    await ground.service.deliver_again(*given)
    assert await operator.discards(stream, 1, "--reason", "never-known", "--as", "first") == 0
    assert await operator.discards(stream, 1, "--confirm", "--as", "second") == 0
    assert await ground.effects_of(stream) == [2]
    (kept,) = await ground.service.fetch("SELECT parked_reason, attributes FROM discard")
    assert kept["parked_reason"] == "unknown-type"
    assert "never_known" in kept["attributes"]


async def test_two_poisoned_events_take_two_discards(ground: Ground, operator: Operator) -> None:
    """The second stood behind the first: it becomes the failed one when the stream goes on."""
    stream = await a_poisoned_stream(ground, 5, 2, 4)
    await operator.discards(stream, 2, "--reason", "wrong-body", "--as", "first")
    assert await operator.discards(stream, 2, "--confirm", "--as", "second") == 1, "something is still parked"
    assert "ran 1; the next, seq 4, fails again: body-does-not-fit" in operator.said
    assert await ground.effects_of(stream) == [1, 3]
    await operator.discards(stream, 4, "--reason", "wrong-body", "--as", "second")
    assert await operator.discards(stream, 4, "--confirm", "--as", "first") == 0
    assert await ground.effects_of(stream) == [1, 3, 5]


async def test_two_persons_confirm_at_once(ground: Ground) -> None:
    """Ten times: one discards, the other finds nothing to discard; nothing behind is passed over."""
    for _ in range(10):
        stream = await a_poisoned_stream(ground, 3, 2)
        handlers, place = ground.toy.service.handlers, operations.Place(ground.toy.noted.topic, stream, 2)
        await operations.propose_discard(ground.service.worker, handlers, place, "wrong-body", "first")
        both = [operations.confirm_discard(ground.service.worker, handlers, place, name) for name in ("second", "third")]
        await asyncio.gather(*both, return_exceptions=True)
        assert await ground.effects_of(stream) == [1, 3]
    assert await ground.count("discard", "confirmed_by IS NOT NULL") == 10
    assert (await ground.count("parked"), await ground.count("inbox", "blocked")) == (0, 0)


async def test_a_discard_while_the_stream_goes_on(ground: Ground) -> None:
    """Ten times: new events of the stream arrive while two persons discard; each takes effect once, in order."""
    for _ in range(10):
        stream = await a_poisoned_stream(ground, 3, 2)
        handlers, place = ground.toy.service.handlers, operations.Place(ground.toy.noted.topic, stream, 2)
        await operations.propose_discard(ground.service.worker, handlers, place, "wrong-body", "first")
        later = facts(ground, stream, 8)[3:]
        await asyncio.gather(
            operations.confirm_discard(ground.service.worker, handlers, place, "second"), *(arriving(ground, [fact]) for fact in later)
        )
        await operations.replay(ground.service.worker, handlers, *place[:2])
        assert await ground.effects_of(stream) == [1, *range(3, 9)]
    assert (await ground.count("parked"), await ground.count("inbox", "blocked OR waiting")) == (0, 0)


async def arriving(ground: Ground, given: list[object]) -> None:
    await ground.service.deliver_again(*given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "how",
    [
        ("--reason", "The mother called, Tuesday", "--as", "first"),
        ("--reason", "wrong-body"),
        ("--reason", "wrong-body", "--confirm", "--as", "first"),
        ("--as", "first"),
        ("--confirm", "--as", "two words"),
    ],
)
async def test_a_reason_is_a_code_and_somebody_gives_it(ground: Ground, operator: Operator, how: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        await operator.discards(uuid4(), 1, *how)
    assert ended.value.code == 2
