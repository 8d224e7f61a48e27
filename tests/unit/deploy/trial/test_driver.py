"""The driver against a made server in memory: order, keys, copies and answers that are not definite. No service is involved."""

import asyncio
from collections import Counter
from datetime import date
from functools import cache
from uuid import UUID, uuid5

import httpx2
import pytest

from deploy.trial import health, made_up, mapping, records
from deploy.trial.client import Command, GaveUp, Principal, Sender, Tokens
from deploy.trial.commands import NAMES, key_of
from deploy.trial.driver import Replay, count_commands

TODAY = date(2026, 7, 24)
SERVICES = {name: f"http://{name}" for name in ("referral", "programme", "family", "monitoring")}


read = cache(records.read)


class MadeServer:
    """Answers every command with an id made of its key, once refusing in passing what `busy` names; keeps all it was asked."""

    def __init__(self, busy: dict[str, httpx2.Response] | None = None) -> None:
        self.busy = busy or {}
        self.asked: list[tuple[str, str, str]] = []
        self.tokens: list[str] = []
        self.under_way = self.most_under_way = 0

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            self.tokens.append(request.content.decode())
            return httpx2.Response(200, json={"access_token": "t"})
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.wait({asyncio.get_running_loop().run_in_executor(None, int)})
        self.under_way -= 1
        key = request.headers["idempotency-key"]
        self.asked.append((key, f"{request.method} {request.url.path}", request.content.decode()))
        for path in [path for path in self.busy if request.url.path.endswith(path)]:
            return self.busy.pop(path)
        return httpx2.Response(200, json={"id": str(uuid5(UUID(key), "id")), "status": "done"})

    def sender(self) -> Sender:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))
        return Sender(SERVICES, Tokens("http://issuer", client), client)


def replay(server: MadeServer, persons: str = "0051/9", twice: bool = False) -> Replay:
    run = Replay(server.sender(), TODAY, twice, lambda _: None)
    asyncio.run(run.run(read(persons)))
    return run


def test_four_persons_at_a_time_and_every_twentieth_command_twice() -> None:
    server = MadeServer()
    run = replay(server)
    assert run.problems == []
    assert server.most_under_way == 4
    times = Counter(server.asked)
    assert sum(count == 2 for count in times.values()) == run.sent_twice == run.sent // 20


def test_twice_sends_every_command_twice_with_its_key() -> None:
    server = MadeServer()
    run = replay(server, twice=True)
    assert all(server.asked.count(asked) == 2 for asked in server.asked)
    assert run.sent_twice == run.sent > count_commands(read("0051/9"))


def test_the_commands_of_a_person_keep_their_order() -> None:
    server = MadeServer()
    run = replay(server)
    for person in read("0051/9"):
        steps = made_up.with_contacts(person, mapping.steps(person))
        keys = [str(key_of(person, number, step)) for number, step in enumerate(steps)]
        asked = list(dict.fromkeys(key for key, _, _ in server.asked if key in keys))
        assert asked == keys
    assert run.sent > 50


def test_two_runs_use_the_same_keys() -> None:
    first, second = MadeServer(), MadeServer()
    replay(first)
    replay(second)
    assert sorted(first.asked) == sorted(second.asked)


@pytest.mark.parametrize("answer", [httpx2.Response(409, headers={"retry-after": "1"}), httpx2.Response(503), httpx2.Response(404)])
def test_an_answer_that_is_not_definite_is_asked_again_with_the_same_key(answer: httpx2.Response) -> None:
    server = MadeServer({"/start": answer})
    run = replay(server)
    assert run.problems == []
    assert run.sender.counted["asked again"] == 1


def test_a_refusal_leaves_this_person_and_the_others_go_on() -> None:
    refusal = httpx2.Response(
        422, json={"type": "stage-not-startable", "unmet": ["stage-planned"]}, headers={"content-type": "application/problem+json"}
    )
    run = replay(MadeServer({"/start": refusal}))
    assert len(run.problems) == 1
    assert "stage-planned" in run.problems[0]


def test_a_token_is_asked_for_once_a_principal() -> None:
    server = MadeServer()
    replay(server)
    assert len(server.tokens) == len(set(server.tokens))


def test_a_404_is_definite_for_a_command_that_is_not_early() -> None:
    server = MadeServer({"/x": httpx2.Response(404)})
    command = Command(Principal("system"), "PUT", "referral", "/x", {})
    with pytest.raises(GaveUp, match="404"):
        asyncio.run(server.sender().send(command, NAMES))


@pytest.mark.parametrize(("applied", "complete"), [(7, True), (6, False)])
def test_health_is_complete_only_when_every_listener_applied_all(applied: int, complete: bool) -> None:
    heard = {"topic": "family.restricted", "applied": applied, "parked": 0, "waiting": 0, "blocked": 0, "lag": 0}
    family = {"service": "family", "sent": [{"topic": "family.restricted", "appended": 7, "relayed": 7}], "heard": []}
    topics = health.gather([family, {"service": "monitoring", "sent": [], "heard": [heard]}])
    assert all(topic.complete for topic in topics) is complete
    assert health.progress(topics) == (applied, 7)


def test_a_listener_that_never_spoke_has_applied_nothing() -> None:
    told = {"service": "referral", "sent": [{"topic": "referral", "appended": 1, "relayed": 1}], "heard": []}
    assert not health.gather([told])[0].complete
