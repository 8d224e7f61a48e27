"""A relation lasts as long as its reason: facts once, twice and in other orders end with the same organisations. Privacy section 1."""

from dataclasses import replace
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from shared.events.pathway import DEFAULT_PATHWAY
from shared.events.referral import OrganisationChanged, PersonErased, PersonMerged
from tests.builders_family import DAY, Way, a_contact, a_liaison, a_way
from tests.harness import ServiceUnderTest

LATER = DAY.replace(day=DAY.day + 1)


async def sees(family: ServiceUnderTest, way: Way, organisation_id: UUID) -> bool:
    """Whether the organisation's liaison is shown the contacts; if not, they look absent."""
    answer = await family.call("GET", f"/persons/{way.person_id}/contacts", a_liaison(organisation_id))
    assert answer.status_code in (200, 404)
    return answer.status_code == 200


async def heard_anyhow(family: ServiceUnderTest, *facts: object) -> None:
    """Deliver facts as they come, then again, then once more backwards past the inbox: a handler must bear each."""
    envelopes = await family.deliver(*facts)  # type: ignore[arg-type]
    for again in (envelopes, list(reversed(envelopes))):
        for envelope in again:
            await family.fetch("UPDATE inbox SET last_seq = $1 WHERE topic = $2 RETURNING topic", envelope.seq - 1, envelope.topic)
            assert (await family.deliver_again(envelope)).counts["applied"] == 1


@pytest.mark.parametrize("end", ["cancelled", "entered-in-error", "failed", "completed"])
async def test_a_closed_referral_leaves_its_acceptor_nothing(family: ServiceUnderTest, end: str) -> None:
    way, receiver, referral_id = await a_way(family), uuid4(), uuid4()
    await a_contact(family, way, topics=["referral"])
    await family.deliver(way.accepted(referral_id, receiver))
    assert await sees(family, way, receiver)
    assert (await family.call("GET", "/messages", a_liaison(receiver))).json()["items"]
    await family.deliver(way.closed(referral_id, end))
    assert not await sees(family, way, receiver) and await sees(family, way, way.organisation_id)
    assert (await family.call("GET", "/messages", a_liaison(receiver))).json()["items"] == []


async def test_an_acceptance_by_mistake_leaves_nothing_and_a_cancellation_by_mistake_takes_nothing(family: ServiceUnderTest) -> None:
    """The request is told anew; an acceptance that stands again is told again behind it."""
    way, mistaken, right, one, other = await a_way(family), uuid4(), uuid4(), uuid4(), uuid4()
    never = [way.accepted(one, mistaken), way.closed(one, "entered-in-error"), way.referred(one, DAY)]
    again = [way.accepted(other, right), way.closed(other, "cancelled"), way.referred(other, DAY), way.accepted(other, right)]
    await heard_anyhow(family, *never, *again)
    assert not await sees(family, way, mistaken) and await sees(family, way, right)


async def test_a_redirected_referral_leaves_the_first_acceptor_nothing(family: ServiceUnderTest) -> None:
    way, first, second, referral_id = await a_way(family), uuid4(), uuid4(), uuid4()
    await family.deliver(way.accepted(referral_id, first), way.addressed(referral_id, second))
    assert not await sees(family, way, first) and not await sees(family, way, second)
    await family.deliver(way.accepted(referral_id, second))
    assert not await sees(family, way, first) and await sees(family, way, second)


async def test_who_declines_what_it_had_accepted_keeps_nothing(family: ServiceUnderTest) -> None:
    way, receiver, referral_id = await a_way(family), uuid4(), uuid4()
    await family.deliver(way.accepted(referral_id, receiver), way.answered(referral_id, receiver, "declined"))
    assert not await sees(family, way, receiver)


async def test_a_second_referral_keeps_what_the_first_gave_when_the_first_ends(family: ServiceUnderTest) -> None:
    way, receiver, one, other = await a_way(family), uuid4(), uuid4(), uuid4()
    await family.deliver(way.accepted(one, receiver), way.accepted(other, receiver), way.closed(one, "cancelled"))
    assert await sees(family, way, receiver)
    await family.deliver(way.closed(other, "cancelled"))
    assert not await sees(family, way, receiver)


async def test_a_former_holder_keeps_nothing_when_another_starts_and_the_registrar_everything(family: ServiceUnderTest) -> None:
    way, registrar, second, third = Way(), uuid4(), uuid4(), uuid4()
    await family.deliver(way.registered(by=registrar), way.opened())
    assert await sees(family, way, registrar) and await sees(family, way, way.organisation_id)
    await family.deliver(way.started(), way.completed(), way.started_by(second, stage=2, on=DAY.replace(day=9)))
    assert [await sees(family, way, o) for o in (registrar, way.organisation_id, second)] == [True, False, True]
    await family.deliver(way.started_by(third, stage=3, on=DAY.replace(day=19)), way.started_by(way.organisation_id, on=DAY, spell=2))
    assert [await sees(family, way, o) for o in (way.organisation_id, second, third)] == [False, False, True]


