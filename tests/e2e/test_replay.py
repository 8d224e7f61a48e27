"""A part of the trial through the real system, once and with every command twice: monitoring's figures are those of a pure fold.

The figures of the whole trial: tests/unit/deploy/trial/test_figures.py.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.trial import health, records
from deploy.trial.client import Sender, Tokens, open_client
from deploy.trial.driver import Replay
from deploy.trial.released import find
from deploy.trial.surroundings import addresses
from tests.e2e.system import System
from tests.trial_fold import ARMS, BANDS, Mapped

COMPARED = "consecutive-4-from-week-3"


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
    """Other tests leave persons behind: what this replay adds is compared."""
    persons = records.read("0051/80")[part]
    before = figures(system)

    ran = asyncio.run(replay(system, persons, twice))

    assert ran.replay.problems == []
    assert ran.replay.answered_differently == 0
    assert ran.replay.sent_twice == (ran.replay.sent if twice else ran.replay.sent // 20)
    assert [topic for topic in ran.topics if not topic.complete] == []
    fold = Mapped(persons)
    expected = [*fold.handover().values(), *numbers(fold.funnel()), *numbers(fold.relapses())]
    assert fold.handover()["completed"] > 25
    assert [after - was for after, was in zip(figures(system), before, strict=True)] == expected


def numbers(pairs: dict[str, tuple[int, int]]) -> list[int]:
    return [number for pair in pairs.values() for number in pair]


def figures(system: System) -> list[int]:
    """Monitoring's exact ones in the order of the fold's, nought where nobody was counted yet."""
    found: dict[str, Any] = system.figures()
    handed: dict[str, Any] = find(found["handovers"], from_stage=1, to_stage=2)
    within = [handed.get("within_days", {}).get(str(band), 0) for band in BANDS]
    parts = [handed.get(name, 0) for name in ("completed", "overlapping", "later", "lost")]
    funnel = [find(found["referral_funnel"], stage=2, programme=arm) for arm in ARMS.values()]
    met = [find(found["relapses"], stage=2, programme=arm, definition=COMPARED) for arm in ARMS.values()]
    return [
        *(*parts[:2], *within, *parts[2:]),
        *(row.get(name, 0) for row in funnel for name in ("referred", "started")),
        *(row.get(name, 0) for row in met for name in ("persons", "of")),
    ]
