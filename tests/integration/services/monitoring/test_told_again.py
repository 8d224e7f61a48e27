"""A referral that is told as opened again: an end told before counts no more, and the first moments stay, however the facts are batched."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from services.monitoring.place_not_found.store import UNITS
from shared.events import Event
from shared.events.referral import PlaceNotFound
from tests.builders_monitoring import Story
from tests.harness import NOW, ServiceUnderTest

CLINIC, CENTRE = uuid4(), uuid4()
DUE = date(2026, 1, 12)


async def heard(service: ServiceUnderTest, facts: Sequence[tuple[int, Event]], at_once: bool) -> None:
    """Each fact so many days after the first, all in one batch or each in its own."""
    envelopes = []
    for days, event in facts:
        service.now = NOW + timedelta(days=days)
        envelopes.append(service.envelope(event))
    for batch in [envelopes] if at_once else [[one] for one in envelopes]:
        await service.deliver_again(*batch)


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_first_answer_keeps_its_moment_and_an_end_that_was_undone_is_none(monitoring: ServiceUnderTest, at_once: bool) -> None:
    story, referral_id = Story(), uuid4()
    opened = story.referred(referral_id, 2, CENTRE, "completion", DUE)
    answered = story.answered(referral_id, 2, CENTRE)
    facts: list[tuple[int, Event]] = [
        (0, opened),
        (1, answered),
        (2, story.closed(referral_id, 2, "completed")),
        (9, opened),
        (9, answered),
    ]
    await heard(monitoring, facts, at_once)
    (row,) = await monitoring.fetch(
        "SELECT opened_at, answered_at, answer, ended FROM standing_referral WHERE referral_id = $1", referral_id
    )
    assert tuple(row) == (NOW, NOW + timedelta(days=1), "accepted", None)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("again", [None, CLINIC, CENTRE])
async def test_an_acceptance_that_was_a_mistake_is_none(monitoring: ServiceUnderTest, at_once: bool, again: UUID | None) -> None:
    """Who accepts afterwards, be it the same organisation, has answered then; nobody hears of the person by what was none."""
    story, referral_id = Story(), uuid4()
    facts: list[tuple[int, Event]] = [
        (0, story.referred(referral_id, 2, None, "completion", DUE)),
        (1, story.answered(referral_id, 2, CENTRE)),
        (5, story.closed(referral_id, 2, "entered-in-error", "mistaken-or-duplicate")),
        (5, story.referred(referral_id, 2, None, "completion", DUE)),
        *([(9, story.answered(referral_id, 2, again))] if again else []),
    ]
    await heard(monitoring, facts, at_once)
    (row,) = await monitoring.fetch("SELECT opened_at, answer, answered_by, answered_at, ended FROM standing_referral")
    assert tuple(row) == (NOW, "accepted", again, NOW + timedelta(days=9), None) if again else (NOW, None, None, None, None)
    related = [await monitoring.fetch("SELECT relates($1, $2)", story.person_id, one) for one in (CLINIC, CENTRE)]
    assert [rows[0][0] for rows in related] == [again == CLINIC, again == CENTRE]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("first", [CLINIC, None])
async def test_whom_a_request_names_may_be_corrected(monitoring: ServiceUnderTest, at_once: bool, first: UUID | None) -> None:
    """The first request was none: who is named now counts, since the day of the first one."""
    story, referral_id = Story(), uuid4()
    facts: list[tuple[int, Event]] = [
        (0, story.referred(referral_id, 2, first, "completion", DUE)),
        (40, story.closed(referral_id, 2, "entered-in-error", "mistaken-or-duplicate")),
        (40, story.referred(referral_id, 2, CENTRE, "completion", DUE)),
    ]
    await heard(monitoring, facts, at_once)
    (row,) = await monitoring.fetch("SELECT opened_at, addressed_to, addressed_at, ended FROM standing_referral")
    assert tuple(row) == (NOW, CENTRE, NOW, None)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("told_again", [True, False])
async def test_a_place_not_found_is_of_the_opening_it_was_told_with(monitoring: ServiceUnderTest, at_once: bool, told_again: bool) -> None:
    """One that was entered in error found no lack of places; told anew, it counts on the first day."""
    story, referral_id = Story(), uuid4()
    lacking = PlaceNotFound(person_id=story.person_id, referral_id=referral_id, stage=2, region="UZ-TK")
    facts: list[tuple[int, Event]] = [
        (0, story.referred(referral_id, 2, None, "completion", DUE)),
        (0, lacking),
        (40, story.closed(referral_id, 2, "entered-in-error", "mistaken-or-duplicate")),
        (40, story.referred(referral_id, 2, None if told_again else CENTRE, "completion", DUE)),
        *([(40, lacking)] if told_again else []),
    ]
    await heard(monitoring, facts, at_once)
    units = await monitoring.fetch(UNITS, [story.person_id])
    assert [row[6] for row in units] == ([NOW.date()] if told_again else [])
