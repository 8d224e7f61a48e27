"""A new figure is one folder and one line: a toy figure is computed, suppressed, released, documented and served.

The toy stands where a folder would; nothing of monitoring but the list FIGURES is touched.
"""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from deploy.docs import figures as page
from services.monitoring import figures
from services.monitoring.figure.domain import BrokenRow, Count, Fallen, Kind, Placed
from services.monitoring.figure.service import Figure, Figures
from services.monitoring.operation import service as operation
from services.monitoring.release import service as releases
from services.monitoring.settings import Settings
from services.monitoring.table.domain import TOTAL, Spec
from tests import harness
from tests.builders_monitoring import JANUARY, Story, an_organisation
from tests.harness import ServiceUnderTest, a_caller
from tests.integration.services.monitoring.test_releases import ANALYST, CLINIC, rows

MADE_OF = ("services.monitoring.handlers", "services.monitoring.deadlines", "services.monitoring.__main__", "deploy.docs.figures")
SKIPS = Spec(
    name="skips",
    subject=("stage",),
    cells=("done-elsewhere", "not-needed"),
    published={"skipped": (TOTAL,), "elsewhere": ("done-elsewhere",), "unneeded": ("not-needed",)},
    persons={
        "skipped": "persons who skipped {stage} of {pathway}",
        "elsewhere": "persons who did {stage} of {pathway} elsewhere",
        "unneeded": "persons who did not need {stage} of {pathway}",
    },
    numerator="unneeded",
    denominator="skipped",
    definition="skip",
    dimensions=("region",),
)
UNITS = """
SELECT 'toy', j.pathway, w.codes[k.stage], '', j.organisation_id, NULL::uuid, j.opened_on, k.how, '', NULL::int, NULL::int
FROM skip k JOIN journey j USING (journey_id) JOIN pathway w ON w.pathway = j.pathway AND w.version = j.version
WHERE k.person_id = ANY($1::uuid[])
"""


class SkipRow(BrokenRow):
    stage: int
    skipped: Count
    elsewhere: Count
    unneeded: Count


def fall(unit: Placed, as_of: date) -> Fallen:
    return Fallen(unit.about(unit.at()), (unit.outcome,))


TOY = Figure(
    name="skip",
    path="/skips",
    says="Persons by how they skipped a stage.",
    row=SkipRow,
    words={"skip": "Persons who skipped the stage; shown from {threshold} on."},
    kinds=(Kind(SKIPS, {"toy": fall}),),
    units=UNITS,
    filters=("stage", "region"),
)


def made_again() -> None:
    """The parts of the service, and the page, that are made of the list."""
    for name in MADE_OF:
        importlib.reload(importlib.import_module(name))


@pytest.fixture
def with_toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Figures]:
    known = (*figures.FIGURES, TOY)
    with monkeypatch.context() as patched:
        patched.setattr(figures, "FIGURES", known)
        made_again()
        yield known
    made_again()


@pytest.fixture
async def monitoring(servers: harness.Servers, with_toy: Figures) -> AsyncIterator[ServiceUnderTest]:
    async with harness.running(servers, "monitoring") as service:
        yield service


async def skipped(service: ServiceUnderTest, number: int, how: str) -> None:
    for _ in range(number):
        story = Story(CLINIC)
        await service.deliver(story.opened(JANUARY), story.skipped(3, how))


async def release(service: ServiceUnderTest, known: Figures) -> None:
    async with service.worker.transaction() as tx:
        await releases.make_release(tx, known, tx.now)


async def test_it_is_computed_suppressed_released_and_served(monitoring: ServiceUnderTest, with_toy: Figures) -> None:
    await monitoring.deliver(an_organisation(CLINIC, "UZ-SA-01"))
    await skipped(monitoring, 14, "done-elsewhere")
    await skipped(monitoring, 12, "not-needed")
    await release(monitoring, with_toy)
    whole, region = await rows(monitoring, "/skips?stage=3")
    assert (whole["pathway"], whole["stage"], whole["skipped"], whole["elsewhere"], whole["rate"]) == (
        "addiction-rehabilitation",
        3,
        26,
        14,
        0.4615,
    )
    assert region["region"] == "UZ-SA"
    long = await rows(monitoring, "/figures/skip?grain=all&measure=elsewhere")
    assert [(row["value"], row["subject"], row["persons"]) for row in long] == [
        (14, {"stage": "medical-rehabilitation"}, "persons who did medical-rehabilitation of addiction-rehabilitation elsewhere")
    ]
    assert {"code": "skip", "text": "Persons who skipped the stage; shown from 11 on."} in (
        await monitoring.call("GET", "/definitions", ANALYST)
    ).json()


async def test_a_small_cell_of_it_is_withheld(monitoring: ServiceUnderTest, with_toy: Figures) -> None:
    await skipped(monitoring, 14, "done-elsewhere")
    await skipped(monitoring, 3, "not-needed")
    await release(monitoring, with_toy)
    row = (await rows(monitoring, "/skips"))[0]
    assert (row["skipped"], row["elsewhere"], row["unneeded"], row["withheld"]) == (17, None, None, True)
    states = {row["measure"]: (row["value"], row["status"]) for row in await rows(monitoring, "/figures/skip?grain=all")}
    assert states == {"skipped": (17, "shown"), "elsewhere": (None, "withheld"), "unneeded": (None, "withheld"), "rate": (None, "withheld")}


async def test_an_operator_reads_and_verifies_it(
    monitoring: ServiceUnderTest, with_toy: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    await skipped(monitoring, 2, "not-needed")
    settings = Settings(worker_database_url=monitoring.urls["worker"])
    assert await asyncio.to_thread(operation.figures, with_toy, settings, ["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["skips"][0]["unneeded"] == 2
    assert await asyncio.to_thread(operation.figures, with_toy, settings, ["--long"]) == 0
    assert "persons who did not need medical-rehabilitation" in capsys.readouterr().out
    assert await asyncio.to_thread(operation.rebuild, with_toy, settings, ["--verify"]) == 0


async def test_who_may_read_it_is_said_once_for_all(monitoring: ServiceUnderTest) -> None:
    assert (await monitoring.call("GET", "/skips", a_caller("clinician", CLINIC))).status_code == 403
    assert (await monitoring.call("GET", "/skips", ANALYST)).status_code == 404


def test_it_is_documented(with_toy: Figures) -> None:
    assert "## skip\n" in page.page()
    assert "persons who did {stage} of {pathway} elsewhere" in page.page()


async def test_a_figure_that_comes_later_counts_everybody_from_the_next_release_on(servers: harness.Servers, with_toy: Figures) -> None:
    """The counts were made without it. The next release notices, and counts anew before it publishes."""
    async with harness.running(servers, "monitoring") as service:
        await skipped(service, 15, "not-needed")
        await service.fetch("UPDATE unit_count SET units = 0 WHERE figure = 'toy'")
        async with service.worker.transaction() as tx:
            await releases.bring_up_to_date(tx.connection, with_toy[:-1])
        await service.fetch("UPDATE unit_count SET units = 0 WHERE figure = 'toy'")
        await release(service, with_toy)
        assert (await rows(service, "/skips"))[0]["skipped"] == 15
