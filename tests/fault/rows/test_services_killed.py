"""kill -9 of each service at random under load. Source: the fault table of the ledger test."""

from random import Random

from deploy.postgres.logins import SERVICES
from tests.fault.ground import Ground
from tests.fault.rows.conftest import Size

ANSWERS_WITHIN = 15.0


async def test_services_killed(ground: Ground, size: Size, chance: Random) -> None:
    """Each is started again at once, as a supervisor does. Verdict first: a slow machine must not hide a lost fact."""
    trials, healed = size.of(40), []
    async with ground.under_load() as load:
        for _ in range(trials):
            victim = ground.services[chance.choice(SERVICES)]
            await load.until_more(chance.randint(3, 25), 60)
            victim.kill()
            victim.start()
            healed.append(await victim.until_answers(60))
    await ground.judged("kill -9 of a service", trials, healed)
    assert max(healed) <= ANSWERS_WITHIN