@pytest.mark.parametrize("pathway", [DEFAULT_PATHWAY, "prison-reintegration"])
async def test_a_holder_keeps_the_person_while_it_stays_and_on_another_pathway(family: ServiceUnderTest, pathway: str) -> None:
    way, other = await a_way(family), uuid4()
    second = Way(person_id=way.person_id, organisation_id=other, pathway=pathway)
    await family.deliver(way.started(), second.opened(), second.started_by(other, on=LATER))
    assert await sees(family, way, way.organisation_id) and await sees(family, way, other)
    await family.deliver(way.completed())
    assert await sees(family, way, way.organisation_id) == (pathway != DEFAULT_PATHWAY) and await sees(family, way, other)


async def test_a_stay_in_an_earlier_stage_keeps_the_person(family: ServiceUnderTest) -> None:
    """Stages may overlap: the one started last ended, the one before goes on."""
    way, other = await a_way(family), uuid4()
    second = Way(person_id=way.person_id, organisation_id=other)
    await family.deliver(way.started(), way.started(stage=2), way.left(stage=2), second.opened(), second.started_by(other, on=LATER))
    assert await sees(family, way, way.organisation_id)
    await family.deliver(way.left(stage=1))
    assert not await sees(family, way, way.organisation_id) and await sees(family, way, other)


async def test_an_opener_leaves_a_person_that_started_elsewhere_on_the_pathway(family: ServiceUnderTest) -> None:
    """Its registrar has the case again only when nobody else has it."""
    way, registrar, other = await a_way(family), uuid4(), uuid4()
    second = Way(person_id=way.person_id, organisation_id=other)
    await family.deliver(way.registered(by=registrar), second.opened(), second.started_by(other, on=LATER), second.completed())
    assert [await sees(family, way, one) for one in (way.organisation_id, other, registrar)] == [False, True, True]
    messages = [(await family.call("GET", f"/persons/{way.person_id}/liaisons", a_liaison(one))).status_code for one in (registrar, other)]
    assert messages == [404, 200]


async def test_an_acceptance_without_a_journey_ends_with_its_stay(family: ServiceUnderTest) -> None:
    """Its referral was taken up, and another organisation started after it."""
    way, second, third, referral_id = await a_way(family), uuid4(), uuid4(), uuid4()
    accepted = way.accepted(referral_id, second).model_copy(update={"journey_id": None})
    await family.deliver(accepted, way.started_by(second, stage=2), way.taken_up(referral_id, second))
    assert await sees(family, way, second)
    await family.deliver(way.started_by(third, stage=3))
    assert not await sees(family, way, second) and await sees(family, way, third)


async def test_an_acceptance_counts_while_the_registry_confirms_who_accepted(family: ServiceUnderTest) -> None:
    way, receiver = await a_way(family), uuid4()
    about = {"organisation_id": receiver, "level": "meso", "kind": "medical-organisation", "region": "UZ-TK", "services": ()}
    await family.deliver(way.accepted(uuid4(), receiver))
    for confirmed in (True, False, True):
        await family.deliver(OrganisationChanged.model_validate({**about, "confirmed": confirmed}))
        assert await sees(family, way, receiver) == confirmed


async def test_who_took_the_person_up_is_holder_and_no_acceptor_any_more(family: ServiceUnderTest) -> None:
    """Another's start then ends it; the acceptance would have outlived its stay."""
    way, second, third, referral_id = await a_way(family), uuid4(), uuid4(), uuid4()
    await family.deliver(way.accepted(referral_id, second), way.started_by(second, stage=2), way.taken_up(referral_id, second))
    assert await sees(family, way, second)
    await family.deliver(way.started_by(third, stage=3))
    assert not await sees(family, way, second) and await sees(family, way, third)


