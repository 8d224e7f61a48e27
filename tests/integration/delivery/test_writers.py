"""Twenty-four writers against the relay: nothing lost, doubled or reordered; and the relays built wrong, which must be caught."""

import asyncio
import random
from collections.abc import Callable
from uuid import uuid4

import pytest

from shared.database import Database
from shared.delivery.relay import Relay
from shared.kafka import Producer
from tests.eventually import eventually
from tests.integration.delivery.load import Listed, Load, Unreliable, once
from tests.topic_log import read_log
from tests.toy_running import Ground
from tests.verdict import Verdict, judge
from tests.wrong_relays import (
    DeletesBehindAFailure,
    Seen,
    WrongRelay,
    greater_than_the_last_id,
    ordered_by_transaction,
    several_that_skip_locked,
)

Record = Callable[[str, object], None]
COMMITS = 20_000
PATIENT_MS = 30_000
"""A busy machine's broker answers late, and then the producer sends again (ADR 8): here only what the relay does is judged.

While it waits, its session is idle: the server ends that, and then it sends again, no sooner than after this time either.
"""
ENOUGH = 2_500
"""Commits within which a wrong relay must give itself away."""


async def empty(ground: Ground) -> None:
    async def is_empty() -> bool:
        return await ground.count("unsent") == 0

    await eventually(is_empty, 60)


async def relayed(ground: Ground, relay: Relay, load: Load | None = None) -> None:
    """Run the relay, beside the load if there is one, until the queue is empty."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        if load:
            await load.run()
        await empty(ground)
        relay.stopping.set()
        relay.wake()


async def test_twenty_thousand_commits_reach_the_log_once_and_in_order(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    monkeypatch.setattr("shared.delivery.relay.SILENT", f"{2 * PATIENT_MS}ms")
    servers = ground.servers.kafka_bootstrap_servers
    await ground.make_topics()
    writers = await Database.open(ground.service.urls["api"], 24, "writers")
    load = Load(writers, ground.toy, COMMITS)
    await relayed(ground, Relay(ground.service.worker, lambda: Producer.start(servers, PATIENT_MS), asyncio.Event()), load)
    await writers.close()
    verdict = judge(load.committed, await read_log(servers, ground.toy.noted.topic))
    record_property("verdict", f"{COMMITS} commits: {verdict}")
    assert verdict == Verdict(trials=load.committed.total(), lost=0, doubled=0, reordered=0), f"{COMMITS} commits"
    assert await ground.count("outbox") == load.committed.total() >= 2 * COMMITS


@pytest.mark.parametrize(
    ("wrong", "symptom"),
    [(greater_than_the_last_id, "lost"), (ordered_by_transaction, "reordered"), (several_that_skip_locked, "reordered")],
)
async def test_a_relay_built_wrong_is_caught(ground: Ground, wrong: WrongRelay, symptom: str, record_property: Record) -> None:
    writers = await Database.open(ground.service.urls["api"], 24, "writers")
    load, seen, stopping = Load(writers, ground.toy, ENOUGH), Seen(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wrong(ground.service.urls["owner"], seen, stopping))
        await load.run()
        stopping.set()
    await writers.close()
    verdict = judge(load.committed, seen)
    record_property("verdict", f"{ENOUGH} commits: {verdict}")
    assert getattr(verdict, symptom) > 0, f"{wrong.__name__} was not caught: {verdict}"


@pytest.mark.parametrize(("kind", "caught"), [(Relay, False), (DeletesBehindAFailure, True)])
async def test_what_lies_behind_a_failed_row_is_sent_again(
    ground: Ground, kind: type[Relay], caught: bool, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    """A listener without a waiting room would see the second as reordered. Source: delivery design, section 3."""
    monkeypatch.setattr("shared.delivery.relay.BACK_OFF", 0.01)
    monkeypatch.setattr("shared.delivery.relay.BATCH", 50)
    log = Listed()
    unreliable = Unreliable(log, random.Random(7))
    load = Load(ground.service.api, ground.toy, 400, writers=8, streams=[uuid4() for _ in range(10)])
    await load.run()
    await relayed(ground, kind(ground.service.worker, once(unreliable), asyncio.Event()))
    verdict = judge(load.committed, log.seen)
    record_property("verdict", f"{unreliable.failures} failures: {verdict}")
    assert unreliable.failures >= 5
    assert verdict.lost == 0, f"{verdict}, {unreliable.failures} failures"
    assert (verdict.reordered > 0) is caught, f"{verdict}, {unreliable.failures} failures"
