"""Stages mean what their pathway says: texts, support and prompts of journeys on different pathways, with topics in both orders."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from shared.events.pathway import PathwayStage
from shared.events.referral import PersonDied, PersonErased, PersonMerged, PlaceNotFound
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_way
from tests.harness import ServiceUnderTest

ASKING = PathwayStage(code="first-weeks", asks_for_support=True)
THREE = (PathwayStage(code="release"), ASKING, PathwayStage(code="work", completes_the_journey=True))
PRISON: dict[str, Any] = {"pathway": "return-from-prison", "stages": THREE}


async def heard(family: ServiceUnderTest, way: Way, *topics: str) -> UUID:
    """The journey is heard of; answers a contact that may be told these topics."""
    await family.deliver(way.registered(), way.opened())
    contact_id, _ = await a_contact(family, way, topics=list(topics or ("stage",)))
    return contact_id


async def texts(family: ServiceUnderTest, contact_id: UUID) -> list[str]:
    """The oldest first."""
    items = (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]
    return [item["text"] for item in reversed(items)]


async def clocks(family: ServiceUnderTest) -> set[UUID]:
    return {row["subject_id"] for row in await family.fetch("SELECT subject_id FROM deadline")}


async def prompts(family: ServiceUnderTest, month: int) -> int:
    """How many clocks ran out by the fifth of a month; each once."""
    acted = await family.run_deadlines(family.now.replace(month=month, day=5))
    assert await family.run_deadlines() == 0, "one prompt a term"
    return acted


async def test_a_pathway_of_three_stages_says_of_three_and_asks_where_it_asks(family: ServiceUnderTest) -> None:
    """Source: mission row 002-24."""
    way = Way(**PRISON)
    contact_id = await heard(family, way)
    await family.deliver(way.started(1), way.completed(1), *[way.started(2)])
    assert await clocks(family) == {way.journey_id}
    assert [await prompts(family, month) for month in (4, 5)] == [1, 1]
    await family.deliver(way.completed(2), way.started(3), way.left(3))
    assert await clocks(family) == set()
    told = [text.partition(":")[0] for text in await texts(family, contact_id)]
    assert told == [
        "Step 1 of 3 has begun.",
        "Step 1 of 3 has been completed.",
        "A new step has begun. Your support counts most now",
        "A reminder",
        "A reminder",
        "Step 2 of 3 has been completed.",
        "Step 3 of 3 has begun.",
        "Step 3 of 3 has ended early.",
    ]


async def test_a_stage_of_one_pathway_never_means_that_of_another(family: ServiceUnderTest) -> None:
    """Stage 2 of the one asks for support, stage 2 of the other does not, and so with stage 5."""
    way = Way(**PRISON)
    other = Way(person_id=way.person_id)
    contact_id = await heard(family, way)
    await family.deliver(other.opened(), other.started(2), other.completed(2))
    assert await clocks(family) == set()
    await family.deliver(way.started(2))
    assert await clocks(family) == {way.journey_id}
    assert (await texts(family, contact_id))[1:3] == ["Step 2 of 5 has begun.", "Step 2 of 5 has been completed."]


async def test_of_two_journeys_one_ends_and_the_others_prompts_go_on(family: ServiceUnderTest) -> None:
    way = Way(**PRISON)
    other = Way(person_id=way.person_id)
    contact_id = await heard(family, way)
    await family.deliver(other.opened(), way.started(2), other.started(5))
    assert await prompts(family, 4) == 2
    assert (await texts(family, contact_id)).count((await texts(family, contact_id))[-1]) == 1, "one reminder a day and person"
    envelopes = await family.deliver(way.completed(2))
    await family.deliver_again(*envelopes)
    assert (await clocks(family), await prompts(family, 5)) == ({other.journey_id}, 1)
    await family.deliver(other.completed(5))
    assert await clocks(family) == set()


async def test_prompts_last_as_long_as_any_stage_that_asks(family: ServiceUnderTest) -> None:
    """Stages may overlap: the later one starts before the earlier one ends."""
    way = Way(pathway="two", stages=(ASKING, ASKING))
    await heard(family, way)
    await family.deliver(way.started(1), way.started(2), way.completed(1))
    assert await prompts(family, 4) == 1
    await family.deliver(way.completed(2))
    assert await clocks(family) == set()


async def test_a_journey_told_of_without_stages_has_five(family: ServiceUnderTest) -> None:
    """An event from before stages travelled."""
    way = Way()
    await family.deliver(way.registered())
    envelope = family.envelope(way.opened())
    body = {key: value for key, value in orjson.loads(envelope.body).items() if key != "stages"}
    await family.deliver_again(replace(envelope, body=orjson.dumps(body)))
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.completed(4), way.started(5))
    told = await texts(family, contact_id)
    assert told[0] == "Step 4 of 5 has been completed." and told[1].startswith("The last step has begun.")
    assert await clocks(family) == {way.journey_id}


async def test_a_journey_not_heard_of_has_five_until_its_news_come(family: ServiceUnderTest) -> None:
    """It was opened before family listened for stages."""
    way = Way()
    await family.deliver(way.registered(), way.started(1))
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(5))
    assert (await clocks(family), await prompts(family, 4)) == ({way.journey_id}, 1)
    assert (await texts(family, contact_id))[0].startswith("The last step has begun.")
    await family.deliver(way.opened(), way.completed(5))
    assert await clocks(family) == set()


async def test_a_referral_before_its_journey_and_after(family: ServiceUnderTest) -> None:
    """Topics in both orders: the text names the number as soon as it is known, of the journey or else of its pathway."""
    way, stranger = Way(**PRISON), Way(**PRISON)
    await family.deliver(way.registered(), way.started())
    contact_id, _ = await a_contact(family, way, topics=["referral"])
    place = PlaceNotFound(person_id=way.person_id, referral_id=uuid4(), stage=2, region=None, pathway=way.pathway)
    await family.deliver(way.referred(uuid4(), DAY), place)
    unknown = ["A place for step 2 is being arranged.", "Arranging step 2 is taking longer than planned."]
    assert await texts(family, contact_id) == unknown
    await family.deliver(stranger.registered(), replace(stranger, stages=(*THREE, ASKING)).opened())
    assert [" of 4 " in text for text in await texts(family, contact_id)] == [True, True]
    family.now += timedelta(seconds=1)  # the newest of a pathway is the one heard last
    await family.deliver(way.opened())
    assert await texts(family, contact_id) == [
        "A place for step 2 of 3 is being arranged.",
        "Arranging step 2 of 3 is taking longer than planned.",
    ]
    await family.deliver(way.referred(uuid4(), DAY))
    assert (await texts(family, contact_id))[-1] == "A place for step 2 of 3 is being arranged."


async def test_a_clock_from_before_journeys_goes_on_and_ends(family: ServiceUnderTest) -> None:
    """Its subject is the person. A journey of today has its own, and neither ends the other's."""
    old, new = Way(), Way(**PRISON)
    new = replace(new, person_id=old.person_id)
    await family.deliver(old.registered(), old.started(1))
    await a_contact(family, old, topics=["stage"])
    await an_old_clock(family, old.person_id)
    await family.deliver(new.opened(), new.started(2))
    assert await prompts(family, 4) == 2
    await family.deliver(new.completed(2))
    assert (await clocks(family), await prompts(family, 5)) == ({old.person_id}, 1)
    await family.deliver(old.completed(5))
    assert await clocks(family) == set()


