"""The sender: claims under the permission's lock, hands over once, never guesses. On a real database and a mail sink on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import UnthreadedController

from services.family.channel.email import MailServer
from services.family.message import service as messages
from services.family.message.sender import HANDS, claim_next, hand_over, run, sweep_claims
from shared.database import TimedOut, Transient, Tx
from shared.delivery import outbox
from shared.events.family import MessageDelivered, MessageSuppressed
from tests.builders_family import Recorder, Way, a_contact, a_contact_caller, a_way, give, revoke, send_next, states
from tests.eventually import eventually
from tests.harness import ServiceUnderTest

EMAIL: dict[str, Any] = {"topics": ["stage"], "channels": ["inbox", "email"]}


class Sink:
    """A mail server's inside; answers what it is told to."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.got: list[Any] = []
        self.busy = asyncio.Event()
        self.busy.set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        await self.busy.wait()
        return self.answer


@pytest.fixture
async def sink() -> AsyncIterator[tuple[Sink, MailServer]]:
    handler = Sink()
    controller = UnthreadedController(handler, "127.0.0.1", 0, loop=asyncio.get_running_loop())
    server: Any = await controller._create_server()
    port = server.sockets[0].getsockname()[1]
    yield handler, MailServer("127.0.0.1", port, "no-reply@throughcare.invalid", 2)
    server.close()


async def test_a_neutral_email_to_one_recipient(family: ServiceUnderTest, sink: tuple[Sink, MailServer]) -> None:
    """Source: privacy section 6."""
    handler, mail = sink
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    assert await send_next(family.worker, mail.send)
    assert not await send_next(family.worker, mail.send)
    (envelope,) = handler.got
    text = envelope.content.decode()
    assert envelope.rcpt_tos == ["contact-1@example.org"] and "You have a new message. Sign in to read it." in text
    ids = [str(i) for i in (way.person_id, way.journey_id, way.organisation_id, contact_id)]
    assert not [i for i in ids if i in text] and "http" not in text
    assert await states(family) == ["sent"]
    assert await family.appended() == []


