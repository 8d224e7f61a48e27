"""Roll-ups that were spoilt are rebuilt from the kept facts while events go on: all are right again, and none of the new ones is lost.

Source: section 1 of the fault issue; delivery section 4.
"""

from random import Random
from time import monotonic

from shared.database import connect
from tests.fault.ground import Ground
from tests.fault.reading import drained
from tests.fault.rows.conftest import Size

SERVICE = "monitoring"
COMMANDS = 60
SPOIL = (
    "UPDATE unit_count SET units = units + 1 WHERE figure = 'stage'",
    "UPDATE unit_count SET units = 0 WHERE figure = 'journey'",
    "DELETE FROM unit_count WHERE figure = 'handover'",
    "UPDATE unit_count SET units = units - 3 WHERE figure = 'interaction'",
)


async def test_rebuilt(ground: Ground, size: Size, chance: Random) -> None:
    took, trials = [], size.of(8)
    async with ground.under_load() as load:
        for trial in range(trials):
            await load.until_more(COMMANDS, 60)
            await spoil(ground, SPOIL[trial % len(SPOIL)])
            began = monotonic()
            await ground.operate(SERVICE, "rebuild", "--swap")
            took.append(monotonic() - began)
    assert await drained(ground.urls, ground.injected, 60) == []
    assert "0 counts differ" in await ground.operate(SERVICE, "rebuild", "--verify")
    await ground.judged("roll-ups spoilt and rebuilt beside live traffic", trials, took)


async def spoil(ground: Ground, statement: str) -> None:
    database = await connect(ground.urls[SERVICE]["owner"])
    try:
        assert await database.execute(statement) not in ("UPDATE 0", "DELETE 0"), f"nothing to spoil: {statement}"
    finally:
        await database.close()
