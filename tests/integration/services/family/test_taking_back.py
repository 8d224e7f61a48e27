"""What was told of a fact that was none: what waits stops, who was told gets one neutral correction. On a real database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.family.channel.domain import Outcome
from services.family.message.sender import claim_next, hand_over, sweep_claims
from shared.events import Event
from shared.events.referral import PersonDeathReversed, PersonDied, PersonMerged
from tests.builders_family import DAY, Recorder, Way, a_contact, a_contact_caller, a_way, give, revoke, send_next
from tests.harness import ServiceUnderTest

EMAIL: dict[str, Any] = {"topics": ["stage"], "channels": ["email"]}
CORRECTION = "An earlier message no longer holds: what it said was entered by mistake."
CHANGED = "An earlier message no longer holds: the change that it told of did not happen."
CHANGE = "Something has changed. Staying in touch helps."
STARTED, COMPLETED, LEFT = "Step 1 of 5 has begun.", "Step 1 of 5 has been completed.", "Step 1 of 5 has ended early."
OPENED, ALL = "The way has begun. What you may be told will be here.", "All steps have been completed. Thank you for standing by."
LATER = DAY + timedelta(days=1)
SUPPORT = "The last step has begun. Your support counts most now: stay in touch, and respect decisions that are not yours."

# What is told of it in order, and what a contact reads in the end.
CASES: dict[str, tuple[Callable[[Way], list[Event]], list[str]]] = {
    "a start": (lambda w: [w.started(), w.corrected(started_on=None)], [STARTED, CORRECTION]),
    "a start and its end": (lambda w: [w.started(), w.completed(), w.corrected(started_on=None)], [STARTED, COMPLETED, CORRECTION]),
    "a start that asks": (lambda w: [w.started(5), w.corrected(5, started_on=None)], [SUPPORT, CORRECTION]),
    "an end": (lambda w: [w.started(), w.completed(), w.corrected()], [STARTED, COMPLETED, CORRECTION]),
    "an end that comes again": (
        lambda w: [w.started(), w.completed(), w.corrected(), w.completed(), w.corrected()],
        [STARTED, COMPLETED, CORRECTION, COMPLETED, CORRECTION],
    ),
    "a start that comes again": (
        lambda w: [w.started(), w.corrected(started_on=None), w.started(), w.completed()],
        [STARTED, CORRECTION, STARTED, COMPLETED],
    ),
    "an end of another kind": (
        lambda w: [w.started(), w.left(), w.corrected(how="completed", ended_on=DAY)],
        [STARTED, LEFT, CORRECTION, COMPLETED],
    ),
    "an end told late": (lambda w: [w.started(), w.corrected(how="transferred", ended_on=DAY)], [STARTED, LEFT]),
    "an end that was a death": (
        lambda w: [w.started(), w.left(), w.corrected(how="died", ended_on=DAY)],
        [STARTED, LEFT, CORRECTION],
    ),
    "a death that was an end": (
        lambda w: [w.started(), w.left_by_death(), w.corrected(how="completed", ended_on=DAY)],
        [STARTED, COMPLETED],
    ),
    "a death that was none": (lambda w: [w.started(), w.left_by_death(), w.corrected()], [STARTED]),
    "another day": (
        lambda w: [w.started(), w.completed(), w.corrected(started_on=LATER, how="completed", ended_on=LATER)],
        [STARTED, COMPLETED],
    ),
    "another kind of leaving": (lambda w: [w.started(), w.left(), w.corrected(how="other", ended_on=DAY)], [STARTED, LEFT]),
    "one spell of two": (
        lambda w: [w.started(), w.left(), w.started(spell=2), w.corrected(spell=2, started_on=None)],
        [STARTED, LEFT, STARTED, CORRECTION],
    ),
    "an untold spell": (
        lambda w: [w.started(), w.completed(), w.corrected(spell=2, started_on=None), w.opening_corrected(LATER)],
        [STARTED, COMPLETED],
    ),
    "a journey": (
        lambda w: [w.opened(), w.started(), w.completed(), w.all_completed(), w.opening_corrected()],
        [OPENED, STARTED, COMPLETED, ALL, CORRECTION],
    ),
    "a completion": (lambda w: [w.all_completed(), w.completion_corrected()], [ALL, CORRECTION]),
    "a completion's day": (lambda w: [w.all_completed(), w.completion_corrected(DAY)], [ALL]),
    "a completion that comes again": (
        lambda w: [w.all_completed(), w.completion_corrected(), w.all_completed()],
        [ALL, CORRECTION, ALL],
    ),
    "the second of two completions": (
        lambda w: [w.all_completed(), w.all_completed(), w.completion_corrected(), w.completion_corrected()],
        [ALL, ALL, CORRECTION, CORRECTION],
    ),
    "the second of two that are counted": (
        lambda w: [w.all_completed(1), w.all_completed(2), w.completion_corrected(completion=2), w.all_completed(2)],
        [ALL, ALL, CORRECTION, ALL],
    ),
    "one of which was told before they were counted": (
        lambda w: [w.all_completed(), w.all_completed(2), w.completion_corrected(completion=2), w.completion_corrected(completion=1)],
        [ALL, ALL, CORRECTION, CORRECTION],
    ),
}

NEWS: dict[str, list[str]] = {
    "an end of another kind": [COMPLETED],
    "an end told late": [LEFT],
    "a death that was an end": [COMPLETED],
    "a start that comes again": [COMPLETED],
    "a completion that comes again": [ALL],
    "the second of two that are counted": [ALL],
}
"""What the last fact of a case tells who was told nothing before."""


async def read_by(family: ServiceUnderTest, contact_id: UUID) -> list[str]:
    """The oldest first."""
    items = (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]
    return [item["text"] for item in reversed(items)]


async def found(family: ServiceUnderTest) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await family.fetch("SELECT kind, state, reason FROM message ORDER BY message_id")]


@pytest.mark.parametrize("batches", ["one", "several"])
@pytest.mark.parametrize("case", CASES)
async def test_who_was_told_reads_one_correction(family: ServiceUnderTest, case: str, batches: str) -> None:
    """Source: issue of corrections, section 1."""
    facts, texts = CASES[case]
    way = Way()
    await family.deliver(way.registered(), way.opened())
    told, _ = await a_contact(family, way, topics=["stage"])
    for batch in [facts(way)] if batches == "one" else [[fact] for fact in facts(way)]:
        family.now += timedelta(seconds=1)
        await family.deliver(*batch)
    assert await read_by(family, told) == texts


async def test_a_completion_that_nobody_was_told_takes_back_nothing_of_an_earlier_one(family: ServiceUnderTest) -> None:
    """The permission rested when the second was told; it is there again when that is corrected. Source: issue of corrections."""
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, topics=["stage"])
    assert permission_id is not None
    await family.deliver(way.all_completed(1))
    await revoke(family, way, contact_id, permission_id)
    await family.deliver(way.all_completed(2))
    await give(family, way, contact_id, topics=["stage"])
    await family.deliver(way.completion_corrected(completion=2))
    assert await read_by(family, contact_id) == [ALL]
    await family.deliver(way.completion_corrected(completion=1))
    assert await read_by(family, contact_id) == [ALL, CORRECTION]


@pytest.mark.parametrize("case", CASES)
async def test_who_was_told_nothing_hears_of_no_correction(family: ServiceUnderTest, case: str) -> None:
    way = await a_way(family)
    *facts, last = CASES[case][0](way)
    await family.deliver(*facts)
    late, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(last)
    assert await read_by(family, late) == NEWS.get(case, [])


@pytest.mark.parametrize("case", [case for case in CASES if CORRECTION in CASES[case][1] and "again" not in case])
async def test_what_waits_stops_and_is_followed_by_nothing(family: ServiceUnderTest, case: str) -> None:
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(*CASES[case][0](way))
    waiting = [row for row in await found(family) if row[1] == "pending"]
    stopped = [row for row in await found(family) if row[1:] == ("suppressed", "corrected")]
    assert stopped and "stage-correction" not in {row[0] for row in waiting}
    suppressed = [event for event in await family.appended() if type(event).__name__ == "MessageSuppressed"]
    assert len(suppressed) == len(stopped)


@pytest.mark.parametrize(("outcome", "state"), [("accepted", "sent"), ("unknown", "uncertain")])
async def test_what_a_sender_has_claimed_may_go_out_so_a_correction_follows(family: ServiceUnderTest, outcome: Outcome, state: str) -> None:
    way, server = await a_way(family), Recorder(outcome)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.started())
    _, claim = await claim_next(family.worker)
    assert claim is not None
    await family.deliver(way.corrected(started_on=None))
    await hand_over(family.worker, claim, {"email": server}, asyncio.Event())
    assert [row[:2] for row in await found(family)] == [("stage-started", state), ("stage-correction", "pending")]
    assert await send_next(family.worker, server) and len(server.sent) == 2


@pytest.mark.parametrize("outcome", ["refused", "given-up"])
async def test_what_was_claimed_and_refused_is_not_tried_after_its_correction(family: ServiceUnderTest, outcome: Outcome) -> None:
    """It would be read as news."""
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.started())
    _, claim = await claim_next(family.worker)
    assert claim is not None
    await family.deliver(way.corrected(started_on=None))
    await hand_over(family.worker, claim, {"email": Recorder(outcome)}, asyncio.Event())
    assert await found(family) == [("stage-started", "failed", "corrected"), ("stage-correction", "pending", None)]


async def test_a_claim_nobody_heard_of_again_is_corrected_too(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.started())
    await claim_next(family.worker)
    family.now += timedelta(minutes=5)
    assert await sweep_claims(family.worker) == 1
    await family.deliver(way.corrected(started_on=None))
    assert [row[:2] for row in await found(family)] == [("stage-started", "uncertain"), ("stage-correction", "pending")]


async def test_a_correction_needs_a_permission_as_everything_does(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started())
    assert permission_id and (await revoke(family, way, contact_id, permission_id)).status_code == 200
    await family.deliver(way.corrected(started_on=None))
    assert await read_by(family, contact_id) == [STARTED]


async def test_history_is_corrected_in_the_inbox_alone(family: ServiceUnderTest) -> None:
    way = await a_way(family, imported=True)
    await a_contact(family, way, topics=["stage"], channels=["inbox", "email"])
    facts = [way.started(5), way.completed(5), way.corrected(5, how="other", ended_on=DAY), way.all_completed(), way.completion_corrected()]
    await family.deliver(*facts, way.opening_corrected())
    rows = await family.fetch("SELECT kind, channel, state FROM message ORDER BY message_id")
    assert {tuple(row)[1:] for row in rows} == {("inbox", "delivered")}
    assert [row["kind"] for row in rows].count("stage-correction") == 3 and "stage-left" in {row["kind"] for row in rows}
    assert await family.fetch("SELECT FROM deadline") == []


async def test_a_relapse_of_a_stay_that_was_none_is_taken_back_too(family: ServiceUnderTest) -> None:
    """One correction a contact: under the topic `stage` to who was told of the stay, under `relapse` to who was told of that alone."""
    way = await a_way(family)
    both, _ = await a_contact(family, way, topics=["stage", "relapse"])
    one, _ = await a_contact(family, way, topics=["relapse"])
    await family.deliver(way.started(2), way.relapsed(), way.corrected(2, started_on=None), way.unrelapsed())
    assert await read_by(family, both) == ["Step 2 of 5 has begun.", CHANGE, CORRECTION]
    assert await read_by(family, one) == [CHANGE, CHANGED]
    await family.deliver(way.started(2), way.relapsed(), way.opening_corrected())
    assert (await read_by(family, both))[3:] == ["Step 2 of 5 has begun.", CHANGE, CORRECTION]
    assert (await read_by(family, one))[2:] == [CHANGE, CHANGED]


async def test_what_a_death_stopped_does_not_go_on_when_it_was_corrected_meanwhile(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, **EMAIL)
    await family.deliver(way.started(), PersonDied(person_id=way.person_id, on=DAY), way.corrected(started_on=None))
    await family.deliver(PersonDeathReversed(person_id=way.person_id))
    assert [row for row in await found(family) if row[0] != "death"] == [("stage-started", "suppressed", "corrected")]


async def test_a_merged_persons_contacts_are_told_of_its_corrections(family: ServiceUnderTest) -> None:
    way, into = await a_way(family), await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    merged = PersonMerged(person_id=way.person_id, into_id=into.person_id)
    await family.deliver(way.started(), merged)
    await family.deliver(way.corrected(started_on=None))
    assert await read_by(family, contact_id) == [STARTED, CORRECTION]


async def test_a_message_from_before_spells_were_kept_is_of_any_spell(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(spell=2))
    await family.fetch("UPDATE message SET spell = NULL RETURNING message_id")
    await family.deliver(way.corrected(spell=2, started_on=None))
    assert await read_by(family, contact_id) == [STARTED, CORRECTION]


async def test_what_was_taken_back_once_is_not_taken_back_again(family: ServiceUnderTest) -> None:
    """The stage was started anew while the contact was permitted nothing: the second correction is no news to it."""
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(), way.corrected(started_on=None))
    assert permission_id and (await revoke(family, way, contact_id, permission_id)).status_code == 200
    await family.deliver(way.started())
    assert (await give(family, way, contact_id)).status_code == 201
    await family.deliver(way.corrected(started_on=None))
    assert await read_by(family, contact_id) == [STARTED, CORRECTION]