async def test_a_new_spell_takes_over_a_clock_from_before(family: ServiceUnderTest) -> None:
    way = Way()
    await family.deliver(way.registered(), way.started(1))
    await an_old_clock(family, way.person_id)
    await family.deliver(way.started(5, spell=2))
    assert await clocks(family) == {way.journey_id}


async def an_old_clock(family: ServiceUnderTest, person_id: UUID) -> None:
    await family.fetch("INSERT INTO deadline (kind, subject_id, due_at) VALUES ('contacts-prompt', $1, $2)", person_id, family.now)


@pytest.mark.parametrize("end", [PersonDied, PersonErased])
async def test_a_death_or_erasure_ends_all_clocks(family: ServiceUnderTest, end: type[PersonDied] | type[PersonErased]) -> None:
    """And none is set by what arrives of the person afterwards."""
    way = Way(**PRISON)
    other = Way(person_id=way.person_id)
    await heard(family, way)
    await an_old_clock(family, way.person_id)
    await family.deliver(other.opened(), way.started(2), other.started(5))
    assert len(await clocks(family)) == 3
    gone = end(person_id=way.person_id, on=DAY)
    await family.deliver(gone)
    assert await clocks(family) == set()
    late = Way(person_id=way.person_id, **PRISON)
    await family.deliver(late.opened(), late.started(2), way.started(2, spell=2))
    assert await clocks(family) == set()
    assert len(await family.fetch("SELECT FROM journey")) == (3 if end is PersonDied else 0)


async def test_journeys_follow_a_merge(family: ServiceUnderTest) -> None:
    """Those opened later under the merged person's number too; the clocks go on for whom they are kept with."""
    way, into = Way(**PRISON), await a_way(family)
    contact_id = await heard(family, way)
    late = Way(person_id=way.person_id, **PRISON)
    await family.deliver(way.started(2), PersonMerged(person_id=way.person_id, into_id=into.person_id), late.opened(), late.started(2))
    rows = await family.fetch("SELECT person_id FROM journey")
    assert [row["person_id"] for row in rows] == [into.person_id] * 3
    assert await prompts(family, 4) == 2
    assert (await texts(family, contact_id))[-1].startswith("A reminder")
    await family.deliver(PersonDied(person_id=into.person_id, on=DAY))
    assert await clocks(family) == set()


@pytest.mark.parametrize("end", [PersonDied, PersonErased])
async def test_a_merge_into_one_who_is_gone_ends_the_clocks(family: ServiceUnderTest, end: type[PersonDied] | type[PersonErased]) -> None:
    way, into = Way(**PRISON), await a_way(family)
    await heard(family, way)
    await family.deliver(way.started(2), end(person_id=into.person_id, on=DAY))
    await family.deliver(PersonMerged(person_id=way.person_id, into_id=into.person_id))
    assert await clocks(family) == set()
    assert len(await family.fetch("SELECT FROM journey WHERE journey_id = $1", way.journey_id)) == (end is PersonDied)
