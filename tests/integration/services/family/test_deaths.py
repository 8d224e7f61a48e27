"""A death: one neutral text and nothing else; a reversal restores what it stopped. Source: privacy section 6, issue of rights section 4."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.family.channel.domain import Outcome
from services.family.message.sender import claim_next, hand_over
from services.family.message.wording import LANGUAGES, WORDING, Step
from shared.events.family import MessageDelivered
from shared.events.referral import PersonDeathReversed, PersonDied, PersonErased
from tests.builders_family import (
    DAY,
    Recorder,
    Way,
    a_contact,
    a_contact_caller,
    a_known,
    a_liaison,
    a_way,
    add_contact,
    give,
    send_next,
    states,
)
from tests.harness import ServiceUnderTest

LIVES = WORDING.text("death-correction", "en", Step(None, None), None)
STOPPED = WORDING.text("death", "en", Step(None, None), None)


def died(way: Way) -> PersonDied:
    return PersonDied(person_id=way.person_id, on=DAY)


def reversed_(way: Way) -> PersonDeathReversed:
    return PersonDeathReversed(person_id=way.person_id)


async def kinds(family: ServiceUnderTest) -> list[str]:
    return [row["kind"] for row in await family.fetch("SELECT kind FROM message ORDER BY message_id")]


async def test_a_stage_left_by_death_tells_nothing(family: ServiceUnderTest) -> None:
    """Nobody reads "has ended early"; until the death is confirmed nobody reads anything."""
    way = await a_way(family)
    await a_contact(family, way, channels=["email"])
    await family.deliver(way.started(), way.left_by_death())
    assert await kinds(family) == ["stage-started"]
    assert not (await family.fetch("SELECT died_on FROM person"))[0]["died_on"]
    await family.deliver(way.left(stage=2))
    assert await kinds(family) == ["stage-started", "stage-left"]


async def test_a_confirmed_death_is_told_once_in_one_neutral_text_to_who_may_know_of_stages(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    (told, _), (other, _) = await a_contact(family, way, channels=["email"]), await a_contact(family, way, topics=["referral"])
    (_, envelope) = await family.deliver(way.started(), died(way))
    await family.deliver_again(envelope)
    await family.deliver(died(way), way.left_by_death(), way.completed(), way.referred(uuid4(), DAY), way.started(stage=2))
    rows = await family.fetch("SELECT contact_id, topic, kind, state, reason FROM message ORDER BY message_id")
    assert [tuple(row) for row in rows] == [
        (told, "stage", "stage-started", "suppressed", "person-died"),
        (told, "stage", "death", "pending", None),
    ]
    recorder = Recorder()
    assert await send_next(family.worker, recorder) and not await send_next(family.worker, recorder)
    assert [subject for _, subject, _ in recorder.sent] == ["New message"]
    (item,) = (await family.call("GET", "/messages", a_contact_caller(told))).json()["items"]
    assert item["text"] == WORDING.text("death", "en", Step(None, None), "adult")
    assert (await family.call("GET", "/messages", a_contact_caller(other))).json()["items"] == []


@pytest.mark.parametrize("kind", ["death", "death-correction"])
def test_the_text_of_a_death_names_nothing_in_any_language(kind: str) -> None:
    for language in LANGUAGES:
        text = WORDING.text(kind, language, Step(3, 5), "minor").lower()
        assert not any(word in text for word in ("die", "dead", "death", "умер", "смерт", "vafot", "oʻldi", "oʻlim", "3", "5"))


async def test_an_imported_death_stays_in_the_inbox(family: ServiceUnderTest) -> None:
    way = await a_way(family, imported=True)
    await a_contact(family, way, channels=["email"])
    await family.deliver(died(way))
    rows = await family.fetch("SELECT kind, state, channel FROM message")
    assert [tuple(row) for row in rows] == [("death", "delivered", "inbox")]


async def test_while_a_person_is_dead_nothing_is_given_and_assignments_rest(family: ServiceUnderTest) -> None:
    way, school = await a_way(family), await a_known(family)
    contact_id, _ = await a_contact(family, way, channels=["inbox"])
    own, path = a_liaison(way.organisation_id), f"/persons/{way.person_id}"
    await family.call("POST", f"{path}/liaison", own, {"organisation_id": str(school)})

    async def seen() -> tuple[int, int]:
        return tuple([(await family.call("GET", f"{path}/contacts", a_liaison(o))).status_code for o in (way.organisation_id, school)])  # type: ignore[return-value]

    assert await seen() == (200, 200)
    await family.deliver(died(way))
    assert await seen() == (200, 404)
    assert (await add_contact(family, way)).status_code == 404 and (await give(family, way, contact_id)).status_code == 404
    await family.deliver(reversed_(way))
    assert await seen() == (200, 200)
    assert (await add_contact(family, way)).status_code == 201 and (await give(family, way, contact_id)).status_code == 201


@pytest.mark.parametrize("permitted", [True, False])
async def test_after_a_reversal_what_waited_goes_on_if_it_is_still_right(family: ServiceUnderTest, permitted: bool) -> None:
    way = await a_way(family)
    contact_id, permission_id = await a_contact(family, way, channels=["email"])
    await family.deliver(way.started(), died(way))
    if not permitted:
        path = f"/contacts/{contact_id}/permissions/{permission_id}/revocation"
        assert (await family.call("POST", path, a_liaison(way.organisation_id), {})).status_code == 200
    (envelope,) = await family.deliver(reversed_(way))
    await family.deliver_again(envelope)
    assert await states(family) == ["pending", "suppressed"]
    recorder = Recorder()
    while await send_next(family.worker, recorder):
        pass
    assert len(recorder.sent) == permitted
    assert await states(family) == ["sent" if permitted else "suppressed", "suppressed"]
    await family.deliver(way.completed())
    assert (await kinds(family)).count("stage-completed") == permitted


async def test_the_news_of_a_reversed_death_is_shown_no_more(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, channels=["inbox"])
    contact = a_contact_caller(contact_id)
    await family.deliver(died(way))
    (item,) = (await family.call("GET", "/messages", contact)).json()["items"]
    assert [type(event) for event in await family.appended()] == [MessageDelivered]
    await family.deliver(reversed_(way))
    assert await texts(family, contact_id) == [LIVES]
    assert (await family.call("GET", f"/messages/{item['id']}", contact)).status_code == 404
    await family.deliver(died(way))
    assert await texts(family, contact_id) == [LIVES, STOPPED], "a real death is told anew, and the first news is not shown with it"
    assert (await family.call("GET", f"/messages/{item['id']}", contact)).status_code == 404


async def texts(family: ServiceUnderTest, contact_id: UUID) -> list[str]:
    """What the contact reads, the oldest first."""
    items = (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]
    return [item["text"] for item in reversed(items)]


@pytest.mark.parametrize("imported", [False, True])
async def test_who_was_told_of_a_death_that_was_none_gets_one_neutral_correction(family: ServiceUnderTest, imported: bool) -> None:
    """By the way it was told, of a record of the past in the inbox; nobody else hears of it. Source: issue of corrections."""
    way, recorder = await a_way(family, imported=imported), Recorder()
    told, _ = await a_contact(family, way, channels=["email"])
    await a_contact(family, way, topics=["referral"])
    await family.deliver(died(way))
    assert await send_next(family.worker, recorder) is not imported
    (envelope,) = await family.deliver(reversed_(way))
    await family.deliver_again(envelope)
    rows = await family.fetch("SELECT contact_id, kind, topic, state FROM message WHERE kind <> 'death'")
    assert [tuple(row) for row in rows] == [(told, "death-correction", "stage", "delivered" if imported else "pending")]
    assert await send_next(family.worker, recorder) is not imported
    assert await texts(family, told) == [LIVES]


@pytest.mark.parametrize(("outcome", "corrected"), [("accepted", True), ("unknown", True), ("refused", True), (None, False)])
async def test_what_was_claimed_counts_as_told_and_what_waited_does_not(
    family: ServiceUnderTest, outcome: Outcome | None, corrected: bool
) -> None:
    way, recorder = await a_way(family), Recorder(outcome or "accepted")
    await a_contact(family, way, channels=["email"])
    await family.deliver(died(way))
    claim = (await claim_next(family.worker))[1] if outcome else None
    await family.deliver(reversed_(way))
    if claim is not None:
        await hand_over(family.worker, claim, {"email": recorder}, asyncio.Event())
    expected = {"accepted": "sent", "unknown": "uncertain", "refused": "failed", None: "suppressed"}[outcome]
    assert await states(family) == [expected, *["pending"] * corrected]


async def test_two_deaths_that_were_none_leave_one_correction_that_waits(family: ServiceUnderTest) -> None:
    way, recorder = await a_way(family), Recorder()
    await a_contact(family, way, channels=["email"])
    for _ in range(2):
        await family.deliver(died(way))
        assert await send_next(family.worker, recorder)
        await family.deliver(reversed_(way))
    assert await kinds(family) == ["death", "death-correction", "death", "death-correction"]
    assert await states(family) == ["sent", "suppressed", "sent", "pending"]


async def test_heard_again_and_backwards_the_last_fact_counts(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, channels=["inbox"])
    envelopes = await family.deliver(died(way), reversed_(way))
    for envelope in reversed(envelopes):
        await family.fetch("UPDATE inbox SET last_seq = $1 WHERE topic = $2 RETURNING topic", envelope.seq - 1, envelope.topic)
        assert (await family.deliver_again(envelope)).counts["applied"] == 1
    assert await family.fetch("SELECT FROM person WHERE died_on IS NOT NULL") == []
    assert await kinds(family) == ["death", "death-correction"]
    await family.deliver(PersonErased(person_id=way.person_id, on=DAY), died(way))
    assert await family.fetch("SELECT FROM person WHERE died_on IS NOT NULL") == []


async def test_prompting_stops_with_a_report_of_death_and_goes_on_with_its_reversal(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(stage=5))
    assert await clocks(family) == [way.journey_id]
    await family.deliver(way.left_by_death(stage=5))
    assert await clocks(family) == []
    await family.deliver(died(way), reversed_(way))
    assert await clocks(family) == [way.journey_id]
    await family.run_deadlines(family.now + timedelta(days=31))
    assert (await kinds(family))[-1] == "prompt"
    await family.deliver(way.completed(stage=5))
    assert await clocks(family) == []
    await family.deliver(died(way), reversed_(way))
    assert await clocks(family) == []


async def clocks(family: ServiceUnderTest) -> list[UUID]:
    return [row["subject_id"] for row in await family.fetch("SELECT subject_id FROM deadline WHERE kind LIKE 'contacts-prompt%'")]


async def test_a_concern_raised_about_who_was_held_dead_is_told_after_the_reversal(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    await family.deliver(died(way))
    body = {"link": str(contact_id), "signs": [{"sign": "apathy"}]}
    assert (await family.call("POST", "/concerns", a_contact_caller(contact_id), body)).status_code == 201
    assert await family.run_deadlines() == 1 and await family.appended() == []
    await family.deliver(reversed_(way))
    assert await family.run_deadlines() == 1
    assert [type(event).__name__ for event in await family.appended()] == ["ConcernRaised", "ConcernSigned"]
    await family.deliver(died(way), reversed_(way))
    assert await family.run_deadlines() == 0


async def test_a_claim_against_a_death_sends_it_or_stops_it(family: ServiceUnderTest) -> None:
    """Interleaved: whatever a sender had not claimed before the death, it does not send."""
    for _ in range(10):
        way, recorder = await a_way(family), Recorder()
        await a_contact(family, way, channels=["email"])
        await family.deliver(way.started())
        await asyncio.gather(family.deliver(died(way)), send_next(family.worker, recorder))
        rows = await family.fetch("SELECT kind, state FROM message WHERE person_id = $1 ORDER BY message_id", way.person_id)
        assert rows[0]["state"] in ("sent", "suppressed") and rows[1]["kind"] == "death"
        while await send_next(family.worker, recorder):
            pass
        assert len(recorder.sent) == 1 + (rows[0]["state"] == "sent")
