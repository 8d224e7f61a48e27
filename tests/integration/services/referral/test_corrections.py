"""A fact of a journey that was wrong and was corrected: referral is as if the right one had been told at first.

Source: issue of corrections, section 1.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from shared.events import Event
from shared.events.programme import CompletionCorrected, DeathReported, JourneyCompleted, JourneyCorrected, SkipWithdrawn
from tests.builders_correction import a_journey_id, picture, three_organisations, told
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    PERSON,
    STRANGER,
    TODAY,
    a_death,
    a_registered,
    a_request,
    change,
    completed,
    coordinator,
    left,
    opened,
    relapse,
    skipped,
    started,
    statuses,
    stay,
)
from tests.harness import ServiceUnderTest

P = PERSON
BEGUN = [opened(P), started(P, 1, CLINIC)]
NEXT = [*BEGUN, completed(P, 1, to=CENTRE)]
STARTED = [*NEXT, started(P, 2)]
COMPLETED = [*STARTED, completed(P, 2, to=STRANGER, organisation_id=CENTRE)]
AT_STRANGER = [*NEXT, started(P, 2, STRANGER)]
EARLIER = TODAY - timedelta(days=3)


def withdrawn_skip(stage: int) -> SkipWithdrawn:
    return SkipWithdrawn(person_id=P, journey_id=JOURNEY, stage=stage)


def never(organisation_id: UUID = CLINIC) -> JourneyCorrected:
    return JourneyCorrected(person_id=P, journey_id=JOURNEY, organisation_id=organisation_id, opened_on=None)


def journey_done(on: object = TODAY) -> JourneyCompleted:
    return JourneyCompleted.model_validate({"person_id": P, "journey_id": JOURNEY, "completed_on": on})


def journey_not_done() -> CompletionCorrected:
    return CompletionCorrected(person_id=P, journey_id=JOURNEY, completed_on=None)


# name: what was told with the wrong fact, its correction, and what would have been told.
CASES: dict[str, tuple[Sequence[Event], Sequence[Event], Sequence[Event]]] = {
    "a start that was none": (STARTED, [stay(P, 2, on=None)], NEXT),
    "a start elsewhere that was none": (AT_STRANGER, [stay(P, 2, STRANGER, on=None)], NEXT),
    "a first start that was none": (BEGUN, [stay(P, 1, CLINIC, on=None)], [opened(P)]),
    "a start on another day": (STARTED, [stay(P, 2, on=EARLIER)], [*NEXT, started(P, 2, on=EARLIER)]),
    "a start at another organisation": (STARTED, [stay(P, 2, STRANGER)], AT_STRANGER),
    "a stay that was none": (COMPLETED, [stay(P, 2, on=None)], NEXT),
    "a start that was none, then again": (STARTED, [stay(P, 2, on=None), started(P, 2)], STARTED),
    "a start that had kept a completion from opening anything": (
        [*BEGUN, started(P, 2), completed(P, 1, to=STRANGER)],
        [stay(P, 2, on=None)],
        [*BEGUN, completed(P, 1, to=STRANGER)],
    ),
    "a completion that was none": (COMPLETED, [stay(P, 2)], STARTED),
    "a completion that was none, and its stay neither": (COMPLETED, [stay(P, 2), stay(P, 2, on=None)], NEXT),
    "a completion that was none, then again": (
        COMPLETED,
        [stay(P, 2), completed(P, 2, to=STRANGER, organisation_id=CENTRE)],
        COMPLETED,
    ),
    "a first completion that was none": (NEXT, [stay(P, 1, CLINIC)], BEGUN),
    "a leaving that was none": ([*STARTED, left(P, 2, "dropped-out")], [stay(P, 2)], STARTED),
    "a transfer that was none": ([*STARTED, left(P, 2, "transferred", to=STRANGER)], [stay(P, 2)], STARTED),
    "completed, that was left": (COMPLETED, [stay(P, 2, how="dropped-out")], [*STARTED, left(P, 2, "dropped-out")]),
    "left, that was completed": (
        [*STARTED, left(P, 2, "dropped-out")],
        [stay(P, 2, how="completed", next_organisation_id=STRANGER)],
        COMPLETED,
    ),
    "completed, that was transferred": (
        COMPLETED,
        [stay(P, 2, how="transferred", next_organisation_id=STRANGER)],
        [*STARTED, left(P, 2, "transferred", to=STRANGER)],
    ),
    "another organisation named as the next": (
        NEXT,
        [stay(P, 1, CLINIC, how="completed", next_organisation_id=STRANGER)],
        [*BEGUN, completed(P, 1, to=STRANGER)],
    ),
    "nobody named as the next": (NEXT, [stay(P, 1, CLINIC, how="completed")], [*BEGUN, completed(P, 1)]),
    "a completed stay at another organisation": (
        COMPLETED,
        [stay(P, 2, STRANGER, how="completed", next_organisation_id=CENTRE)],
        [*AT_STRANGER, completed(P, 2, to=CENTRE, organisation_id=STRANGER)],
    ),
    "a skip that was none": ([*NEXT, skipped(P, 2)], [withdrawn_skip(2)], NEXT),
    "a skip before the completion that was none": ([*BEGUN, skipped(P, 2), completed(P, 1, to=CENTRE)], [withdrawn_skip(2)], NEXT),
    "one of two skips that was none": ([*NEXT, skipped(P, 2), skipped(P, 3)], [withdrawn_skip(2)], [*NEXT, skipped(P, 3)]),
    "a completion whose request a skip had ended": ([*NEXT, skipped(P, 2)], [stay(P, 1, CLINIC)], [*BEGUN, skipped(P, 2)]),
    "a completion whose request the journey's had ended": ([*NEXT, journey_done()], [stay(P, 1, CLINIC)], [*BEGUN, journey_done()]),
    "a skip on a completed journey": ([*NEXT, skipped(P, 2), journey_done()], [withdrawn_skip(2)], [*NEXT, journey_done()]),
    "a journey that never was": (COMPLETED, [never()], []),
    "a completed journey that was not": ([*NEXT, journey_done()], [journey_not_done()], NEXT),
    "a relapse's request, whose stay goes on": (
        [*STARTED, started(P, 3), completed(P, 2, organisation_id=CENTRE), relapse(P, 3, 2)],
        [stay(P, 2)],
        [*STARTED, started(P, 3)],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_as_if_told_at_first(referral: ServiceUnderTest, name: str) -> None:
    """Once and twice; what GET answers, deadlines, relations and stays are those of the right facts alone."""
    await three_organisations(referral)
    wrong, correction, right = CASES[name]
    one, other, journey = await a_registered(referral), await a_registered(referral), a_journey_id()
    await told(referral, other, a_journey_id(), right)
    await told(referral, one, journey, [*wrong, *correction])
    assert await picture(referral, one) == await picture(referral, other)
    if len(correction) == 1:
        await told(referral, one, journey, correction)
        assert await picture(referral, one) == await picture(referral, other)


@pytest.mark.parametrize("name", CASES)
async def test_a_later_life_is_the_same(referral: ServiceUnderTest, name: str) -> None:
    """What was corrected leaves nothing behind on which a later fact stumbles."""
    await three_organisations(referral)
    wrong, correction, right = CASES[name]
    one, other, journey, same = await a_registered(referral), await a_registered(referral), a_journey_id(), a_journey_id()
    await told(referral, other, same, right)
    await told(referral, one, journey, [*wrong, *correction])
    later = [started(P, 3, spell=2), completed(P, 3, spell=2, organisation_id=CENTRE), journey_done()]
    await told(referral, other, same, later)
    await told(referral, one, journey, later)
    assert await picture(referral, one) == await picture(referral, other)


MIGRATION = Path(__file__).parents[4] / "services/referral/migrations/0008_corrections.sql"
NOT_KNOWN_FROM_HISTORY = {"due", "seen"}


@pytest.mark.parametrize("name", CASES)
async def test_what_facts_from_before_did_is_known_from_the_history(referral: ServiceUnderTest, name: str) -> None:
    """As if an older process had heard them: the migration keeps what they changed; which limits ran then is not known any more."""
    await three_organisations(referral)
    wrong, correction, right = CASES[name]
    one, other, journey = await a_registered(referral), await a_registered(referral), a_journey_id()
    await told(referral, other, a_journey_id(), right)
    await told(referral, one, journey, wrong)
    await as_if_migrated(referral)
    await told(referral, one, journey, correction)
    found, wanted = [await picture(referral, person) for person in (one, other)]
    assert {key: found[key] for key in found if key not in NOT_KNOWN_FROM_HISTORY} == {
        key: wanted[key] for key in wanted if key not in NOT_KNOWN_FROM_HISTORY
    }


async def as_if_migrated(service: ServiceUnderTest) -> None:
    await service.fetch("DELETE FROM stood_before")
    await service.fetch("UPDATE referral SET asked_as = 'organisation'")
    statements = MIGRATION.read_text().split(";")
    for statement in (text for text in statements if "UPDATE referral r" in text or "INSERT INTO stood_before" in text):
        await service.fetch(statement)


async def test_a_correction_of_what_was_never_heard_is_kept(referral: ServiceUnderTest) -> None:
    """Nothing is refused: what it says counts as told."""
    person = await a_registered(referral)
    await told(referral, person, JOURNEY, [stay(P, 2, how="completed"), journey_not_done(), withdrawn_skip(3)])
    (row,) = await referral.fetch("SELECT stage, spell, ended, started_on FROM spell WHERE person_id = $1", person)
    assert tuple(row) == (2, 1, "completed", TODAY)
    assert await statuses(referral, person) == [(3, "requested", None)]
    await told(referral, person, JOURNEY, [never().model_copy(update={"opened_on": EARLIER})])
    (journey,) = await referral.fetch("SELECT organisation_id, opened_on FROM journey WHERE person_id = $1", person)
    assert tuple(journey) == (CLINIC, EARLIER)
    await told(referral, person, JOURNEY, [never(), never()])
    assert await referral.fetch("SELECT FROM journey UNION ALL SELECT FROM spell") == []


async def test_other_days_change_days(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    day = CompletionCorrected(person_id=P, journey_id=JOURNEY, completed_on=EARLIER)
    await told(referral, person, JOURNEY, [*BEGUN, journey_done(), day, never().model_copy(update={"opened_on": EARLIER})])
    (row,) = await referral.fetch("SELECT opened_on, completed_on FROM journey")
    assert tuple(row) == (EARLIER, EARLIER)


async def test_nothing_is_open_again_for_the_dead_until_they_live(referral: ServiceUnderTest) -> None:
    """A correction that is heard after a death opens nothing; the reversal opens what was right."""
    await three_organisations(referral)
    one, other, journey = await a_registered(referral), await a_registered(referral), a_journey_id()
    await told(referral, one, journey, [*NEXT, skipped(P, 2)])
    await told(referral, other, a_journey_id(), NEXT)
    for person in (one, other):
        await a_death(referral, person)
    await told(referral, one, journey, [withdrawn_skip(2)])
    assert [row[1] for row in await statuses(referral, one)] == ["cancelled", "entered-in-error"]
    for person in (one, other):
        reversal = await referral.call("POST", f"/persons/{person}/death/reversal", coordinator(), json={"reason": "a mistake"})
        assert reversal.status_code == 200
    assert await picture(referral, one) == await picture(referral, other)


async def test_what_never_was_is_not_opened_by_a_reversal(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await told(referral, person, JOURNEY, NEXT)
    await a_death(referral, person)
    await told(referral, person, JOURNEY, [stay(P, 1, CLINIC)])
    assert (await referral.call("POST", f"/persons/{person}/death/reversal", coordinator(), json={"reason": "no"})).status_code == 200
    assert [row[1] for row in await statuses(referral, person)] == ["entered-in-error"]


@pytest.mark.parametrize("accepted", [False, True])
async def test_another_next_organisation_is_known_when_a_death_is_reversed(referral: ServiceUnderTest, accepted: bool) -> None:
    """What the first one had accepted is in doubt then; what it had not answered is asked of the right one."""
    await three_organisations(referral)
    one, other = await a_registered(referral), await a_registered(referral)
    amended = stay(P, 1, CLINIC, how="completed", next_organisation_id=STRANGER)
    for person, journey in ((one, a_journey_id()), (other, a_journey_id())):
        await told(referral, person, journey, NEXT if accepted or person == one else [*BEGUN, completed(P, 1, to=STRANGER)])
        (row,) = await referral.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person)
        assert not accepted or await change(referral, row["referral_id"], "accepted", coordinator(CENTRE)) == 200
        if accepted and person == other:
            await told(referral, person, journey, [amended])
        await a_death(referral, person)
        if person == one:
            await told(referral, person, journey, [amended])
        reversal = await referral.call("POST", f"/persons/{person}/death/reversal", coordinator(), json={"reason": "a mistake"})
        assert reversal.status_code == 200
    found, wanted = await picture(referral, one), await picture(referral, other)
    assert found == wanted
    assert found["stands"][0][3] == (CENTRE if accepted else STRANGER)


async def test_another_day_of_a_completion_ends_nothing_that_a_relapse_asked_for_since(referral: ServiceUnderTest) -> None:
    await three_organisations(referral)
    person = await a_registered(referral)
    await told(referral, person, JOURNEY, [*COMPLETED, journey_done(), relapse(P, 2, 2)])
    stood = await statuses(referral, person)
    assert stood[-1][:2] == (2, "requested")
    amended = CompletionCorrected(person_id=P, journey_id=JOURNEY, completed_on=EARLIER, is_open=True)
    await told(referral, person, JOURNEY, [amended])
    assert await statuses(referral, person) == stood


async def test_a_skip_that_is_told_otherwise_does_nothing_a_second_time(referral: ServiceUnderTest) -> None:
    """What was asked for since then is not ended by it."""
    await three_organisations(referral)
    person = await a_registered(referral)
    await told(referral, person, JOURNEY, [*NEXT, skipped(P, 2)])
    await a_request(referral, person, journey_id=str(JOURNEY))
    stood = await statuses(referral, person)
    assert stood[-1][:2] == (2, "requested")
    await told(referral, person, JOURNEY, [skipped(P, 2).model_copy(update={"how": "not-needed"})])
    assert await statuses(referral, person) == stood


@pytest.mark.parametrize("correction", [stay(P, 1, CLINIC), stay(P, 1, CLINIC, on=None), never()], ids=["end", "start", "journey"])
async def test_a_death_that_was_reported_by_a_mistaken_end_waits_for_nobody(referral: ServiceUnderTest, correction: Event) -> None:
    """Nobody can confirm it any more, unless somebody else reported one as well."""
    event = DeathReported(person_id=P, on=TODAY, organisation_id=CLINIC)
    for others, waits in (([], None), ([event.model_copy(update={"organisation_id": CENTRE, "on": EARLIER})], str(EARLIER))):
        person = await a_registered(referral)
        await told(referral, person, a_journey_id(), [*BEGUN, left(P, 1, "died"), event, *others])
        (journey,) = await referral.fetch("SELECT journey_id FROM spell WHERE person_id = $1", person)
        await told(referral, person, journey["journey_id"], [correction])
        found = await referral.call("GET", f"/persons/{person}", coordinator())
        assert found.json()["death_reported_on"] == waits
        if waits is None:
            assert (
                await referral.call("POST", f"/persons/{person}/death/confirmation", coordinator(sub="other"), json={})
            ).status_code == 404
