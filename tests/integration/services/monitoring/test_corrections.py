"""A wrong fact and its correction leave facts, roll-ups and every exact figure as if the right one had been entered at first."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.handlers import HANDLERS
from services.monitoring.release import service as releases
from services.monitoring.rollup import service as rollups
from shared.delivery import outbox
from shared.events import Event
from shared.events.envelope import Envelope
from shared.events.referral import PlaceNotFound
from tests.builders_monitoring import JANUARY, Story, an_organisation
from tests.harness import ServiceUnderTest

NAMES = UUID("5b0e4c1a-0000-4000-8000-000000000000")
CLINIC, CENTRE, NGO = UUID(int=1), UUID(int=2), UUID(int=3)
PLACES = (an_organisation(CLINIC), an_organisation(CENTRE, "UZ-SA", "naltrexone", 2), an_organisation(NGO, "UZ-BU", "day-centre", 4))
STANDING = (
    "SELECT s.*, j.completed_on FROM standing_journey s JOIN journey j USING (journey_id)",
    "SELECT * FROM standing_spell",
    "SELECT * FROM standing_skip",
)
Told = tuple[Sequence[Event], Sequence[Event]]
"""What was told, its corrections included, and what would have been told if nothing had been wrong."""


def day(number: int) -> date:
    return date.fromordinal(JANUARY.toordinal() + number)


def a_story(name: str) -> Story:
    """The same ids wherever the same name is told of."""
    return Story(CLINIC, uuid5(NAMES, name), uuid5(NAMES, f"{name}/journey"))


def an_id(story: Story, name: str) -> UUID:
    return uuid5(story.person_id, name)


def a_start(s: Story) -> Told:
    return [s.opened(), s.started(1, day(3)), s.corrected(1, day(1))], [s.opened(), s.started(1, day(1))]


def a_start_of_another_organisation(s: Story) -> Told:
    wrong = [s.opened(), s.started(2, day(0)), s.completed(2, day(5)), s.started(3, day(6))]
    right = [s.opened(), s.started(2, day(0), CENTRE), s.completed(2, day(5), CENTRE), s.started(3, day(6))]
    return [*wrong, s.corrected(2, day(0), "completed", day(5), CENTRE)], right


def a_completion_of_another_month(s: Story) -> Told:
    whole = [s.opened(), s.started(1, day(0)), s.completed(1, day(5)), s.started(2, day(44))]
    right = [s.opened(), s.started(1, day(0)), s.completed(1, day(40)), s.started(2, day(44))]
    return [*whole, s.corrected(1, day(0), "completed", day(40))], right


def a_leaving_that_was_a_completion(s: Story) -> Told:
    begun = [s.opened(), s.started(4, day(0))]
    return [*begun, s.left(4, day(9), "transferred"), s.corrected(4, day(0), "completed", day(9))], [*begun, s.completed(4, day(9))]


def a_completion_that_was_a_leaving(s: Story) -> Told:
    begun = [s.opened(), s.started(4, day(0))]
    wrong = [*begun, s.completed(4, day(9)), s.started(5, day(12)), s.corrected(4, day(0), "transferred", day(8))]
    return wrong, [*begun, s.left(4, day(8), "transferred"), s.started(5, day(12))]


def an_end_in_error(s: Story) -> Told:
    begun = [s.opened(), s.started(1, day(0))]
    return [*begun, s.completed(1, day(9)), s.corrected(1, day(0))], begun


def an_end_told_after_the_correction(s: Story) -> Told:
    wrong = [s.opened(), s.started(1, day(0)), s.left(1, day(9)), s.corrected(1, day(2)), s.completed(1, day(30)), s.started(2, day(31))]
    return wrong, [s.opened(), s.started(1, day(2)), s.completed(1, day(30)), s.started(2, day(31))]


def a_stay_that_never_was(s: Story) -> Told:
    relapse_id, right = an_id(s, "relapse"), [s.opened(), s.started(1, day(0)), s.completed(1, day(5))]
    wrong = [*right, s.started(2, day(6), CENTRE), s.assessed(2, "consecutive-4", relapse_id), s.corrected(2, None, at=CENTRE)]
    return [*wrong, s.assessed(2, "consecutive-4", relapse_id, withdrawn=True)], right


def a_relapse_told_late_of_a_stay_that_never_was(s: Story) -> Told:
    right = [s.opened(), s.started(2, day(0)), s.left(2, day(5))]
    wrong = [*right, s.started(2, day(6), spell=2), s.corrected(2, None, spell=2), s.assessed(2, "consecutive-4", an_id(s, "r"), spell=2)]
    return wrong, right


def a_stay_of_the_same_number_later(s: Story) -> Told:
    wrong = [s.opened(), s.started(1, day(0)), s.completed(1, day(5)), s.corrected(1, None), s.started(1, day(50), CENTRE)]
    return wrong, [s.opened(), s.started(1, day(50), CENTRE)]


def a_stay_between_two_that_never_was(s: Story) -> Told:
    """What comes after a completion is held against the next stay that there is."""
    one = [s.opened(), s.started(1, day(0)), s.completed(1, day(5))]
    two = [s.started(1, day(20), spell=2), s.completed(1, day(22), spell=2)]
    three = [s.started(1, day(40), spell=3), s.completed(1, day(45), spell=3), s.started(2, day(60))]
    return [*one, *two, *three, s.corrected(1, None, spell=2)], [*one, *three]


def a_correction_that_was_corrected(s: Story) -> Told:
    wrong = [s.opened(), s.started(1, day(3)), s.corrected(1, day(1)), s.corrected(1, None), s.corrected(1, day(33), "completed", day(40))]
    return wrong, [s.opened(), s.started(1, day(33)), s.completed(1, day(40))]


def a_skip_that_was_none(s: Story) -> Told:
    right = [s.opened(), s.started(4, day(0)), s.completed(4, day(5))]
    return [*right, s.skipped(5), s.skip_withdrawn(5)], right


def a_skip_for_another_reason(s: Story) -> Told:
    right = [s.opened(), s.started(1, day(0)), s.completed(1, day(5))]
    return [*right, s.skipped(2), s.skip_withdrawn(2), s.skipped(2, "not-needed")], [*right, s.skipped(2, "not-needed")]


def a_journey_of_another_day(s: Story) -> Told:
    """An imported referral has the day of its journey's opening."""
    rest = [s.started(1, day(40)), s.referred(an_id(s, "asked"), 2, CENTRE)]
    return [s.opened(imported=True), *rest, s.journey_corrected(day(35))], [s.opened(day(35), imported=True), *rest]