async def test_reading_in_the_inbox_delivers(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    caller = a_contact_caller(contact_id)
    assert (await family.call("GET", "/messages", caller)).json()["items"] == []
    await send_next(family.worker, Recorder())
    (item,) = (await family.call("GET", "/messages", caller)).json()["items"]
    assert (item["state"], item["text"]) == ("sent", "Step 1 of 5 has been completed.")
    for _ in range(2):
        assert (await family.call("PUT", f"/messages/{item['id']}/reading", caller, {})).json()["status"] == "delivered"
    (delivered,) = await family.appended()
    assert isinstance(delivered, MessageDelivered) and delivered.reason == "email"


@pytest.mark.parametrize(("answer", "state"), [("451 later", "pending"), ("554 no", "uncertain")])
async def test_what_the_server_answers(family: ServiceUnderTest, sink: tuple[Sink, MailServer], answer: str, state: str) -> None:
    """Source: standards section 7."""
    handler, mail = sink
    handler.answer = answer
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    await send_next(family.worker, mail.send)
    assert await states(family) == [state]
    assert not await send_next(family.worker, mail.send)


async def test_a_server_that_took_it_and_says_nothing_leaves_it_uncertain(family: ServiceUnderTest, sink: tuple[Sink, MailServer]) -> None:
    """A time-out after the text was written. Source: standards section 7."""
    handler, mail = sink
    handler.busy.clear()
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    await send_next(family.worker, replace(mail, timeout_s=0.2).send)
    handler.busy.set()
    assert len(handler.got) == 1 and await states(family) == ["uncertain"]


async def test_no_connection_waits_and_comes_again(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    nobody = MailServer("127.0.0.1", 1, "no-reply@throughcare.invalid", 1)
    assert await send_next(family.worker, nobody.send) and not await send_next(family.worker, nobody.send)
    family.now += timedelta(minutes=1)
    recorder = Recorder()
    assert await send_next(family.worker, recorder)
    assert await states(family) == ["sent"] and len(recorder.sent) == 1


async def test_a_claim_nobody_reported_is_uncertain_and_never_sent_again(family: ServiceUnderTest) -> None:
    """Source: delivery claim 4."""
    way, recorder = await a_way(family), Recorder()
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    claim = await _claim(family)
    family.now += timedelta(seconds=60)
    assert await sweep_claims(family.worker) == 0
    family.now += timedelta(seconds=1)
    assert await sweep_claims(family.worker) == 1
    family.now += timedelta(days=1)
    assert not await send_next(family.worker, recorder)
    async with family.worker.transaction() as tx:
        await messages.settle(tx, claim, "accepted")
    assert await states(family) == ["uncertain"] and recorder.sent == []


async def test_a_claim_older_than_ten_seconds_is_given_up(family: ServiceUnderTest) -> None:
    """Source: standards section 7."""
    way, recorder = await a_way(family), Recorder()
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    times = [family.now, *[family.now + timedelta(seconds=11)] * 9]
    family.worker.now = lambda: times.pop(0)
    assert await send_next(family.worker, recorder)
    assert recorder.sent == [] and await states(family) == ["pending"]


async def test_what_turns_out_to_be_history_is_not_mailed(family: ServiceUnderTest) -> None:
    """The referral's news came before the journey's."""
    way, recorder = Way(imported=True), Recorder()
    await family.deliver(way.registered(), way.started())
    await a_contact(family, way, topics=["referral"], channels=["email", "inbox"])
    await family.deliver(way.referred(UUID(int=7), way.started().started_on))
    assert await states(family) == ["pending"]
    await family.deliver(way.opened())
    assert await send_next(family.worker, recorder)
    assert (await states(family), recorder.sent) == (["delivered"], [])


async def test_two_senders_hand_over_each_message_once(family: ServiceUnderTest) -> None:
    way, recorder, stopping = await a_way(family), Recorder(), asyncio.Event()
    for _ in range(10):
        await a_contact(family, way, **EMAIL)
    await family.deliver(way.started(), way.completed())

    async def all_sent() -> bool:
        return set(await states(family)) == {"sent"}

    async def stop_when_done() -> None:
        await eventually(all_sent)
        stopping.set()

    await asyncio.wait_for(
        asyncio.gather(*[run(family.worker, {"email": recorder}, stopping, asyncio.Event()) for _ in range(2)], stop_when_done()), 30
    )
    assert len(recorder.sent) == 20


async def test_a_message_that_hangs_keeps_no_other_waiting(family: ServiceUnderTest) -> None:
    way, stopping, answers, sent = await a_way(family), asyncio.Event(), asyncio.Event(), Recorder()
    first = iter([answers])
    for _ in range(HANDS + 2):
        await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())

    async def send(to: str, subject: str, text: str) -> Any:
        for hanging in first:
            await hanging.wait()
        return await sent(to, subject, text)

    async def all_others_sent() -> bool:
        return sorted(await states(family)) == ["claimed"] + ["sent"] * (HANDS + 1)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(run(family.worker, {"email": send}, stopping, asyncio.Event()))
        await eventually(all_others_sent)
        stopping.set()
        answers.set()
    assert set(await states(family)) == {"sent"}


async def test_an_outcome_is_kept_once_the_database_is_back(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the mail server answered is known: a database that was away meanwhile makes it no uncertain one."""
    way, away = await a_way(family), [Transient("08006"), TimedOut("57014")]
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.completed())
    settle = messages.settle

    async def interrupted(tx: Tx, *args: Any) -> None:
        if away:
            raise away.pop()
        await settle(tx, *args)

    monkeypatch.setattr(messages, "settle", interrupted)
    _, claim = await claim_next(family.worker)
    assert claim
    await hand_over(family.worker, claim, {"email": Recorder()}, asyncio.Event())
    assert (away, await states(family)) == ([], ["sent"])


async def test_revoking_answers_what_it_stopped_and_says_when_some_were_claimed(family: ServiceUnderTest) -> None:
    """Source: privacy section 4."""
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, **EMAIL)
    assert permission_id
    await family.deliver(way.started(), way.completed())
    claim = await _claim(family)
    answer = (await revoke(family, way, contact_id, permission_id)).json()
    stopped = [str(row["message_id"]) for row in await family.fetch("SELECT message_id FROM message WHERE state = 'suppressed'")]
    assert (answer["status"], answer["ids"]) == ("revoked-some-claimed", stopped) and len(stopped) == 1
    assert str(claim.message.message_id) not in stopped
    (suppressed,) = await family.appended()
    assert isinstance(suppressed, MessageSuppressed) and suppressed.reason == "permission-revoked"
    again = (await revoke(family, way, contact_id, permission_id)).json()
    assert again["ids"] == []


async def test_another_permission_keeps_a_message_alive(family: ServiceUnderTest) -> None:
    way, recorder = await a_way(family), Recorder()
    contact_id, permission_id = await a_contact(family, way, **EMAIL)
    assert permission_id
    await give(family, way, contact_id, topics=["stage", "relapse"], channels=["email"])
    await family.deliver(way.completed())
    assert (await revoke(family, way, contact_id, permission_id)).json() == {"id": str(permission_id), "status": "revoked", "ids": []}
    await send_next(family.worker, recorder)
    assert len(recorder.sent) == 1


async def _claim(family: ServiceUnderTest) -> Any:
    async with family.worker.transaction() as tx:
        claim = await _claimed(tx)
        await outbox.write(tx)
    return claim


async def _claimed(tx: Tx) -> Any:
    _, claim = await messages.claim_next(tx)
    assert claim
    return claim
