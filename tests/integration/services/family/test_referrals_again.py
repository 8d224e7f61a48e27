"""What contacts hear of a referral that is undone, restated, or entered in error. Source: issue of corrections, section 1."""

from uuid import UUID, uuid4

import pytest

from services.family.message.sender import claim_next
from shared.events.event import Event
from shared.events.referral import PlaceNotFound
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_way, give, revoke
from tests.harness import ServiceUnderTest


async def told(family: ServiceUnderTest) -> list[tuple[str, str]]:
    """Kinds and states of messages, in the order in which they were made."""
    rows = await family.fetch("SELECT kind, state, corrected_at FROM message ORDER BY message_id")
    return [(row["kind"], "corrected" if row["corrected_at"] else row["state"]) for row in rows]


def life(way: Way, referral_id: UUID, at: UUID) -> list[Event]:
    """A referral that was opened, accepted and taken up."""
    return [way.referred(referral_id, DAY), way.accepted(referral_id, at), way.taken_up(referral_id, at)]


LIFE = [("referral-opened", "delivered"), ("referral-answered", "delivered"), ("referral-started", "delivered")]


async def test_a_referral_that_stands_again_is_told_to_nobody_twice(family: ServiceUnderTest) -> None:
    """Such as after a death that was none: other services hear its life again as if it were new."""
    way, referral_id, centre = await a_way(family), uuid4(), uuid4()
    await a_contact(family, way, topics=["referral"])
    await family.deliver(*life(way, referral_id, centre), *life(way, referral_id, centre))
    assert await told(family) == LIFE
    await family.deliver(way.accepted(referral_id, uuid4()))
    assert await told(family) == [*LIFE, ("referral-answered", "delivered")], "an answer of another one is news"


@pytest.mark.parametrize("stopped_by", ["the revocation", "the claim"])
async def test_what_a_revocation_stopped_is_told_when_it_is_told_again(family: ServiceUnderTest, stopped_by: str) -> None:
    """Nobody was told of it; once the permission is given anew, what stands again is news, and once."""
    way, referral_id = await a_way(family), uuid4()
    contact_id, permission_id = await a_contact(family, way, topics=["referral", "relapse"], channels=["email"])
    assert permission_id is not None
    facts: list[Event] = [way.referred(referral_id, DAY), way.relapsed()]
    await family.deliver(*facts)
    if stopped_by == "the claim":
        await family.fetch("UPDATE permission SET revoked_at = $1 RETURNING permission_id", family.now)
        for _ in facts:
            assert await claim_next(family.worker) == (True, None)
    else:
        assert (await revoke(family, way, contact_id, permission_id)).status_code == 200
    kinds = ("referral-opened", "change")
    assert await told(family) == [(kind, "suppressed") for kind in kinds]
    await family.deliver(*facts)
    assert len(await told(family)) == 2, "nobody may be told yet"
    await give(family, way, contact_id, topics=["referral", "relapse"], channels=["email"])
    await family.deliver(way.referred(referral_id, DAY), way.relapsed(), way.referred(referral_id, DAY), way.relapsed())
    assert await told(family) == [*((kind, "suppressed") for kind in kinds), *((kind, "pending") for kind in kinds)]


async def test_one_that_was_open_to_any_and_stands_again_at_who_accepted_is_told_once(family: ServiceUnderTest) -> None:
    way, referral_id, centre = await a_way(family), uuid4(), uuid4()
    await a_contact(family, way, topics=["referral"])
    again = way.referred(referral_id, DAY).model_copy(update={"to_organisation_id": centre})
    await family.deliver(*life(way, referral_id, centre)[:2], again, way.accepted(referral_id, centre))
    assert await told(family) == LIFE[:2]


async def test_what_is_told_of_a_referral_in_error_is_taken_back_once_and_told_anew(family: ServiceUnderTest) -> None:
    way, referral_id, centre = await a_way(family), uuid4(), uuid4()
    contact_id, _ = await a_contact(family, way, topics=["referral"])
    await family.deliver(*life(way, referral_id, centre)[:2], way.closed(referral_id, "entered-in-error"))
    before = [("referral-opened", "corrected"), ("referral-answered", "corrected"), ("referral-correction", "delivered")]
    assert await told(family) == before
    (shown, *_) = (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]
    assert shown["text"] == "An earlier message no longer holds: what it said was entered by mistake."
    await family.deliver(*life(way, referral_id, centre)[:2])
    assert await told(family) == [*before, *LIFE[:2]]


async def test_what_waits_about_a_referral_in_error_is_never_sent(family: ServiceUnderTest) -> None:
    way, referral_id = await a_way(family), uuid4()
    await a_contact(family, way, topics=["referral"], channels=["email"])
    other = way.referred(uuid4(), DAY)
    about = {"person_id": way.person_id, "referral_id": referral_id, "stage": 2, "region": "UZ-TK"}
    nowhere = [PlaceNotFound.model_validate(about)] * 2
    await family.deliver(way.referred(referral_id, DAY), *nowhere, other, way.closed(referral_id, "entered-in-error"))
    assert await told(family) == [("referral-opened", "corrected"), ("referral-waiting", "corrected"), ("referral-opened", "pending")]
    assert {row["reason"] for row in await family.fetch("SELECT reason FROM message WHERE corrected_at IS NOT NULL")} == {"corrected"}


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_a_referral_that_is_open_after_all_takes_back_that_it_was_closed(family: ServiceUnderTest, end: str) -> None:
    """A later closing is news again."""
    way, referral_id, centre = await a_way(family), uuid4(), uuid4()
    await a_contact(family, way, topics=["referral"])
    await family.deliver(*life(way, referral_id, centre)[:2], way.closed(referral_id, end), *life(way, referral_id, centre)[:2])
    before = [*LIFE[:2], ("referral-closed", "corrected"), ("referral-correction", "delivered")]
    assert await told(family) == before
    await family.deliver(way.closed(referral_id, end))
    assert await told(family) == [*before, ("referral-closed", "delivered")]
