"""Path "rebuild": monitoring's roll-ups made anew from its kept facts, against every event handled again and against bare upserts."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from services.monitoring.__main__ import SERVICE
from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.rollup import service as rollups
from shared.database import Connection, Database, connect
from shared.delivery import inbox
from shared.events.envelope import Envelope
from tests.bench.ground import Ground
from tests.bench.history import history, slices
from tests.bench.peers import handled_again, upsert_per_event
from tests.bench.rounds import Contestant, interleaved, lost_unless
from tests.bench.table import Line, Measured

ROUNDS = 3
PERSONS = 4_000
UPSERTS, HANDLED = 1_000, 300
KEPT = ("person", "journey", "spell", "skip", "referral", "relapse", "concern", "place_not_found")


async def measure(ground: Ground) -> Measured:
    facts = history(PERSONS)
    async with ground.database(SERVICE) as urls, ground.empty_database() as peers_url:
        worker, owner = await Database.open(urls["worker"], 2, "bench"), await connect(urls["owner"])
        await _project(worker, facts)
        await owner.execute("ANALYZE")
        path = Rebuild(worker, owner, len(facts))
        contestants = (
            Contestant("usual", lambda: _handled_again(ground, facts[:HANDLED])),
            Contestant("upserts", lambda: upsert_per_event.rebuild(peers_url, facts[:UPSERTS])),
            Contestant("ours", path.ours),
            Contestant("limit", path.limit),
        )
        found = await interleaved(contestants, ROUNDS)
        await worker.close()
        await owner.close()
    ours, others = found["ours"], found["limit"]
    return Measured(
        [
            Line("rebuild a projection", "events/s", ours, found["usual"], others, times_usual=50),
            Line("rebuild, beside bare upserts", "events/s", ours, found["upserts"], others, times_usual=50),
        ],
        [
            f"rebuild: all roll-ups made again from the facts of {len(facts):,} events, committed, and equal to what they were. "
            f"Usual: the handler again, a transaction an event ({HANDLED} of them). Bare upserts: one upsert and one commit an event "
            f"({UPSERTS:,} of them) into one count, which needs no earlier event. Limit: reading the facts."
        ],
    )


async def _handled_again(ground: Ground, facts: Sequence[Envelope]) -> float:
    async with ground.database(SERVICE) as urls:
        return await handled_again.rebuild(urls["owner"], facts)


async def _project(database: Database, facts: Sequence[Envelope]) -> None:
    for part in slices(facts, SERVICE.batch):
        async with database.transaction() as tx:
            await inbox.apply(tx, part, SERVICE.handlers)


@dataclass
class Rebuild:
    """The same facts in every round."""

    worker: Database
    owner: Connection
    events: int

    async def ours(self) -> float:
        before = await self.owner.fetchval("SELECT sum(units) FROM unit_count")
        await self.owner.execute("DELETE FROM unit_count")
        began = perf_counter()
        async with self.worker.transaction() as tx:
            await rollups.rebuild(tx.connection, units_of(FIGURES))
        seconds = perf_counter() - began
        lost_unless(await self.owner.fetchval("SELECT sum(units) FROM unit_count"), before, "our rebuild: units")
        return self.events / seconds

    async def limit(self) -> float:
        began = perf_counter()
        for table in KEPT:
            await self.owner.fetch(f"SELECT * FROM {table}")
        return self.events / (perf_counter() - began)
