"""A part of the trial through the real system, once and with every command twice: monitoring's figures are those of a pure fold.

The figures of the whole trial: tests/unit/deploy/trial/test_figures.py.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from deploy.trial import fold, health, records
from deploy.trial.client import Sender, Tokens, open_client
from deploy.trial.driver import Replay
from deploy.trial.surroundings import addresses
from tests.e2e.system import System


@dataclass
class Ran:
    replay: Replay
    topics: list[health.Health]


async def replay(system: System, persons: list[records.Person], twice: bool) -> Ran:
    async with open_client() as client:
        sender = Sender(addresses(system.described), Tokens(system.described["issuer"]["url"], client), client)
        run = Replay(sender, datetime.now(UTC).date(), twice, lambda _: None)
        await run.run(persons)
        return Ran(run, await health.drained(sender, lambda done, total: None))


@pytest.mark.parametrize(("part", "twice"), [(slice(0, 40), False), (slice(40, 80), True)], ids=["once", "twice"])
def test_the_figures_are_those_of_a_fold_of_the_same_persons(system: System, part: slice, twice: bool) -> None:
    """Other tests leave persons behind: what this replay adds is compared, without the programmes of theirs, which are called stage-n."""
    persons = records.read("0051/80")[part]
    before = fold.numbers(system.figures())

    ran = asyncio.run(replay(system, persons, twice))

    assert ran.replay.problems == []
    assert ran.replay.answered_differently == 0
    assert ran.replay.sent_twice == (ran.replay.sent if twice else ran.replay.sent // 20)
    assert [topic for topic in ran.topics if not topic.complete] == []
    expected = fold.Mapped(persons).numbers()
    assert expected["hand-over completed"] > 25
    assert not any(name.startswith("stage-") for name in expected), "no programme of the trial is left out below"
    after = fold.numbers(system.figures())
    added = {name: number - before.get(name, 0) for name, number in after.items() if not name.startswith("stage-")}
    assert {name: number for name, number in added.items() if number} == {name: number for name, number in expected.items() if number}