async def test_an_acceptance_ends_with_its_stay_also_where_the_organisation_stayed_on_in_another_stage(family: ServiceUnderTest) -> None:
    way, second, third, referral_id = await a_way(family), uuid4(), uuid4(), uuid4()
    accepted = way.accepted(referral_id, second)
    begun = way.started_by(second, stage=accepted.stage)
    following = way.started_by(second, stage=accepted.stage + 1, on=LATER)
    await family.deliver(accepted, begun, way.taken_up(referral_id, second), following)
    assert await sees(family, way, second)
    await family.deliver(way.started_by(third, stage=accepted.stage + 2, on=LATER.replace(day=LATER.day + 1)))
    assert not await sees(family, way, second) and await sees(family, way, third)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_topics_in_any_order_and_twice_end_alike(family: ServiceUnderTest, order: tuple[int, ...]) -> None:
    way, second, third, referral_id = Way(), uuid4(), uuid4(), uuid4()
    programme = [way.opened(), way.started(), way.started_by(second, stage=2)]
    referral = [way.registered(by=third), way.accepted(referral_id, second), way.taken_up(referral_id, second)]
    other = uuid4()
    cancelled = [way.accepted(other, uuid4()), way.addressed(other, uuid4()), way.accepted(other, uuid4()), way.closed(other, "cancelled")]
    parts = [programme, referral, cancelled]
    await heard_anyhow(family, *(fact for place in order for fact in parts[place]))
    rows = await family.fetch("SELECT organisation_id, relation FROM relation ORDER BY relation")
    assert [tuple(row) for row in rows] == [(second, "acceptor"), (second, "holder"), (third, "registrar")]


async def test_a_merge_carries_reasons_and_ends_along(family: ServiceUnderTest) -> None:
    way, into, receiver, referral_id = await a_way(family), await a_way(family), uuid4(), uuid4()
    await family.deliver(way.accepted(referral_id, receiver), PersonMerged(person_id=way.person_id, into_id=into.person_id))
    assert await sees(family, into, receiver)
    await family.deliver(way.closed(referral_id, "cancelled"))
    assert not await sees(family, into, receiver)
    second = uuid4()
    await family.deliver(into.started(), way.started_by(second))
    assert [await sees(family, into, o) for o in (way.organisation_id, second, into.organisation_id)] == [False, True, True]


async def test_an_erasure_ends_the_registrars_relation_too(family: ServiceUnderTest) -> None:
    way, registrar = Way(), uuid4()
    await family.deliver(way.registered(by=registrar), PersonErased(person_id=way.person_id, on=DAY))
    assert not await sees(family, way, registrar)
    await heard_anyhow(family, way.registered(by=registrar), way.opened())
    assert await family.fetch("SELECT FROM person_organisation") == []


async def test_a_former_acceptor_reads_no_concern(family: ServiceUnderTest) -> None:
    way, receiver, referral_id = await a_way(family), uuid4(), uuid4()
    contact_id, _ = await a_contact(family, way)
    await family.deliver(way.accepted(referral_id, receiver))
    body = {"link": str(contact_id), "signs": [{"sign": "mood-swings"}]}
    raised = await family.call("POST", "/concerns", a_liaison(way.organisation_id), body)
    path = f"/concerns/{raised.json()['id']}/reading"
    assert (await family.call("POST", path, a_liaison(receiver), {})).status_code == 200
    await family.deliver(way.closed(referral_id, "cancelled"))
    assert (await family.call("POST", path, a_liaison(receiver), {})).status_code == 404
    assert (await family.call("GET", "/concerns", a_liaison(receiver))).json()["items"] == []


async def test_a_relation_of_before_reasons_were_kept_ends_with_anothers_start(family: ServiceUnderTest) -> None:
    """An older version writes `heard`; running beside this one it still may."""
    way, older, second = Way(), uuid4(), uuid4()
    write = "INSERT INTO person_organisation (person_id, organisation_id, how, related_at) VALUES ($1, $2, 'heard', $3) RETURNING how"
    await family.fetch(write, way.person_id, older, family.now)
    await family.deliver(way.started_by(older))
    assert await sees(family, way, older)
    await family.deliver(way.started_by(second, stage=2))
    assert not await sees(family, way, older) and await sees(family, way, second)


async def test_who_accepted_what_it_had_sent_itself_has_nothing_by_that(family: ServiceUnderTest) -> None:
    way, receiver = await a_way(family), uuid4()
    await family.deliver(way.accepted(uuid4(), receiver).model_copy(update={"by_sender": True}))
    assert not await sees(family, way, receiver)


async def test_an_acceptance_on_one_pathway_does_not_end_with_a_stay_on_another(family: ServiceUnderTest) -> None:
    """It was taken up, and the start of its own stay was not heard yet."""
    way, receiver, referral_id = await a_way(family), uuid4(), uuid4()
    await family.deliver(way.started_by(receiver, stage=2), way.started_by(uuid4(), stage=3))
    accepted = way.accepted(referral_id, receiver).model_copy(update={"journey_id": None, "pathway": "second-way"})
    await family.deliver(accepted, way.taken_up(referral_id, receiver))
    assert await sees(family, way, receiver)
    second = replace(way, journey_id=uuid4(), organisation_id=receiver, pathway="second-way")
    await family.deliver(second.opened(), second.started(2), second.started_by(uuid4(), stage=3))
    assert not await sees(family, way, receiver)
