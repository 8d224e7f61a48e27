"""Facts become messages for permitted contacts only: once, twice, out of order, for the living. On a real database."""

from uuid import UUID, uuid4

import pytest

from shared.events.family import MessageDelivered
from shared.events.referral import PersonErased, PersonMerged
from tests.builders_family import DAY, Way, a_contact, a_contact_caller, a_liaison, a_way, give, revoke, states
from tests.harness import ServiceUnderTest


async def test_a_fact_tells_only_those_who_may_know(family: ServiceUnderTest) -> None:
    """Source: mission rows 002-11, 002-23."""
    way = await a_way(family)
    told, _ = await a_contact(family, way, topics=["stage"])
    untold, _ = await a_contact(family, way)
    other_topic, _ = await a_contact(family, way, topics=["relapse", "referral"])
    past, _ = await a_contact(family, way, until=str(DAY))
    revoked, permission = await a_contact(family, way, topics=["stage"])
    assert permission and (await revoke(family, way, revoked, permission)).status_code == 200
    family.now = family.now.replace(day=3)
    await family.deliver(way.completed())
    rows = await family.fetch("SELECT contact_id, topic, channel, state FROM message")
    assert [tuple(row) for row in rows] == [(told, "stage", "inbox", "delivered")], (untold, other_topic, past)
    (delivered,) = await family.appended()
    assert isinstance(delivered, MessageDelivered) and delivered.person_id == way.person_id


