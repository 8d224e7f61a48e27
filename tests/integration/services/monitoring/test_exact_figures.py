"""Each figure from the facts that make it, exact and small. The rows of the mission it proves are named by each test."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.monitoring.figures import FIGURES
from services.monitoring.release import service as releases
from shared.events import Event
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernWithdrawn
from shared.events.referral import AnswerOverdue, PlaceNotFound
from tests.builders_monitoring import JANUARY, Story, an_organisation
from tests.harness import ServiceUnderTest

CLINIC, NALTREXONE, OTHER_SITE, NGO = (UUID(int=number) for number in range(1, 5))
DUE = date(2026, 1, 12)


def day(number: int) -> date:
    return date.fromordinal(JANUARY.toordinal() + number)


@pytest.fixture
async def monitoring(monitoring: ServiceUnderTest) -> ServiceUnderTest:
    await monitoring.deliver(
        an_organisation(CLINIC),
        an_organisation(NALTREXONE, "UZ-SA", "naltrexone", 2),
        an_organisation(OTHER_SITE, "UZ-TK", "naltrexone", 2),
        an_organisation(NGO, "UZ-TK", "day-centre", 4),
    )
    return monitoring


async def figures(service: ServiceUnderTest, *facts: Event) -> dict[str, list[dict[str, Any]]]:
    await service.deliver(*facts)
    async with service.worker.transaction() as tx:
        return await releases.exact_figures(tx.connection, FIGURES, tx.now)


def picked(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


async def test_the_funnel_counts_a_person_by_the_first_addressed_referral(monitoring: ServiceUnderTest) -> None:
    """Open to any counts for nobody; the first that names somebody does, started only there. Source: mission row 002-06."""
    story, unnamed, named, later = Story(CLINIC), uuid4(), uuid4(), uuid4()
    found = await figures(
        monitoring,
        story.referred(unnamed, 2, None),
        story.referred(named, 2, NALTREXONE),
        story.answered(named, 2, NALTREXONE, "declined", "no-capacity"),
        story.referred(later, 2, OTHER_SITE),
        story.answered(later, 2, OTHER_SITE),
        story.started(2, day(3), OTHER_SITE),
    )
    [row] = found["referral_funnel"]
    assert picked(row, "programme", "referred", "accepted", "declined", "started") == ("naltrexone", 1, 0, 1, 0)
    assert row["declined_reasons"] == {"no-capacity": 1}


async def test_a_referral_open_to_any_counts_for_who_was_named_or_accepted_it(monitoring: ServiceUnderTest) -> None:
    first, second, one, two = Story(CLINIC), Story(CLINIC), uuid4(), uuid4()
    found = await figures(
        monitoring,
        first.referred(one, 2, None),
        first.addressed(one, 2, NALTREXONE),
        first.started(2, day(3), NALTREXONE),
        second.referred(two, 2, None),
        second.answered(two, 2, NALTREXONE),
    )
    assert picked(found["referral_funnel"][0], "referred", "accepted", "started") == (2, 2, 1)


async def test_a_referral_that_a_relapse_opened_is_counted_apart(monitoring: ServiceUnderTest) -> None:
    story, first, again = Story(CLINIC), uuid4(), uuid4()
    found = await figures(
        monitoring,
        story.referred(first, 2, NALTREXONE),
        story.started(2, day(3), NALTREXONE),
        story.referred(again, 2, NALTREXONE, "relapse"),
    )
    assert picked(found["referral_funnel"][0], "referred", "started") == (1, 1)
    assert picked(found["referral_funnel_after_relapse"][0], "referred", "started", "unanswered") == (1, 0, 1)


async def test_relapses_are_persons_of_those_who_started(monitoring: ServiceUnderTest) -> None:
    """Two of a person count once, an undone one not, leaving is listed by its own code. Source: standards section 3."""
    twice, undone, left = Story(NALTREXONE), Story(NALTREXONE), Story(OTHER_SITE)
    relapse_id = uuid4()
    found = await figures(
        monitoring,
        *(story.started(2, day(0)) for story in (twice, undone, left)),
        twice.assessed(2, "consecutive-4"),
        twice.assessed(2, "consecutive-4"),
        undone.assessed(2, "consecutive-4", relapse_id),
        undone.assessed(2, "consecutive-4", relapse_id, withdrawn=True),
        left.assessed(2, "dropout-4-missing"),
    )
    rows = {row["definition"]: picked(row, "stage", "programme", "persons", "of") for row in found["relapses"]}
    assert rows == {"consecutive-4": (2, "naltrexone", 1, 3), "dropout-4-missing": (2, "naltrexone", 1, 3)}


async def test_who_completed_rehabilitation_and_never_came_to_resocialization(monitoring: ServiceUnderTest) -> None:
    """Source: mission row 002-04."""
    done, begun, lost, elsewhere, stuck = (Story(NGO) for _ in range(5))
    facts: list[Event] = []
    for story in (done, begun, lost, elsewhere):
        facts += [story.started(4, day(0)), story.completed(4, day(20))]
    facts += [done.started(5, day(25)), done.completed(5, day(60)), begun.started(5, day(25)), elsewhere.skipped(5)]
    facts += [stuck.started(3, day(0)), stuck.completed(3, day(9)), stuck.started(4, day(10)), stuck.left(4, day(15))]
    found = {row["after_stage"]: row for row in (await figures(monitoring, *facts))["resocialization"]}
    assert picked(found[4], "completed", "exempt", "started_5", "completed_5", "neither", "numerator", "denominator") == (
        4,
        1,
        2,
        1,
        1,
        1,
        3,
    )
    assert (found[4]["neither_reasons"], found[4]["exempt_reasons"]) == ({"not-started-5": 1}, {"done-elsewhere": 1})
    assert found[3]["neither_reasons"] == {"left-4-dropped-out": 1}


async def test_each_pair_of_stages_has_the_same_figure(monitoring: ServiceUnderTest) -> None:
    """Source: mission row 002-05."""
    story = Story(CLINIC)
    facts = [fact for n in range(1, 6) for fact in (story.started(n, day(10 * n)), story.completed(n, day(10 * n + 3)))]
    rows = (await figures(monitoring, *facts))["handovers"]
    assert [picked(row, "from_stage", "to_stage", "completed", "median_days") for row in rows] == [(n, n + 1, 1, 7.0) for n in range(1, 5)]


async def test_a_stage_counts_a_person_by_the_first_start_and_by_how_all_stays_ended(monitoring: ServiceUnderTest) -> None:
    """The second stay is on another journey; of the third only the leaving is known. Source: mission row 002-05."""
    first, second = Story(CLINIC), Story(CLINIC)
    second.person_id = first.person_id
    facts = [
        first.started(2, day(0), NALTREXONE),
        first.left(2, day(20), "incarcerated", NALTREXONE),
        second.started(2, day(40), OTHER_SITE),
        second.left(2, day(50), "dropped-out", OTHER_SITE),
    ]
    await monitoring.deliver(*facts, second.left(3, day(60), at=NGO))
    asked = "SELECT stage, organisation_id, period, outcome, detail FROM unit_count WHERE figure = 'stage' AND units = 1"
    assert [tuple(row) for row in await monitoring.fetch(asked)] == [("treatment", NALTREXONE, day(0), "left", "dropped-out")]
    await monitoring.deliver(second.completed(2, day(55), OTHER_SITE))
    assert [row["outcome"] for row in await monitoring.fetch(asked)] == ["completed"]


async def test_treated_and_nothing_after_is_never_complete(monitoring: ServiceUnderTest) -> None:
    """Source: mission rows 002-37, 002-49, 000-66."""
    stopped, whole, again = Story(CLINIC), Story(CLINIC), Story(CLINIC)
    again.person_id = whole.person_id
    found = await figures(
        monitoring,
        *(story.opened() for story in (stopped, whole, again)),
        stopped.started(2, day(0)),
        stopped.completed(2, day(20)),
        whole.started(1, day(0)),
        whole.completed(1, day(5)),
        whole.started(2, day(6)),
        whole.completed(2, day(30)),
        whole.started(5, day(31)),
        whole.completed(5, day(100)),
        again.started(1, day(1)),
        again.left(1, day(2)),
    )
    [row] = found["journeys"]
    assert picked(row, "journeys", "persons", "completed", "left", "open") == (3, 2, 1, 1, 1)
    assert picked(row, "treated", "treated_not_complete", "median_days") == (2, 1, 100.0)


async def test_levels_answer_one_another_in_time_late_or_not(monitoring: ServiceUnderTest) -> None:
    """Imported history is not judged. Source: mission row 002-22."""
    story, ids, concern = Story(CLINIC), [uuid4() for _ in range(4)], uuid4()
    await monitoring.deliver(*(story.referred(referral_id, 2, NALTREXONE, due_on=DUE) for referral_id in ids[:3]))
    await monitoring.deliver(
        story.referred(ids[3], 3, NALTREXONE), ConcernRaised(person_id=story.person_id, concern_id=concern, severity="mild")
    )
    monitoring.now = datetime(2026, 3, 2, 14, 30, tzinfo=monitoring.now.tzinfo)
    found = await figures(
        monitoring,
        story.answered(ids[0], 2, NALTREXONE),
        story.answered(ids[1], 2, NALTREXONE, "declined", "no-capacity", in_time=False),
        AnswerOverdue(person_id=story.person_id, referral_id=ids[2], stage=2, region="UZ-SA"),
        story.answered(ids[3], 3, NALTREXONE),
        ConcernEscalated(person_id=story.person_id, concern_id=concern),
        ConcernAnswered(person_id=story.person_id, concern_id=uuid4()),
    )
    rows = {picked(row, "from_level", "to_level", "kind"): row for row in found["interaction"]}
    asked = rows["meso", "meso", "referral"]
    assert picked(asked, "sent", "answered_in_time", "late", "unanswered", "median_hours") == (3, 1, 1, 1, 5.0)
    assert picked(rows["micro", "meso", "concern"], "sent", "unanswered", "median_hours") == (1, 1, None)
    gone = await figures(monitoring, ConcernWithdrawn(person_id=story.person_id, concern_id=concern))
    assert "concern" not in {row["kind"] for row in gone["interaction"]}, "one entered in error counts nowhere"


async def test_requests_that_found_no_place_are_counted_by_stage(monitoring: ServiceUnderTest) -> None:
    """Once each, however often it was looked for. Source: mission row 000-62."""
    story, referral_id = Story(CLINIC), uuid4()
    asked = PlaceNotFound(person_id=story.person_id, referral_id=referral_id, stage=3, region="UZ-TK")
    other = PlaceNotFound(person_id=story.person_id, referral_id=uuid4(), stage=3, region="UZ-SA")
    rows = (await figures(monitoring, asked, asked, other))["places_not_found"]
    assert [picked(row, "stage", "requests") for row in rows] == [(3, 2)]


async def test_cooperation_stands_side_by_side_per_region(monitoring: ServiceUnderTest) -> None:
    """Source: mission rows 002-28, 002-29."""
    for number in range(30):
        story, offer = Story(NGO), uuid4()
        await monitoring.deliver(
            story.opened(),
            story.referred(offer, 4, NGO),
            story.answered(offer, 4, NGO) if number < 15 else story.answered(offer, 4, NGO, "declined", "declined-by-person"),
            *([story.started(4, day(3)), story.completed(4, day(20))] if number < 15 else []),
        )
    monitoring.now = datetime(2026, 4, 2, tzinfo=monitoring.now.tzinfo)
    async with monitoring.worker.transaction() as tx:
        await releases.make_release(tx, FIGURES, tx.now)
        _, [row] = await releases.list_rows(tx, "cooperation", None)
    assert picked(row, "region", "stage_4_started", "stage_4_completed") == ("UZ-TK", 15, 15)
    assert picked(row["handovers"][1], "stage", "lost", "rate") == (4, 15, 1.0)
    assert picked(row["offers"][0], "referred", "accepted", "declined_reasons") == (30, 15, {"declined-by-person": 15})
