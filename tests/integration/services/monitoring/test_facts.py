"""Each fact once, twice, out of order and with the topics in any order gives the same roll-ups, equal to a recomputation from the facts."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID, uuid4

import pytest

from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.handlers import HANDLERS
from services.monitoring.rollup import service as rollups
from services.monitoring.unit.domain import Unit
from shared.events import Event
from shared.events.envelope import Envelope
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernSigned, ConcernWithdrawn
from shared.events.referral import AnswerOverdue, PersonDeathReversed, PersonDied, PersonErased, PersonMerged, PlaceNotFound
from tests.builders_monitoring import JANUARY, Story, an_organisation
from tests.harness import ServiceUnderTest

CLINIC, CENTRE, OTHER = uuid4(), uuid4(), uuid4()
DUE = date(2026, 1, 12)
COLUMNS = ", ".join((*Unit._fields, "units"))


def day(number: int) -> date:
    return date.fromordinal(JANUARY.toordinal() + number)


def through_all_stages(story: Story) -> list[Event]:
    """Referred, accepted and started everywhere; relapsed once; completed."""
    referral_id, again = uuid4(), uuid4()
    facts = [
        story.opened(),
        story.started(1, day(0)),
        story.completed(1, day(5)),
        story.referred(referral_id, 2, None, "completion", DUE),
        story.addressed(referral_id, 2, CENTRE, DUE),
        story.addressed(referral_id, 2, OTHER, DUE),
        story.answered(referral_id, 2, CENTRE),
        story.started(2, day(9), CENTRE),
        story.closed(referral_id, 2),
        story.assessed(2, "consecutive-4"),
        story.completed(2, day(60), CENTRE),
        story.referred(again, 2, CENTRE, "relapse", DUE),
        story.answered(again, 2, CENTRE, "declined", "no-capacity", in_time=False),
        story.started(2, day(70), CENTRE, spell=2),
        story.left(2, day(80), "transferred", CENTRE, spell=2),
        story.started(2, day(81), OTHER, spell=3),
        story.completed(2, day(90), OTHER, spell=3),
    ]
    for stage in (3, 4, 5):
        facts += [story.started(stage, day(30 * stage)), story.completed(stage, day(30 * stage + 20))]
    done = [story.journey_completed(day(171)), story.completion_corrected(day(170))]
    return [*facts, *done, story.journey_corrected(day(-1)), story.corrected(5, day(149), "completed", day(170))]


def cut_short(story: Story) -> list[Event]:
    """Completed, declined by the next one, died; a definition undone; a concern that came too late; no place."""
    referral_id, relapse_id, concern_id = uuid4(), uuid4(), uuid4()
    concern = {"person_id": story.person_id, "concern_id": concern_id}
    return [
        story.opened(imported=True),
        story.skipped(1, "not-needed"),
        story.skip_withdrawn(1),
        story.started(2, day(1), CENTRE),
        story.assessed(2, "dropout-4-missing"),
        story.assessed(2, "consecutive-3", relapse_id),
        story.assessed(2, "consecutive-3", relapse_id, withdrawn=True),
        story.completed(2, day(30), CENTRE),
        story.referred(referral_id, 3, OTHER, due_on=DUE),
        AnswerOverdue(person_id=story.person_id, referral_id=referral_id, stage=3, region="UZ-TK"),
        story.answered(referral_id, 3, OTHER, "declined", "declined-by-person", in_time=False),
        PlaceNotFound(person_id=story.person_id, referral_id=referral_id, stage=3, region="UZ-SA"),
        ConcernRaised(**concern, severity="mild"),
        ConcernSigned(**concern, signs=("000-08", "000-09")),
        ConcernEscalated(**concern),
        ConcernAnswered(**concern),
        ConcernWithdrawn(person_id=story.person_id, concern_id=uuid4()),
        PersonDeathReversed(person_id=story.person_id),
        PersonDied(person_id=story.person_id, on=day(40)),
        PersonErased(person_id=story.person_id, on=day(50)),
        PersonMerged(person_id=uuid4(), into_id=story.person_id),
    ]


@pytest.fixture
def facts() -> list[Event]:
    stories = [through_all_stages(Story(CLINIC)), cut_short(Story(CLINIC)), through_all_stages(Story(OTHER))]
    places = [an_organisation(CLINIC), an_organisation(CENTRE, "UZ-SA", "naltrexone", 2), an_organisation(CENTRE, "UZ-BU", "naltrexone", 2)]
    return [*places, *(fact for story in stories for fact in story)]


async def rolled_up(service: ServiceUnderTest) -> list[tuple[object, ...]]:
    """All counts that are not zero, after comparing them with a recomputation from scratch."""
    async with service.worker.transaction() as tx:
        assert await rollups.differences(tx.connection, units_of(FIGURES)) == []
    rows = await service.fetch(f"SELECT {COLUMNS} FROM unit_count WHERE units <> 0")
    return sorted((tuple(row) for row in rows), key=str)


async def delivered(start: object, batches: Iterable[Sequence[Envelope]]) -> list[tuple[object, ...]]:
    service = await start("monitoring")  # type: ignore[operator]
    for batch in batches:
        await service.deliver_again(*batch)
    return await rolled_up(service)


def test_the_facts_of_this_file_reach_every_handler(facts: list[Event]) -> None:
    assert {type(fact) for fact in facts} == set(HANDLERS)


async def test_any_order_and_any_repetition_gives_the_same_roll_ups(start: object, facts: list[Event]) -> None:
    service = await start("monitoring")  # type: ignore[operator]
    envelopes = [service.envelope(fact) for fact in facts]
    topics = sorted({envelope.topic for envelope in envelopes})
    by_topic = {topic: [envelope for envelope in envelopes if envelope.topic == topic] for topic in topics}
    shuffled = random.Random(7).sample(envelopes, len(envelopes))

    once = await delivered(start, [envelopes])
    assert len(once) > 30
    assert await delivered(start, [[envelope] for envelope in envelopes]) == once
    assert await delivered(start, [envelopes, envelopes]) == once
    assert await delivered(start, [[twice] for envelope in envelopes for twice in (envelope, envelope)]) == once
    assert await delivered(start, [by_topic[topic] for topic in topics]) == once
    assert await delivered(start, [by_topic[topic] for topic in reversed(topics)]) == once
    assert await delivered(start, [shuffled[place : place + 5] for place in range(0, len(shuffled), 5)]) == once


async def test_the_organisation_may_be_heard_of_last(monitoring: ServiceUnderTest) -> None:
    """Region and programme are joined when figures are read. Source: delivery.md section 4."""
    story = Story(CLINIC)
    await monitoring.deliver(story.started(1, day(0)), story.completed(1, day(5)))
    await monitoring.deliver(an_organisation(CLINIC, "UZ-TK-01", "detoxification"))
    async with monitoring.worker.transaction() as tx:
        rows = await rollups.list_placed(tx.connection, date(9999, 1, 1))
    assert {(row["region"], row["programme"]) for row in rows if row["figure"] == "handover"} == {("UZ-TK-01", "detoxification")}


async def hand_over(service: ServiceUnderTest, *facts: Event) -> list[tuple[object, ...]]:
    """(outcome, detail, amount) of the hand-overs 1 -> 2 and the transfers of stage 1 that these facts make."""
    await service.deliver(*facts)
    rows = await service.fetch(
        "SELECT outcome, detail, amount FROM unit_count"
        " WHERE stage = 'detoxification' AND figure IN ('handover', 'transfer') AND units <> 0"
    )
    return [tuple(row) for row in rows]


async def test_a_person_counts_once_a_month_by_the_first_completion(monitoring: ServiceUnderTest) -> None:
    story = Story()
    first = [story.started(1, day(0)), story.completed(1, day(3)), story.started(2, day(5))]
    again = [story.started(1, day(8), spell=2), story.completed(1, day(10), spell=2), story.started(2, day(20), spell=2)]
    assert await hand_over(monitoring, *first, *again) == [("started", "", 2)]


async def test_a_completion_after_a_relapse_is_held_against_the_next_start(monitoring: ServiceUnderTest) -> None:
    story = Story()
    first = [story.started(1, day(0)), story.completed(1, day(3)), story.started(2, day(5)), story.left(2, day(9))]
    again = [story.started(1, day(40), spell=2), story.completed(1, day(50), spell=2)]
    assert sorted(await hand_over(monitoring, *first, *again), key=str) == [("open", "", None), ("started", "", 2)]


async def test_a_next_stage_that_is_still_open_overlaps(monitoring: ServiceUnderTest) -> None:
    story = Story()
    facts = [story.started(1, day(0)), story.completed(1, day(3)), story.started(2, day(5))]
    again = [story.started(1, day(40), spell=2), story.completed(1, day(50), spell=2)]
    assert sorted(await hand_over(monitoring, *facts, *again), key=str) == [("overlapping", "", None), ("started", "", 2)]


async def test_a_transferred_stage_is_handed_over_to_itself(monitoring: ServiceUnderTest) -> None:
    """Source: standards section 4."""
    story = Story()
    facts = [story.started(1, day(0)), story.left(1, day(3), "transferred"), story.started(1, day(7), CENTRE, spell=2)]
    assert await hand_over(monitoring, *facts) == [("started", "", 4)]


async def test_a_decline_counts_until_somebody_else_is_asked(monitoring: ServiceUnderTest) -> None:
    """Source: mission row 002-06."""
    story, first, second = Story(), uuid4(), uuid4()
    facts = [story.started(1, day(0)), story.completed(1, day(3)), story.referred(first, 2, CENTRE)]
    declined = story.answered(first, 2, CENTRE, "declined", "declined-by-person")
    assert await hand_over(monitoring, *facts, declined) == [("declined", "declined-by-person", None)]
    assert await hand_over(monitoring, story.referred(second, 2, OTHER)) == [("open", "", None)]


@pytest.mark.parametrize(("how", "outcome"), [("done-elsewhere", "exempt"), ("not-needed", "exempt")])
async def test_a_skipped_next_stage_exempts(monitoring: ServiceUnderTest, how: str, outcome: str) -> None:
    story = Story()
    assert await hand_over(monitoring, story.started(1, day(0)), story.completed(1, day(3)), story.skipped(2, how)) == [
        (outcome, how, None)
    ]


async def test_how_the_next_stage_ended_exempts_nobody(monitoring: ServiceUnderTest) -> None:
    """Source: contracts section 3, trial records."""
    story = Story()
    facts = [story.started(1, day(0)), story.completed(1, day(3)), story.started(2, day(5)), story.left(2, day(6), "died")]
    assert await hand_over(monitoring, *facts, PersonDied(person_id=story.person_id, on=day(6))) == [("started", "", 2)]


async def test_two_persons_of_one_clinic_and_day_share_a_count(monitoring: ServiceUnderTest) -> None:
    for _ in range(2):
        story = Story(UUID(int=5))
        await monitoring.deliver(story.started(1, day(0)), story.completed(1, day(3)))
    rows = await monitoring.fetch("SELECT units FROM unit_count WHERE figure = 'handover' AND units <> 0")
    assert [row["units"] for row in rows] == [2]


async def test_batches_of_different_topics_at_once_lose_nothing(monitoring: ServiceUnderTest) -> None:
    """Workers hear the topics side by side: the same persons, at the same time, in either order."""
    stories = [Story(CLINIC) for _ in range(20)]
    envelopes = [monitoring.envelope(fact) for story in stories for fact in through_all_stages(story)]
    topics = {envelope.topic for envelope in envelopes}
    for turn in range(0, 20, 5):
        persons = {story.person_id for story in stories[turn : turn + 5]}
        batches = [[e for e in envelopes if e.topic == topic and e.stream_id in persons] for topic in sorted(topics)]
        await asyncio.gather(*(monitoring.deliver_again(*batch) for batch in batches))
    assert {units for *_, units in await rolled_up(monitoring)} == {20}


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 0, 1, 1), (0, 1, 0)])
async def test_an_organisation_counts_as_told_last(monitoring: ServiceUnderTest, order: Sequence[int]) -> None:
    """Entered as national, then confirmed as what it is: once, twice and out of order. Source: mission row 002-10."""
    entered = an_organisation(CLINIC, "UZ").model_copy(update={"level": "macro", "confirmed": False})
    envelopes = [monitoring.envelope(fact) for fact in (entered, an_organisation(CLINIC, "UZ-SA"))]
    for place in order:
        await monitoring.deliver_again(envelopes[place])
    (row,) = await monitoring.fetch("SELECT level, region, seq FROM organisation")
    assert tuple(row) == ("meso", "UZ-SA", 2)


async def test_a_death_that_was_reversed_counts_as_none(monitoring: ServiceUnderTest) -> None:
    """The newest that was told counts, in one batch or in several, and again after another report."""
    story = Story()
    facts = [story.opened(), story.started(1, day(1)), story.completed(1, day(10))]
    died, alive = PersonDied(person_id=story.person_id, on=day(20)), PersonDeathReversed(person_id=story.person_id)
    assert await hand_over(monitoring, *facts, died) == [("died", "", 10)]
    assert await hand_over(monitoring, alive) == [("open", "", None)]
    assert await hand_over(monitoring, died, alive) == [("open", "", None)]
    assert await hand_over(monitoring, alive, died) == [("died", "", 10)]