async def test_one_message_however_often_the_fact_comes_and_however_many_permissions(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await give(family, way, contact_id, topics=["stage", "relapse"])
    envelopes = await family.deliver(way.started(), way.completed())
    await family.deliver_again(*envelopes, *reversed(envelopes))
    await family.fetch("UPDATE inbox SET last_seq = 1 WHERE topic = 'programme' RETURNING topic")  # the message's own key still holds
    assert (await family.deliver_again(*envelopes)).counts["applied"] == 2
    assert await states(family) == ["delivered", "delivered"]
    assert len(await family.appended()) == 2


async def test_one_stay_that_meets_several_definitions_of_relapse_is_told_once(family: ServiceUnderTest) -> None:
    """Source: mission row 002-46."""
    way = await a_way(family)
    await a_contact(family, way, topics=["relapse"])
    relapses = [way.relapsed(spell) for spell in (1, 1, 1, 2)]
    await family.deliver(*relapses[:2])
    await family.deliver(*relapses[2:])
    assert await states(family) == ["delivered", "delivered"]


async def test_a_relapse_that_was_none_is_corrected_for_who_was_told(family: ServiceUnderTest) -> None:
    """Once, and neutrally; a later relapse of the same stay is news again. Source: issue of corrections, section 1."""
    way = await a_way(family)
    told, _ = await a_contact(family, way, topics=["relapse"])
    await family.deliver(way.relapsed(), way.unrelapsed(is_last=False))
    assert await kinds(family) == ["change"]
    await a_contact(family, way, topics=["relapse"])
    await family.deliver(way.unrelapsed())
    assert await kinds(family) == ["change", "correction"], "who was told nothing hears of no correction"
    (shown, *_) = (await family.call("GET", "/messages", a_contact_caller(told))).json()["items"]
    assert shown["text"] == "An earlier message no longer holds: the change that it told of did not happen."
    await family.deliver(way.unrelapsed(), way.relapsed())
    assert await kinds(family) == ["change", "change", "change", "correction"]


async def test_what_waits_about_a_relapse_that_was_none_is_never_sent(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, topics=["relapse"], channels=["email"])
    await family.deliver(way.relapsed(), way.unrelapsed())
    rows = await family.fetch("SELECT kind, state, reason FROM message")
    assert [tuple(row) for row in rows] == [("change", "suppressed", "corrected")]
    assert [type(event).__name__ for event in await family.appended()] == ["MessageSuppressed"]


async def kinds(family: ServiceUnderTest) -> list[str]:
    return [row["kind"] for row in await family.fetch("SELECT kind FROM message ORDER BY kind")]


async def test_a_fact_of_history_stays_in_the_inbox(family: ServiceUnderTest) -> None:
    """An imported journey, and the referrals that are known to belong to it, are never mailed."""
    way, referral_id = await a_way(family, imported=True), uuid4()
    await a_contact(family, way, topics=["stage", "referral"], channels=["inbox", "email"])
    await family.deliver(way.completed(), way.referred(referral_id, None), way.accepted(referral_id, uuid4()))
    rows = await family.fetch("SELECT channel, state FROM message")
    assert [tuple(row) for row in rows] == [("inbox", "delivered")] * 3


async def test_a_fact_of_today_waits_for_the_sender(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    await a_contact(family, way, topics=["stage", "relapse"], channels=["email"])
    await family.deliver(way.completed(), way.relapsed())
    assert await states(family) == ["pending", "pending"]
    assert await family.appended() == []


async def test_contact_first_and_topics_in_both_orders(family: ServiceUnderTest) -> None:
    """A handler requires no row that another topic brings: the journey is heard of before the person."""
    way, other = Way(), Way()
    await family.deliver(way.opened(), way.registered(), other.registered(), other.opened())
    for one in (way, other):
        await a_contact(family, one, topics=["stage"])
    await family.deliver(way.started(), other.started())
    assert len(await states(family)) == 2


async def test_an_accepted_referral_relates_its_organisation(family: ServiceUnderTest) -> None:
    way, receiver = await a_way(family), uuid4()
    path = f"/persons/{way.person_id}/contacts"
    assert (await family.call("GET", path, a_liaison(receiver))).status_code == 404
    await family.deliver(way.accepted(uuid4(), receiver))
    assert (await family.call("GET", path, a_liaison(receiver))).status_code == 200


@pytest.mark.parametrize("erased_first", [True, False])
async def test_an_erased_person_wins(family: ServiceUnderTest, erased_first: bool) -> None:
    """Whatever arrives before or after, names and addresses are gone and nobody is told."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, channels=["email"])
    erased = PersonErased(person_id=way.person_id, on=DAY)
    facts = [erased, way.started(), way.registered("minor")] if erased_first else [way.started(), erased, way.completed()]
    await family.deliver(*facts)
    assert await states(family) == ([] if erased_first else ["suppressed"])
    assert await family.fetch("SELECT FROM contact") == [] and await family.fetch("SELECT FROM permission") == []
    assert await family.fetch("SELECT FROM person_organisation") == []
    assert [row["region"] for row in await family.fetch("SELECT region FROM person WHERE erased_on IS NOT NULL")] == [None]
    assert (await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(way.organisation_id))).status_code == 404
    assert (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"] == []


async def test_a_merged_persons_circle_is_told_of_the_other(family: ServiceUnderTest) -> None:
    way, into = await a_way(family), await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(PersonMerged(person_id=way.person_id, into_id=into.person_id), way.started(), into.completed())
    rows = await family.fetch("SELECT contact_id, person_id FROM message")
    assert [tuple(row) for row in rows] == [(contact_id, into.person_id)] * 2


async def test_merging_into_an_erased_person_keeps_no_name(family: ServiceUnderTest) -> None:
    way, into = await a_way(family), await a_way(family)
    await a_contact(family, way, topics=["stage"])
    erased, merged = PersonErased(person_id=into.person_id, on=DAY), PersonMerged(person_id=way.person_id, into_id=into.person_id)
    await family.deliver(erased, merged, way.started(), into.started())
    assert await family.fetch("SELECT FROM contact") == [] and await states(family) == []


async def test_contacts_are_prompted_while_stage_five_lasts(family: ServiceUnderTest) -> None:
    """Source: mission row 002-24."""
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(5))
    for month in (4, 5, 6):
        assert await family.run_deadlines(family.now.replace(month=month, day=5)) == 1
        assert await family.run_deadlines() == 0, "one prompt a term"
    kinds = [row["kind"] for row in await family.fetch("SELECT kind FROM message ORDER BY message_id")]
    assert kinds == ["support", "prompt", "prompt", "prompt"]
    await family.deliver(way.completed(5))
    assert await family.run_deadlines(family.now.replace(month=12)) == 0
    texts = [item["text"] for item in (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]]
    assert texts[0] == "Step 5 of 5 has been completed." and len(texts) == 5


async def test_imported_history_prompts_nobody(family: ServiceUnderTest) -> None:
    way = await a_way(family, imported=True)
    await a_contact(family, way, topics=["stage"])
    await family.deliver(way.started(5))
    assert await family.fetch("SELECT FROM deadline") == []


async def test_persons_without_a_contact_cost_one_statement_and_leave_nothing(family: ServiceUnderTest) -> None:
    ways = [Way(person_id=UUID(int=number + 1)) for number in range(50)]
    await family.deliver(*[way.started() for way in ways])
    assert await states(family) == [] and await family.appended() == []
    assert len(await family.fetch("SELECT FROM person_organisation")) == 50
