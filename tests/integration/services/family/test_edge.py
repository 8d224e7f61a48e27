"""What relations to a family mean at the edge: `/seen`, kept answers, unknown persons. Source: contracts, "Rights at the edge"."""

from datetime import timedelta
from uuid import UUID, uuid4

from shared.events.referral import OrganisationChanged
from shared.identity import Caller
from tests.builders_family import Way, a_contact, a_contact_caller, a_known, a_liaison, a_way, add_contact
from tests.harness import ServiceUnderTest, a_caller


async def seen(family: ServiceUnderTest, caller: Caller, stream_id: UUID, topic: str = "referral") -> str:
    answer = await family.call("GET", f"/seen/{topic}/{stream_id}/1", caller)
    assert answer.status_code == 200
    return str(answer.json()["state"])


async def test_seen_is_counted_for_nobody_without_a_relation(family: ServiceUnderTest) -> None:
    """Any clinician counted the events of any person; who was asked and declined is nobody."""
    way, referral_id = await a_way(family), uuid4()
    declined, accepted, school = uuid4(), uuid4(), await a_known(family)
    await family.deliver(way.answered(referral_id, declined, "declined"), way.accepted(referral_id, accepted))
    await family.call("POST", f"/persons/{way.person_id}/liaison", a_liaison(way.organisation_id), {"organisation_id": str(school)})
    for role in ("clinician", "coordinator", "system"):
        states = [await seen(family, a_caller(role, o), way.person_id) for o in (way.organisation_id, accepted, school, declined, uuid4())]
        assert states == ["has-it", "has-it", "has-it", "waiting", "waiting"]
    assert await seen(family, a_caller("operator"), way.person_id) == "has-it"
    assert await seen(family, a_caller("clinician", declined), uuid4()) == "waiting"
    await family.deliver(way.closed(referral_id, "cancelled"))
    assert await seen(family, a_caller("clinician", accepted), way.person_id) == "waiting"


async def test_seen_of_an_organisation_is_its_own(family: ServiceUnderTest) -> None:
    own = uuid4()
    about = {"organisation_id": own, "level": "meso", "kind": "medical-organisation", "region": "UZ-TK", "services": ()}
    await family.deliver(OrganisationChanged.model_validate(about))
    assert await seen(family, a_caller("coordinator", own), own) == "has-it"
    assert await seen(family, a_caller("coordinator", uuid4()), own) == "waiting"


async def test_a_former_holders_kept_answer_is_given_no_more(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_contact(family, way)
    liaison = a_liaison(way.organisation_id)
    body = {"link": str(contact_id), "signs": [{"sign": "apathy"}]}
    concern_id = (await family.call("POST", "/concerns", a_contact_caller(contact_id), body)).json()["id"]
    answers = [await family.call("POST", f"/concerns/{concern_id}/answer", liaison, {}, key="kept-answer") for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "answered")] * 2
    read = [await family.call("POST", f"/concerns/{concern_id}/reading", liaison, {}, key="kept-reading") for _ in range(2)]
    assert [answer.status_code for answer in read] == [200, 200], "it tells nothing: the concern was read before"
    await family.deliver(way.started(), way.started_by(uuid4(), stage=2))
    for what in ("answer", "reading"):
        assert (await family.call("POST", f"/concerns/{concern_id}/{what}", liaison, {}, key=f"kept-{what}")).status_code == 404


async def test_a_person_that_is_never_heard_of_is_not_known_in_the_end(family: ServiceUnderTest) -> None:
    """For an absent and for a foreign person alike, so it tells nothing. Others than a system are answered 404 at once."""
    foreign, absent, system = await a_way(family), Way(), a_caller("system", uuid4())
    for way in (foreign, absent):
        early = await add_contact(family, way, system)
        assert (early.status_code, early.headers["retry-after"]) == (409, "1")
        assert (await add_contact(family, way, a_liaison(uuid4()))).status_code == 404
    await family.fetch("INSERT INTO heard VALUES ('referral', $1) RETURNING topic", family.now + timedelta(seconds=5))
    late = [await add_contact(family, way, system) for way in (foreign, absent)]
    assert [(answer.status_code, answer.json()["unmet"]) for answer in late] == [(422, ["person_id"])] * 2
    await family.deliver(foreign.registered(by=system.organisation_id))
    assert (await add_contact(family, foreign, system)).status_code == 201