def a_journey_that_never_was(s: Story) -> Told:
    """With stays, a skip, a relapse, its completion and its requests; the person's other journey stays, and is now the first."""
    other, asked, relapse_id = replace(s, journey_id=an_id(s, "other")), an_id(s, "asked"), an_id(s, "relapse")
    right = [other.opened(day(2)), other.started(1, day(3)), other.completed(1, day(9))]
    wrong = [s.opened(), s.started(1, day(0)), s.completed(1, day(5)), s.started(2, day(6)), s.completed(2, day(7)), s.skipped(3)]
    wrong += [s.started(5, day(8)), s.completed(5, day(50)), s.journey_completed(day(50))]
    wrong += [s.assessed(2, "consecutive-4", relapse_id), s.referred(asked, 2, CENTRE, due_on=day(9))]
    wrong += [PlaceNotFound(person_id=s.person_id, referral_id=asked, stage=2, region="UZ-SA")]
    error = [s.closed(asked, 2, "entered-in-error"), s.assessed(2, "consecutive-4", relapse_id, withdrawn=True)]
    return [*wrong, *right[:2], s.journey_corrected(None), *error, *right[2:]], right


def a_journey_that_never_was_and_its_late_relapse(s: Story) -> Told:
    return [s.opened(), s.started(2, day(0)), s.journey_corrected(None), s.assessed(2, "consecutive-4", an_id(s, "relapse"))], []


def a_journey_that_never_was_and_a_request_that_was(s: Story) -> Told:
    asked = s.referred(an_id(s, "asked"), 2, CENTRE)
    return [s.opened(day(-40), imported=True), asked, s.journey_corrected(None)], [asked]


def a_journey_opened_again(s: Story) -> Told:
    wrong = [s.opened(), s.started(1, day(0)), s.completed(1, day(5)), s.skipped(2), s.journey_completed(day(5)), s.journey_corrected(None)]
    right = [s.opened(day(31)), s.started(1, day(32))]
    return [*wrong, *right], right


def a_completion_told_before_the_journey_was_withdrawn(s: Story) -> Told:
    return [s.opened(), s.journey_completed(day(5)), s.journey_corrected(None), s.opened(day(9))], [s.opened(day(9))]


def a_completion_of_the_journey(s: Story) -> Told:
    whole = [s.opened(), s.started(5, day(0)), s.completed(5, day(30))]
    return [*whole, s.journey_completed(day(30)), s.completion_corrected(day(31))], [*whole, s.journey_completed(day(31))]


def a_completion_of_the_journey_that_was_none(s: Story) -> Told:
    whole = [s.opened(), s.started(5, day(0)), s.completed(5, day(30))]
    return [*whole, s.journey_completed(day(30)), s.completion_corrected(None), s.corrected(5, day(0))], whole[:2]


def a_request_entered_in_error(s: Story) -> Told:
    """Whatever end was told of it before; a place that was not found for it is not counted either. Source: standards section 1."""
    right = [s.opened(), s.started(3, day(0)), s.completed(3, day(5))]
    wrong = [*right]
    for end, stage in (("cancelled", 4), ("completed", 4), ("failed", 4), ("completed", 5)):
        asked = an_id(s, f"{end} {stage}")
        wrong += [s.referred(asked, stage, NGO, due_on=day(9), limit_days=9)]
        wrong += [s.answered(asked, stage, NGO, "declined", "returned-to-custody")]
        wrong += [PlaceNotFound(person_id=s.person_id, referral_id=asked, stage=stage, region="UZ-BU")]
        wrong += [s.closed(asked, stage, end, "other"), s.closed(asked, stage, "entered-in-error", "mistaken-or-duplicate")]
    return wrong, right


