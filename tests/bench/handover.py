"""Path "handover": the dashboard's hand-over figures at 10,000, 100,000 and 1,000,000 persons, by the clock of whoever asks."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from math import log
from statistics import fmean
from time import perf_counter

from services.monitoring.__main__ import SERVICE
from services.monitoring.figure.service import version_of
from services.monitoring.figures import FIGURES
from services.monitoring.release import service as releases
from shared.database import Database, Tx, connect
from tests.bench.ground import Ground
from tests.bench.pace import quantile
from tests.bench.peers.aggregate_at_query import QUERY
from tests.bench.rounds import Contestant, Readings, interleaved, lost_unless
from tests.bench.table import Line, Measured

SIZES = (10_000, 100_000, 1_000_000)
ASKED = 300
PEER_ASKED = 3
ROUNDS = 3
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)

ORGANISATIONS = """
INSERT INTO organisation (organisation_id, seq, level, region, programmes)
SELECT md5('organisation ' || n)::uuid, 1, 'meso', (ARRAY['UZ-TK','UZ-SA','UZ-AN','UZ-BU','UZ-FA','UZ-JI','UZ-NG','UZ-NW','UZ-QA','UZ-QR',
    'UZ-SI','UZ-SU','UZ-TO','UZ-XO'])[1 + n % 14],
    '{"addiction-rehabilitation/1": "detoxification", "addiction-rehabilitation/2": "treatment"}'
FROM generate_series(0, 139) AS n
"""
PERSONS = """
CREATE TEMPORARY TABLE made AS
SELECT n, md5('person ' || n)::uuid AS person_id, md5('organisation ' || n % 140)::uuid AS organisation_id,
       date '2025-01-01' + (n * 7 % 365)::int AS ended_on, CASE WHEN n % 10 < 8 THEN (n * 13 % 30)::int END AS days
FROM generate_series(1, $1::int) AS n
"""
SPELLS = """
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, started_on, completed_on, code, next_code)
SELECT person_id, 1, 1, person_id, organisation_id, ended_on - 20, ended_on, 'detoxification', 'treatment' FROM made
UNION ALL SELECT person_id, 2, 1, person_id, organisation_id, ended_on + days, NULL, 'treatment', 'medical-rehabilitation'
FROM made WHERE days IS NOT NULL
"""
ROLLUP = """
INSERT INTO unit_count (figure, pathway, stage, to_stage, organisation_id, period, outcome, detail, amount, units)
SELECT 'handover', 'addiction-rehabilitation', 'detoxification', 'treatment', organisation_id, ended_on,
       CASE WHEN days IS NULL THEN 'open' ELSE 'started' END, '', days, count(*)
FROM made GROUP BY 5, 6, 7, 9
"""


async def measure(ground: Ground) -> Measured:
    found: list[dict[str, Readings]] = []
    released: list[str] = []
    for size in SIZES:
        async with ground.database(SERVICE) as urls:
            await _fill(urls["owner"], size)
            database = await Database.open(urls["worker"], 1, "bench")
            released.append(f"{await _release(database):.1f} s at {size:,} persons")
            found.append(await interleaved(_contestants(database), ROUNDS))
            await database.close()
    lines = [
        Line(f"hand-over query, {size:,} persons", "ms p99", each["ours"], each["usual"], each["limit"], less=True)
        for size, each in zip(SIZES, found, strict=True)
    ]
    usual, ours, limit = (Readings((growth(SIZES, [each[name].median for each in found]),)) for name in ("usual", "ours", "limit"))
    return Measured(
        [*lines, Line("hand-over query, growth", "log p99 / log persons", ours, usual, limit, less=True, at_most=0.1)],
        [
            "hand-over: ours is what GET /figures/handovers reads, the newest release. Usual: counted from the facts when asked. "
            f"Limit: one indexed row. Making the release, once a day, took {', '.join(released)}."
        ],
    )


def _contestants(database: Database) -> list[Contestant]:
    return [
        Contestant("usual", lambda: _p99(database, _aggregated, PEER_ASKED)),
        Contestant("ours", lambda: _p99(database, _asked, ASKED)),
        Contestant("limit", lambda: _p99(database, _one_row, ASKED)),
    ]


async def _fill(url: str, size: int) -> None:
    """Facts, and the roll-ups they add up to."""
    connection = await connect(url)
    await connection.execute(ORGANISATIONS)
    await connection.execute(PERSONS.replace("$1::int", str(size)))
    for statement in (SPELLS, ROLLUP, "ANALYZE"):
        await connection.execute(statement)
    await connection.execute("INSERT INTO rollup_version (version) VALUES ($1)", version_of(FIGURES))
    await connection.close()


async def _release(database: Database) -> float:
    began = perf_counter()
    async with database.transaction() as tx:
        tx.now = AS_OF
        await releases.make_release(tx, FIGURES, AS_OF)
    return perf_counter() - began


async def _p99(database: Database, ask: Callable[[Tx], Awaitable[object]], times: int) -> float:
    """Milliseconds from opening the transaction to its end."""
    took = []
    for _ in range(times):
        began = perf_counter()
        async with database.transaction() as tx:
            await ask(tx)
        took.append(1000 * (perf_counter() - began))
    return quantile(sorted(took), 0.99)


async def _asked(tx: Tx) -> None:
    _, rows = await releases.list_rows(tx, "handovers", None)
    lost_unless(len(rows) > 0, True, "rows of the release")


async def _aggregated(tx: Tx) -> None:
    await tx.connection.execute("SET LOCAL statement_timeout = 0")
    await tx.connection.execute("SET LOCAL transaction_timeout = 0")
    await tx.connection.fetch(QUERY)


async def _one_row(tx: Tx) -> None:
    await tx.connection.fetchrow("SELECT * FROM release_table WHERE as_of = $1 AND name = 'handovers'", AS_OF)


def growth(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The least-squares slope of log value over log size: 0 is flat, 1 is in proportion."""
    xs, ys = [log(size) for size in sizes], [log(value) for value in values]
    middle, mean = fmean(xs), fmean(ys)
    return sum((x - middle) * (y - mean) for x, y in zip(xs, ys, strict=True)) / sum((x - middle) ** 2 for x in xs)
