"""Discarding a failed event takes two persons, loses nothing silently and lets the stream go on in order. Source: delivery section 4."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from shared import operations
from shared.events.event import REGISTRY
from shared.process import log_of
from tests.harness import a_caller, an_envelope
from tests.integration.delivery.test_inbox import facts
from tests.integration.identity.issuing import AUDIENCE, ISSUER, Keys, a_key, a_key_server, signed
from tests.toy_running import Ground

POISON = b"{}"


@dataclass
class Operator:
    """Someone at the machine of the toy service; `said` is what the last command printed."""

    ground: Ground
    capsys: pytest.CaptureFixture[str]
    keys: Keys
    said: str = ""

    async def types(self, *arguments: str, **set_to: Any) -> int:
        settings = self.ground.settings(worker_database_url=self.ground.service.urls["worker"], **set_to)
        toy = self.ground.toy.service
        code = await asyncio.to_thread(operations.main, toy.name, toy.handlers, settings, log_of(toy, settings), list(arguments))
        self.said = self.capsys.readouterr().out
        return code

    def token(self, name: str, **changed: Any) -> str:
        return signed(self.keys.key, sub=name, **{"roles": ["operator"], "level": "none", "org": None} | changed)

    async def tries(self, token: str, stream: UUID, seq: int, *how: str, **set_to: Any) -> int:
        """Discard, showing this token."""
        issuer = {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": self.keys.url} | set_to
        place = (self.ground.toy.noted.topic, str(stream), str(seq))
        return await self.types("discard", *place, *how, throughcare_token=token, **issuer)

    async def discards(self, name: str, stream: UUID, seq: int, *how: str) -> int:
        return await self.tries(self.token(name), stream, seq, *how)

    async def breaks_glass(self, name: str, stream: UUID, *how: str, **set_to: Any) -> int:
        """At seq 2, without an issuer unless one is set."""
        place = (self.ground.toy.noted.topic, str(stream), "2")
        return await self.types("discard", *place, *how, "--break-glass", "issuer-away", "--as", name, **set_to)


@pytest.fixture
async def operator(ground: Ground, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Operator]:
    async with a_key_server() as keys:
        yield Operator(ground, capsys, keys)


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
    assert await operator.discards("first", stream, 2, "--reason", "wrong-body") == 0
    assert "until another person confirms it stays parked" in operator.said
    assert await ground.effects_of(stream) == [1]
    assert await operator.types("status") == 0
    assert f"proposed to discard {ground.toy.noted.topic} {stream} seq 2: wrong-body, by first" in operator.said

    assert await operator.discards("second", stream, 2, "--confirm") == 0
    assert "discarded for wrong-body, confirmed by second" in operator.said
    assert await ground.effects_of(stream) == [1, 3, 4]
    assert (await ground.count("parked"), await ground.count("inbox", "blocked OR waiting"), await ground.count("inbox")) == (0, 0, 1)

    (kept,) = await ground.service.fetch("SELECT * FROM discard")
    assert (kept["reason"], kept["proposed_by"], kept["confirmed_by"]) == ("wrong-body", "first", "second")
    assert (kept["body"], kept["parked_reason"]) == (POISON.decode(), "body-does-not-fit")
    audited = await ground.service.fetch("SELECT principal, action, subject_id FROM audit WHERE action LIKE '%discard' ORDER BY id")
    assert [tuple(row) for row in audited] == [("first", "propose-discard", stream), ("second", "confirm-discard", stream)]


async def test_who_has_not_signed_in_discards_nothing(ground: Ground, operator: Operator) -> None:
    """A name on the command line is no proof; a token of the issuer, for this service and of an operator, is."""
    stream = await a_poisoned_stream(ground, 3, 2)
    foreign = signed(a_key(), sub="first", roles=["operator"], level="none", org=None)
    wrong = {
        "": "not-signed-in",
        "first": "not-signed-in",
        foreign: "not-signed-in",
        operator.token("first", aud=["referral"]): "not-signed-in",
        operator.token("first", exp=1): "not-signed-in",
        operator.token("first", roles=["clinician"]): "no-operator",
        operator.token("first", level="meso"): "no-operator",
        operator.token("first", roles=[]): "no-operator",
    }
    for token, code in wrong.items():
        assert await operator.tries(token, stream, 2, "--reason", "wrong-body") == 1
        assert operations.REFUSALS[code] in operator.said
    operator.keys.broken = True
    assert await operator.discards("first", stream, 2, "--reason", "wrong-body") == 1
    assert operations.REFUSALS["issuer-away"] in operator.said
    assert await operator.types("discard", ground.toy.noted.topic, str(stream), "2", "--reason", "wrong-body") == 1
    assert operations.REFUSALS["no-issuer"] in operator.said
    assert (await ground.count("parked"), await ground.count("discard"), await ground.count("broken_glass")) == (2, 0, 0)


async def test_the_glass_is_broken_only_without_an_issuer_and_with_an_alarm(
    ground: Ground, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = await a_poisoned_stream(ground, 3, 2)
    issuer = {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": operator.keys.url}
    assert await operator.breaks_glass("first", stream, "--reason", "wrong-body", **issuer) == 1
    assert operations.REFUSALS["issuer-there"] in operator.said
    assert await ground.count("broken_glass") == 0

    operator.keys.broken = True
    with structlog.testing.capture_logs() as logged:
        assert await operator.breaks_glass("first", stream, "--reason", "wrong-body", **issuer) == 0
    (line,) = [entry for entry in logged if entry["event"] == "glass-broken"]
    assert (line["log_level"], line["principal"], line["reason"], line["seq"]) == ("error", "first", "issuer-away", 2)
    assert await operator.breaks_glass("first", stream, "--confirm") == 1, "still two persons"
    assert await operator.breaks_glass("second", stream, "--confirm") == 0
    assert await ground.effects_of(stream) == [1, 3]
    (kept,) = await ground.service.fetch("SELECT proposed_by, confirmed_by FROM discard")
    assert tuple(kept) == ("first", "second")
    audited = await ground.service.fetch("SELECT principal FROM audit WHERE action = 'break-glass' AND subject_id = $1 ORDER BY id", stream)
    assert [row["principal"] for row in audited] == ["first", "first", "second"]
    shown = await ground.service.call("GET", "/delivery", a_caller("operator"))
    assert [heard["broken_glass"] for heard in shown.json()["heard"]] == [3]
    assert (await ground.service.call("GET", "/metrics", a_caller("operator"))).status_code == 200
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ground.service.fetch("DELETE FROM broken_glass")


async def test_a_token_lives_ten_minutes_at_the_machine_too(ground: Ground, operator: Operator) -> None:
    stream, now = await a_poisoned_stream(ground, 3, 2), int(time.time())
    for issued, expires in ((now - 700, now - 100), (now, now + 3600)):
        assert await operator.tries(operator.token("first", iat=issued, exp=expires), stream, 2, "--reason", "wrong-body") == 1
    assert await ground.count("discard") == 0


async def test_the_discarded_event_is_a_duplicate_from_then_on(ground: Ground, operator: Operator) -> None:
    """Refilled or resent it comes again."""
    stream = await a_poisoned_stream(ground, 3, 2)
    await operator.discards("first", stream, 2, "--reason", "wrong-body")
    await operator.discards("second", stream, 2, "--confirm")
    kind = ground.toy.noted
    batch = await ground.service.deliver_again(an_envelope(kind.topic, stream, 2, kind.type, POISON), *facts(ground, stream, 4)[2:])
    assert batch.counts == {"duplicates": 2, "applied": 1}
    assert await ground.effects_of(stream) == [1, 3, 4]


async def test_the_same_person_twice_is_refused(ground: Ground, operator: Operator) -> None:
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards("first", stream, 2, "--reason", "wrong-body") == 0
    assert await operator.discards("first", stream, 2, "--confirm") == 1
    assert "who proposed it may not confirm it" in operator.said
    assert (await ground.count("parked"), await ground.effects_of(stream)) == (2, [1])
    with pytest.raises(asyncpg.CheckViolationError):
        await ground.service.fetch(
            "UPDATE discard SET confirmed_by = proposed_by, confirmed_at = proposed_at, parked_reason = '', attributes = '{}', body = ''"
        )


async def test_nothing_is_discarded_unproposed(ground: Ground, operator: Operator) -> None:
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards("second", stream, 2, "--confirm") == 1
    assert "nobody proposed" in operator.said
    assert (await ground.count("parked"), await ground.count("discard")) == (2, 0)


@pytest.mark.parametrize("seq", [1, 3, 9])
async def test_only_the_failed_event_can_be_discarded(ground: Ground, operator: Operator, seq: int) -> None:
    """Not the one that took effect, not one behind, not one that never came."""
    stream = await a_poisoned_stream(ground, 3, 2)
    assert await operator.discards("first", stream, seq, "--reason", "wrong-body") == 1
    assert "no failed event is next there" in operator.said
    assert await operator.discards("second", stream, seq, "--confirm") == 1
    assert (await ground.count("parked"), await ground.count("discard"), await ground.count("inbox", "last_seq = 1")) == (2, 0, 1)


async def test_what_can_take_effect_is_not_discarded(ground: Ground, operator: Operator) -> None:
    """A version that can do it came between the two persons."""
    stream = uuid4()
    given = facts(ground, stream, 2)
    known = REGISTRY.pop(ground.toy.noted.type)
    await ground.service.deliver_again(*given)
    assert await operator.discards("first", stream, 1, "--reason", "unknown-event") == 0
    REGISTRY[known.type] = known
    assert await operator.discards("second", stream, 1, "--confirm") == 1
    assert "nothing to discard" in operator.said
    assert await ground.effects_of(stream) == [1, 2]
    assert await ground.count("discard", "confirmed_by IS NOT NULL") == 0


async def test_an_unknown_type_is_discarded_too(ground: Ground, operator: Operator) -> None:
    stream, kind = uuid4(), ground.toy.noted
    given = [an_envelope(kind.topic, stream, 1, "throughcare.toy.never_known.v1", b"{}"), *facts(ground, stream, 2)[1:]]
    await ground.service.deliver_again(*given)
    assert await operator.discards("first", stream, 1, "--reason", "never-known") == 0
    assert await operator.discards("second", stream, 1, "--confirm") == 0
    assert await ground.effects_of(stream) == [2]
    (kept,) = await ground.service.fetch("SELECT parked_reason, attributes FROM discard")
    assert kept["parked_reason"] == "unknown-type"
    assert "never_known" in kept["attributes"]


async def test_two_poisoned_events_take_two_discards(ground: Ground, operator: Operator) -> None:
    """The second stood behind the first: it becomes the failed one when the stream goes on."""
    stream = await a_poisoned_stream(ground, 5, 2, 4)
    await operator.discards("first", stream, 2, "--reason", "wrong-body")
    assert await operator.discards("second", stream, 2, "--confirm") == 1, "something is still parked"
    assert "ran 1; the next, seq 4, fails again: body-does-not-fit" in operator.said
    assert await ground.effects_of(stream) == [1, 3]
    await operator.discards("second", stream, 4, "--reason", "wrong-body")
    assert await operator.discards("first", stream, 4, "--confirm") == 0
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
        ("--reason", "The mother called, Tuesday"),
        (),
        ("--reason", "wrong-body", "--confirm"),
        ("--confirm", "--as", "first"),
        ("--confirm", "--break-glass", "issuer-away"),
        ("--confirm", "--break-glass", "issuer-away", "--as", "two words"),
        ("--confirm", "--break-glass", "It was late", "--as", "first"),
    ],
)
async def test_a_reason_is_a_code_and_somebody_gives_it(ground: Ground, operator: Operator, how: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        await operator.discards("first", uuid4(), 1, *how)
    assert ended.value.code == 2