CASES: tuple[Callable[[Story], Told], ...] = (
    a_start,
    a_start_of_another_organisation,
    a_completion_of_another_month,
    a_leaving_that_was_a_completion,
    a_completion_that_was_a_leaving,
    an_end_in_error,
    an_end_told_after_the_correction,
    a_stay_that_never_was,
    a_relapse_told_late_of_a_stay_that_never_was,
    a_stay_of_the_same_number_later,
    a_stay_between_two_that_never_was,
    a_correction_that_was_corrected,
    a_skip_that_was_none,
    a_skip_for_another_reason,
    a_journey_of_another_day,
    a_journey_that_never_was,
    a_journey_that_never_was_and_its_late_relapse,
    a_journey_that_never_was_and_a_request_that_was,
    a_journey_opened_again,
    a_completion_told_before_the_journey_was_withdrawn,
    a_completion_of_the_journey,
    a_completion_of_the_journey_that_was_none,
    a_request_entered_in_error,
)
TOLD = {case.__name__: case(a_story(case.__name__)) for case in CASES}


async def units(service: ServiceUnderTest, person_id: UUID) -> Counter[tuple[Any, ...]]:
    """Of what all figures are made for this person."""
    async with service.worker.transaction() as tx:
        found = await rollups.units_of(tx.connection, units_of(FIGURES), [person_id])
    return Counter({tuple(unit): number for unit, number in found.items()})


async def whole(service: ServiceUnderTest) -> tuple[object, ...]:
    """The facts that stand, and every figure's exact rows; the counts are those that a recomputation from the facts makes."""
    facts = [sorted((tuple(row) for row in await service.fetch(sql)), key=str) for sql in STANDING]
    async with service.worker.transaction() as tx:
        assert await rollups.differences(tx.connection, units_of(FIGURES)) == []
        long, short = [await rows(tx.connection, FIGURES, tx.now) for rows in (releases.exact_long, releases.exact_figures)]
    return facts, long, short


async def in_one_batch(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    await service.deliver_again(*envelopes)


async def one_by_one(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    for envelope in envelopes:
        await service.deliver_again(envelope)


async def in_twos(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    """What was wrong is in the table already, or comes with its correction."""
    for place in range(0, len(envelopes), 2):
        await service.deliver_again(*envelopes[place : place + 2])


async def in_threes(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    for place in range(0, len(envelopes), 3):
        await service.deliver_again(*envelopes[place : place + 3])


async def topics_by_turns(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    for topic in sorted({envelope.topic for envelope in envelopes}, reverse=True):
        await service.deliver_again(*(envelope for envelope in envelopes if envelope.topic == topic))


async def shuffled(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    """The inbox puts each stream in order; its kinds come mixed all the same."""
    mixed = random.Random(3).sample(list(envelopes), len(envelopes))
    for place in range(0, len(mixed), 7):
        await service.deliver_again(*mixed[place : place + 7])


async def backwards_past_the_inbox(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    """The store itself keeps to the places in the stream, whatever comes first."""
    for envelope in reversed(envelopes):
        async with service.worker.transaction() as tx:
            tx.cause, event = envelope, envelope.event()
            assert event is not None
            await HANDLERS[type(event)](tx, event)
            await outbox.write(tx)


async def shuffled_past_the_inbox(service: ServiceUnderTest, envelopes: Sequence[Envelope]) -> None:
    """With this seed a completion comes between the word that its journey never was and that journey's opening."""
    await backwards_past_the_inbox(service, random.Random(16).sample(list(envelopes), len(envelopes)))


WAYS = (in_one_batch, one_by_one, in_twos, in_threes, topics_by_turns, shuffled, backwards_past_the_inbox, shuffled_past_the_inbox)


def envelopes_of(service: ServiceUnderTest, place: int) -> Iterator[Envelope]:
    """`place`: 0 for what was told, 1 for what is right."""
    for told in TOLD.values():
        yield from (service.envelope(fact) for fact in told[place])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_as_if_the_right_fact_had_been_entered_at_first(start: Any, way: Any) -> None:
    corrected, right = await start("monitoring"), await start("monitoring")
    for service, place in ((corrected, 0), (right, 1)):
        await service.deliver(*PLACES)
        await (way if service is corrected else in_one_batch)(service, list(envelopes_of(service, place)))
    differing = {
        name: (found, wanted)
        for name in TOLD
        if (found := await units(corrected, a_story(name).person_id)) != (wanted := await units(right, a_story(name).person_id))
    }
    assert differing == {}
    assert await whole(corrected) == await whole(right)


def test_each_case_tells_something_wrong() -> None:
    assert not [name for name, (told, right) in TOLD.items() if list(told) == list(right)]
