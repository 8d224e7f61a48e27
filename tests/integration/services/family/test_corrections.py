"""A wrong fact and its correction: relations and clocks are as if the right one had been told at first, in one batch and in several."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.events import Event
from shared.events.pathway import PathwayStage
from shared.events.referral import PersonDeathReversed, PersonDied
from tests.builders_family import DAY, Way, a_contact, a_known, a_liaison, a_way
from tests.harness import ServiceUnderTest

LATER, LAST = DAY + timedelta(days=1), DAY + timedelta(days=2)
HOLDER, SECOND, THIRD, REGISTRAR = (uuid4() for _ in range(4))
ASKING = PathwayStage(code="first-weeks", asks_for_support=True)
Facts = list[Event]
Case = Callable[[Way], tuple[Facts, Facts]]
"""What was told with its corrections, and what should have been told at first."""


def a_start_of_another(way: Way) -> tuple[Facts, Facts]:
    right: Facts = [way.opened(), way.started(), way.completed()]
    gone = way.corrected(2, organisation_id=SECOND, started_on=None)
    return [*right, way.started_by(SECOND, stage=2, on=LATER), gone], right


def the_only_start(way: Way) -> tuple[Facts, Facts]:
    return [way.opened(), way.started(), way.corrected(started_on=None)], [way.opened()]


def the_only_start_by_another(way: Way) -> tuple[Facts, Facts]:
    gone = way.corrected(organisation_id=SECOND, started_on=None)
    return [way.opened(), way.started_by(SECOND), way.completed(), gone], [way.opened()]


def the_only_start_after_an_acceptance(way: Way) -> tuple[Facts, Facts]:
    opened = way.opened().model_copy(update={"by_acceptance": True})
    return [opened, way.started(), way.corrected(started_on=None), way.opening_corrected(LATER)], [opened]


def a_start_on_an_earlier_day(way: Way) -> tuple[Facts, Facts]:
    right: Facts = [way.opened(), way.started_by(SECOND, stage=2, on=LATER)]
    return [*right, way.started_by(THIRD, stage=1, on=LAST), way.corrected(organisation_id=THIRD)], [*right, way.started_by(THIRD)]


def a_start_on_a_later_day(way: Way) -> tuple[Facts, Facts]:
    right: Facts = [way.opened(), way.started_by(SECOND, stage=2, on=LATER)]
    late = way.corrected(organisation_id=THIRD, started_on=LAST)
    return [*right, way.started_by(THIRD), late], [*right, way.started_by(THIRD, on=LAST)]


def a_start_that_another_made(way: Way) -> tuple[Facts, Facts]:
    gone = way.corrected(organisation_id=SECOND, started_on=None)
    return [way.opened(), way.started_by(SECOND, on=LATER), gone, way.started_by(THIRD)], [way.opened(), way.started_by(THIRD)]


def an_end(way: Way) -> tuple[Facts, Facts]:
    other = Way(person_id=way.person_id)
    going: Facts = [way.opened(), way.started()]
    then: Facts = [other.opened(), other.started_by(SECOND, on=LATER)]
    return [*going, way.completed(), *then, way.corrected()], [*going, *then]


def an_end_of_a_stage_that_asks(way: Way) -> tuple[Facts, Facts]:
    return [way.opened(), way.started(5), way.completed(5), way.corrected(5)], [way.opened(), way.started(5)]


def a_start_of_a_stage_that_asks(way: Way) -> tuple[Facts, Facts]:
    return [way.opened(), way.started(5), way.corrected(5, started_on=None)], [way.opened()]


def one_of_two_spells_that_ask(way: Way) -> tuple[Facts, Facts]:
    gone = way.corrected(5, started_on=None)
    return [way.opened(), way.started(5), way.started(5, spell=2), gone], [way.opened(), way.started(5, spell=2)]


def a_death_that_was_a_completion(way: Way) -> tuple[Facts, Facts]:
    right = way.corrected(5, how="completed", ended_on=DAY)
    return [way.opened(), way.started(5), way.left_by_death(5), right], [way.opened(), way.started(5), way.completed(5)]


def a_completion_that_was_a_death(way: Way) -> tuple[Facts, Facts]:
    right = way.corrected(5, how="died", ended_on=DAY)
    return [way.opened(), way.started(5), way.completed(5), right], [way.opened(), way.started(5), way.left_by_death(5)]


def a_death_that_was_none(way: Way) -> tuple[Facts, Facts]:
    return [way.opened(), way.started(5), way.left_by_death(5), way.corrected(5)], [way.opened(), way.started(5)]


def a_journey(way: Way) -> tuple[Facts, Facts]:
    other = Way(person_id=way.person_id)
    right: Facts = [other.opened(), other.started_by(SECOND)]
    wrong: Facts = [way.opened(), way.started(), way.started_by(THIRD, stage=5, on=LATER), way.opening_corrected()]
    return [*right, *wrong], right


def a_journeys_day(way: Way) -> tuple[Facts, Facts]:
    other = Way(person_id=way.person_id)
    then: Facts = [other.opened(), other.started_by(SECOND, on=LATER), other.completed()]
    late = way.opened().model_copy(update={"opened_on": LAST})
    return [way.opened(), *then, way.opening_corrected(LAST)], [late, *then]


def a_start_after_an_acceptance(way: Way) -> tuple[Facts, Facts]:
    accepted: Facts = [way.opened(), way.accepted(way.journey_id, SECOND)]
    then: Facts = [way.taken_up(way.journey_id, SECOND), way.started_by(THIRD, stage=3)]
    start, gone = way.started_by(SECOND, stage=2), way.corrected(2, organisation_id=SECOND, started_on=None)
    return [*accepted, start, *then, gone], [*accepted, *then]


CASES: list[Case] = [
    a_start_of_another,
    the_only_start,
    the_only_start_by_another,
    the_only_start_after_an_acceptance,
    a_start_on_an_earlier_day,
    a_start_on_a_later_day,
    a_start_that_another_made,
    an_end,
    an_end_of_a_stage_that_asks,
    a_start_of_a_stage_that_asks,
    one_of_two_spells_that_ask,
    a_death_that_was_a_completion,
    a_completion_that_was_a_death,
    a_death_that_was_none,
    a_journey,
    a_journeys_day,
    a_start_after_an_acceptance,
]


async def state(family: ServiceUnderTest, way: Way) -> list[list[tuple[object, ...]]]:
    """Who has which relation, by which journey nothing is told; which stages ask, and whether a clock runs for them."""
    relations = "SELECT organisation_id, relation FROM relation WHERE person_id = $1 ORDER BY 1, 2"
    asking = """SELECT asking, EXISTS (SELECT FROM deadline WHERE subject_id = journey_id) FROM journey
                WHERE person_id = $1 AND NOT is_withdrawn ORDER BY 1, 2"""
    return [[tuple(row) for row in await family.fetch(sql, way.person_id)] for sql in (relations, asking)]


@pytest.mark.parametrize("batches", ["one", "several"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_all_is_as_if_the_right_fact_had_been_told_at_first(family: ServiceUnderTest, case: Case, batches: str) -> None:
    """Source: issue of corrections, section 1."""
    states = []
    for told in (0, 1):
        way = Way(organisation_id=HOLDER)
        facts = [way.registered(by=REGISTRAR), *case(way)[told]]
        for batch in [facts] if batches == "one" else [[fact] for fact in facts]:
            await family.deliver(*batch)
        states.append(await state(family, way))
    assert states[0] == states[1] and states[0][0], "and something is said of relations"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_an_older_fact_that_comes_again_changes_nothing(family: ServiceUnderTest, case: Case) -> None:
    """Each past the inbox, backwards: the newest fact of a stay wins by its place in the stream."""
    way = Way(organisation_id=HOLDER)
    envelopes = await family.deliver(way.registered(by=REGISTRAR), *case(way)[0])
    relations = (await state(family, way))[0]
    for envelope in reversed(envelopes):
        await family.fetch("UPDATE inbox SET last_seq = $1 WHERE topic = $2 RETURNING topic", envelope.seq - 1, envelope.topic)
        assert (await family.deliver_again(envelope)).counts["applied"] == 1
    assert (await state(family, way))[0] == relations


async def test_a_clock_that_runs_is_not_set_anew_by_another_day(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await family.deliver(way.started(5))
    (before,) = await family.fetch("SELECT due_at FROM deadline")
    family.now += timedelta(days=3)
    await family.deliver(way.corrected(5, started_on=LATER))
    assert await family.fetch("SELECT due_at FROM deadline") == [before]


async def test_a_clock_of_a_completion_that_was_a_death_goes_on_with_its_reversal(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await family.deliver(way.started(5), way.completed(5), way.corrected(5, how="died", ended_on=DAY))
    await family.deliver(PersonDied(person_id=way.person_id, on=DAY))
    assert await family.fetch("SELECT FROM deadline") == []
    await family.deliver(PersonDeathReversed(person_id=way.person_id))
    assert len(await family.fetch("SELECT FROM deadline")) == 1


async def test_whom_a_holder_in_error_assigned_ends_with_it(family: ServiceUnderTest) -> None:
    """It never could have assigned anybody; what the true holder assigned stays."""
    way, school, other = await a_way(family), await a_known(family), await a_known(family)
    path = f"/persons/{way.person_id}/liaison"
    assert (await family.call("POST", path, a_liaison(way.organisation_id), {"organisation_id": str(school)})).status_code == 201
    await family.deliver(way.started_by(SECOND))
    assert (await family.call("POST", path, a_liaison(SECOND), {"organisation_id": str(other)})).status_code == 201
    assert await readers(family, way, SECOND, other, school, way.organisation_id) == [True, True, True, False]
    await family.deliver(way.corrected(organisation_id=SECOND, started_on=None))
    assert await readers(family, way, SECOND, other, school, way.organisation_id) == [False, False, True, True]
    ended = await family.fetch("SELECT organisation_id FROM person_organisation WHERE ended_at IS NOT NULL ORDER BY how")
    assert [row["organisation_id"] for row in ended] == [SECOND, other], "what was is kept with its end"


async def test_what_a_former_holder_assigned_stays_when_its_last_start_was_none(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    await family.deliver(way.started(), way.started(stage=2))
    path = f"/persons/{way.person_id}/liaison"
    assert (await family.call("POST", path, a_liaison(way.organisation_id), {"organisation_id": str(school)})).status_code == 201
    await family.deliver(way.corrected(2, started_on=None))
    assert await readers(family, way, school) == [True]


async def readers(family: ServiceUnderTest, way: Way, *organisations: UUID) -> list[bool]:
    """Which of these read the contacts now."""
    path = f"/persons/{way.person_id}/contacts"
    return [(await family.call("GET", path, a_liaison(one))).status_code == 200 for one in organisations]


async def test_a_reminder_that_waits_is_not_sent_where_nothing_ever_asked(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, topics=["stage"], channels=["email"])
    await family.deliver(way.started(5))
    await family.run_deadlines(family.now.replace(month=4, day=5))
    await family.deliver(way.corrected(5, started_on=None))
    rows = await family.fetch("SELECT kind, state, reason FROM message ORDER BY message_id")
    assert [tuple(row) for row in rows] == [("support", "suppressed", "corrected"), ("prompt", "suppressed", "corrected")]


async def test_a_journey_in_error_does_not_keep_the_news_of_a_death_in_the_inbox(family: ServiceUnderTest) -> None:
    """It was of the past, and the person's own journey is of today."""
    way = await a_way(family)
    past = Way(person_id=way.person_id, imported=True)
    await a_contact(family, way, topics=["stage"], channels=["email"])
    await family.deliver(past.opened(), past.opening_corrected(), PersonDied(person_id=way.person_id, on=DAY))
    assert [row["state"] for row in await family.fetch("SELECT state FROM message WHERE kind = 'death'")] == ["pending"]
