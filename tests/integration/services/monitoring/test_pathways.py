"""Two pathways never share a row, a stage is known by its code, and the limit of a hand-over is the one told last."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.monitoring.figures import FIGURES
from services.monitoring.release import service as releases
from shared.events import Event
from shared.events.pathway import PathwayStage
from shared.events.referral import PlaceNotFound
from tests.builders_monitoring import Story, an_organisation
from tests.harness import ServiceUnderTest
from tests.integration.services.monitoring.test_exact_figures import day, figures, picked
from tests.integration.services.monitoring.test_facts import rolled_up

PRISON = "return-from-prison"
THREE = (
    PathwayStage(code="preparation"),
    PathwayStage(code="treatment", halfway=True),
    PathwayStage(code="resocialization", completes_the_journey=True, asks_for_support=True),
)
CLINIC, CENTRE = UUID(int=1), UUID(int=2)


def from_prison(at: UUID = CLINIC) -> Story:
    return Story(at, pathway=PRISON, stages=THREE)


def through_three(story: Story) -> list[Event]:
    referral_id = uuid4()
    return [
        story.opened(),
        story.started(1, day(0)),
        story.completed(1, day(10)),
        story.referred(referral_id, 2, CENTRE, "completion"),
        story.answered(referral_id, 2, CENTRE),
        story.started(2, day(13), CENTRE),
        story.completed(2, day(40), CENTRE),
        story.started(3, day(41), CENTRE),
        story.completed(3, day(90), CENTRE),
    ]


async def test_a_pathway_of_three_stages_has_every_figure(monitoring: ServiceUnderTest) -> None:
    await monitoring.deliver(an_organisation(CENTRE, "UZ-SA", "workshop", 2, PRISON))
    found = await figures(monitoring, *through_three(from_prison()))
    assert [picked(row, "pathway", "from_stage", "to_stage", "median_days") for row in found["handovers"]] == [
        (PRISON, 1, 2, 3.0),
        (PRISON, 2, 3, 1.0),
    ]
    assert [picked(row, "stage", "completed") for row in found["stages"]] == [(1, 1), (2, 1), (3, 1)]
    assert [picked(row, "after_stage", "completed", "completed_5") for row in found["resocialization"]] == [(1, 1, 1), (2, 1, 1)]
    [journey] = found["journeys"]
    assert picked(journey, "pathway", "completed", "treated", "treated_not_complete", "median_days") == (PRISON, 1, 1, 0, 90.0)
    assert [picked(row, "stage", "programme", "started") for row in found["referral_funnel"]] == [(2, "workshop", 1)]


async def test_stage_two_of_one_pathway_is_never_stage_two_of_another(monitoring: ServiceUnderTest) -> None:
    """One person on both at once, with a service, a referral and an unfound place for position 2 of each."""
    await monitoring.deliver(an_organisation(CENTRE, "UZ-SA", "workshop", 2, PRISON))
    first, second = Story(CLINIC), from_prison()
    second.person_id = first.person_id
    both = [
        fact
        for story in (first, second)
        for fact in (story.opened(), story.started(1, day(0)), story.completed(1, day(5)), story.referred(uuid4(), 2, CENTRE))
    ]
    found = await figures(monitoring, *both, second.started(2, day(6), CENTRE))
    rows = {row["pathway"]: row for row in found["handovers"]}
    assert {pathway: picked(row, "lost", "started_after") for pathway, row in rows.items()} == {
        "addiction-rehabilitation": (1, 0),
        PRISON: (0, 1),
    }
    funnel = {row["pathway"]: picked(row, "programme", "referred", "started") for row in found["referral_funnel"]}
    assert funnel == {"addiction-rehabilitation": ("not-known", 1, 0), PRISON: ("workshop", 1, 1)}
    assert {picked(row, "pathway", "persons") for row in found["journeys"]} == {("addiction-rehabilitation", 1), (PRISON, 1)}


async def test_a_request_without_a_place_stands_at_its_own_pathway(monitoring: ServiceUnderTest) -> None:
    story, referral_id = from_prison(), uuid4()
    asked = PlaceNotFound(person_id=story.person_id, referral_id=referral_id, stage=2, region="UZ-TK", pathway=PRISON)
    rows = (await figures(monitoring, story.opened(), story.referred(referral_id, 2, None), asked))["places_not_found"]
    assert [picked(row, "pathway", "stage", "requests") for row in rows] == [(PRISON, 2, 1)]


async def test_the_journey_may_be_heard_of_last(start: Any) -> None:
    """Referral's topic comes first, or programme's: the counts are the same, and those of a recount."""
    facts = through_three(from_prison())
    results = []
    for topics in (("programme", "referral"), ("referral", "programme")):
        service: ServiceUnderTest = await start("monitoring")
        envelopes = [service.envelope(fact) for fact in facts]
        for topic in topics:
            await service.deliver_again(*(envelope for envelope in envelopes if envelope.topic == topic))
        results.append(await rolled_up(service))
    assert results[0] == results[1]
    assert {row[1] for row in results[0]} == {PRISON}


async def test_an_inserted_stage_moves_positions_and_not_what_was_counted(monitoring: ServiceUnderTest) -> None:
    """A new version puts a stage in between: its codes keep their counts, at their new positions."""
    old = from_prison()
    await monitoring.deliver(old.opened(), old.started(1, day(0)), old.completed(1, day(5)), old.started(2, day(6)))
    new = Story(CLINIC, pathway=PRISON, stages=(THREE[0], PathwayStage(code="half-way-house"), *THREE[1:]))
    opened = new.opened().model_copy(update={"version": 2})
    rows = (await figures(monitoring, opened, new.started(1, day(0)), new.completed(1, day(5))))["handovers"]
    assert [picked(row, "from_stage", "to_stage", "completed", "started_after") for row in rows] == [(1, 2, 1, 0), (1, 3, 1, 1)]


async def lost_on(service: ServiceUnderTest, on: date) -> int:
    async with service.worker.transaction() as tx:
        found = await releases.exact_figures(tx.connection, FIGURES, datetime(on.year, on.month, on.day, tzinfo=UTC))
    return int(found["handovers"][0]["lost"])


@pytest.mark.parametrize(("told", "last_day"), [((), 21), ((30,), 30), ((30, 10), 10), ((10, None), 10)])
async def test_the_limit_is_the_newest_one_told_for_the_journey_and_stage(
    monitoring: ServiceUnderTest, told: tuple[int | None, ...], last_day: int
) -> None:
    """Days from the completion; 21 where none was told. It is told of imported history too. Source: mission row OUR-01."""
    story = Story(CLINIC)
    await monitoring.deliver(story.opened(imported=True), story.started(1, day(0)), story.completed(1, day(0)))
    for limit in told:
        await monitoring.deliver(story.referred(uuid4(), 2, CENTRE, limit_days=limit))
    assert [await lost_on(monitoring, day(last_day + later)) for later in (0, 1)] == [0, 1]


async def test_a_limit_told_for_another_stage_or_pathway_is_none_of_this_one(monitoring: ServiceUnderTest) -> None:
    story, other = Story(CLINIC), from_prison()
    other.person_id = story.person_id
    await monitoring.deliver(story.opened(), story.started(1, day(0)), story.completed(1, day(0)))
    await monitoring.deliver(
        story.referred(uuid4(), 3, CENTRE, limit_days=90), other.opened(), other.referred(uuid4(), 2, CENTRE, limit_days=90)
    )
    assert [await lost_on(monitoring, day(21 + later)) for later in (0, 1)] == [0, 1]
