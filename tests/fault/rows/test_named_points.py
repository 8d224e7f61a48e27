"""kill -9 at the named points: between a commit and what follows from it. A message cut off there is uncertain and never mailed twice.

Source: ADR 21, delivery claim 4, the fault table of the ledger test.
"""

import asyncio
import signal
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import orjson

from services.family.message.sender import HANDS
from shared.database import connect
from tests.eventually import eventually
from tests.fault.ground import Ground
from tests.fault.rows.conftest import Size
from tests.fault.standing import moment

# How many of the ten deaths a point each service dies; the four die side by side.
DEATHS = {
    "referral": {"after-commit": 5, "after-ack": 5, "after-mark": 5},
    "programme": {"after-commit": 5, "after-ack": 5, "after-mark": 5},
    "family": {"after-claim": 10, "after-send": 10},
    "monitoring": {"after-batch-commit": 10},
}
LATEST = {"after-claim": 1, "after-send": 1}
"""At which time of reaching it a life ends, at most; elsewhere 6. Mails are few."""
DIES_WITHIN = 120.0
GIVEN_UP = timedelta(seconds=5)
"""A claim this old is nobody's any more: a sending here takes milliseconds."""
IDLE = "SELECT NOT EXISTS (SELECT FROM message WHERE state = 'pending' OR (state = 'claimed' AND claimed_at > $1))"
LEFT_CLAIMED = "UPDATE message SET claimed_at = claimed_at - interval '1 minute' WHERE state = 'claimed'"
NONE_CLAIMED = "SELECT NOT EXISTS (SELECT FROM message WHERE state = 'claimed')"
MAILED = """
SELECT a.address, count(*) FILTER (WHERE m.state = 'sent') AS sent, count(*) FILTER (WHERE m.state = 'uncertain') AS uncertain
FROM contact c JOIN contact_address a USING (contact_id) JOIN message m USING (contact_id)
WHERE a.channel = 'email' AND c.added_at >= $1 GROUP BY a.address
"""


async def test_named_points(ground: Ground, size: Size, chance: Random) -> None:
    began = moment()
    plans = {service: planned(points, size, chance) for service, points in DEATHS.items()}
    ground.planned([plans])
    async with ground.under_load(60), asyncio.TaskGroup() as tasks:
        dying = [tasks.create_task(die(ground, service, plan)) for service, plan in plans.items()]
    deaths = Counter(point.partition(":")[0] for plan in plans.values() for point in plan)
    mailed = await read_mailed(ground, began)
    await ground.judged("kill -9 at named points", deaths.total(), [task.result() for task in dying])
    accounted(mailed, deaths)


def planned(points: dict[str, int], size: Size, chance: Random) -> list[str]:
    """What DIE_AT says, life by life."""
    plan = [f"{point}:{chance.randint(1, LATEST.get(point, 6))}" for point, times in points.items() for _ in range(size.of(times))]
    chance.shuffle(plan)
    return plan


async def die(ground: Ground, service: str, plan: list[str]) -> float:
    """One life after the other ends where it was told; answers the seconds until the last, unarmed one listens."""
    running = ground.services[service]
    await running.stop()
    for die_at in plan:
        running.start({"DIE_AT": die_at})
        try:
            code = await running.until_ended(DIES_WITHIN)
        except AssertionError as late:
            raise AssertionError(f"{service} never reached {die_at}") from late
        assert code == -signal.SIGKILL, f"{service} at {die_at} ended with {code}"
    running.start()
    return await running.until_answers(60, "/readyz")


@dataclass(frozen=True)
class Mailed:
    """Messages to one address, by what the service knows of them, and how many mails arrived there."""

    sent: int
    uncertain: int
    arrived: int


def accounted(mailed: list[Mailed], deaths: Counter[str]) -> None:
    """Every life that ended around a sending left what was on its way uncertain: mailed once if it ended after it, else never."""
    assert all(m.sent <= m.arrived <= m.sent + m.uncertain for m in mailed), "a message was mailed twice, or called sent and was not"
    assert sum(m.sent for m in mailed), "no message was sent"
    uncertain, arrived = sum(m.uncertain for m in mailed), sum(m.arrived - m.sent for m in mailed)
    assert deaths["after-claim"] + deaths["after-send"] <= uncertain <= HANDS * (deaths["after-claim"] + deaths["after-send"])
    assert deaths["after-send"] <= arrived <= uncertain - deaths["after-claim"]


async def read_mailed(ground: Ground, began: datetime) -> list[Mailed]:
    """Once nothing is on its way. The minute that makes a claim uncertain is taken off instead of being waited for."""
    database = await connect(ground.urls["family"]["owner"])
    try:
        await eventually(lambda: database.fetchval(IDLE, moment() - GIVEN_UP), 60)
        await database.execute(LEFT_CLAIMED)
        await eventually(lambda: database.fetchval(NONE_CLAIMED), 30)
        arrived = Counter(orjson.loads(line)["to"] for line in ground.mails.read_bytes().splitlines())
        rows = await database.fetch(MAILED, began)
        return [Mailed(row["sent"], row["uncertain"], arrived[row["address"]]) for row in rows]
    finally:
        await database.close()
