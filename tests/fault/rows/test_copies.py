"""Ten copies of each command at once, and every record of every topic a second time: no new effect. Source: the fault table."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import pytest

from deploy.postgres.logins import SERVICES
from shared.database import connect
from tests.eventually import eventually
from tests.fault import load as loading
from tests.fault.copying import write_again
from tests.fault.ground import Ground
from tests.fault.provoking import TOPICS, turn_away
from tests.fault.reading import all_read, drained
from tests.fault.rows.conftest import Size
from tests.fault.wire import Answer, NoAnswer, Wire

COPIES = 10
COMMANDS = 1_000
VERSIONS = "SELECT count(*) FROM outbox"
COUNTED: Counter[str] = Counter()


@dataclass
class Tenfold:
    """Stands where a connection does: what is asked goes out over ten of them at once, with the same key."""

    port: int
    wires: list[Wire] = field(init=False)

    def __post_init__(self) -> None:
        self.wires = [Wire(self.port) for _ in range(COPIES)]

    def close(self) -> None:
        for wire in self.wires:
            wire.close()

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The accepted answer if any copy has one; all that do must have the same. Raises NoAnswer when none has any."""
        if "idempotency-key" not in headers:
            return await self.wires[0].ask(method, path, headers, body)
        asked = (wire.ask(method, path, headers, body) for wire in self.wires)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        definite = [answer for answer in answers if isinstance(answer, Answer)]
        if not definite:
            raise NoAnswer("of none")
        accepted = [answer for answer in definite if 200 <= answer.status < 300]
        COUNTED["copies"] += len(answers) - 1
        COUNTED["answered differently"] += len({told(answer) for answer in accepted}) > 1
        return (accepted or definite)[0]


def told(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.body, answer.headers.get("throughcare-events"), answer.headers.get("location")


async def test_copies_of_commands(ground: Ground, size: Size, chance: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer and one effect, whichever copy was first."""
    monkeypatch.setattr(loading, "Wire", Tenfold)
    COUNTED.clear()
    async with ground.under_load(60) as load:
        await load.until_more(size.of(COMMANDS), 120 * size.times)
    assert COUNTED["answered differently"] == 0
    assert COUNTED["copies"] >= (COPIES - 1) * size.of(COMMANDS)
    await ground.judged(f"{COPIES} copies of each command", COUNTED["copies"])


async def test_records_written_again(ground: Ground, size: Size, chance: Random) -> None:
    """Every record of every topic a second time, after the last one of its stream."""
    async with ground.under_load() as load:
        await turn_away(ground, load)
        await load.until_more(200, 60)
    assert await drained(ground.urls, ground.injected, 60) == []
    before, copies = await versions(ground), 0
    for _ in range(size.of(1)):
        copies += await write_again(ground.parts.kafka.bootstrap_servers, *TOPICS)
        await eventually(lambda: all_read(ground.urls, ground.parts.kafka.bootstrap_servers), 60)
    assert await versions(ground) == before, "a copy took effect"
    assert copies >= sum(before)
    await ground.judged("every record written again", copies)


async def versions(ground: Ground) -> list[int]:
    return [await value(ground.urls[service]["owner"], VERSIONS) for service in SERVICES]


async def value(url: str, sql: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()
