"""What was accepted for one pathway gives nothing on another: neither sight of its journeys, nor a start, nor an opening."""

from uuid import UUID, uuid4

import pytest

from tests.builders_programme import Clinic, a_clinic, an_answer
from tests.harness import ServiceUnderTest, a_caller

SECOND = "second-way"
MINISTRY = a_caller("ministry")
REOPENING = {"reason": "returned-to-treatment"}


async def a_second_way(service: ServiceUnderTest) -> None:
    said = [{"stage": number, "code": f"step-{number}", "planned_weeks": 1} for number in (1, 2, 3)]
    assert (await service.call("POST", "/pathways", MINISTRY, {"code": SECOND, "stages": said})).status_code == 201
    assert (await service.call("POST", f"/pathways/{SECOND}/versions/1/publication", MINISTRY)).status_code == 200


async def completed_first(service: ServiceUnderTest, person_id: UUID) -> tuple[Clinic, UUID]:
    """A clinic with a journey of addiction-rehabilitation in which stages 1 and 2 are completed."""
    clinic = await a_clinic(service)
    journey_id = await clinic.open(person_id)
    for stage in (1, 2):
        assert (await clinic.start(journey_id, stage, f"2025-06-0{stage + 1}")).status_code == 200
        assert (await clinic.complete(journey_id, stage, f"2025-06-0{stage + 2}")).status_code == 200
    return clinic, journey_id


@pytest.mark.parametrize("accepted_first", [False, True])
async def test_an_acceptance_on_another_pathway_shows_and_starts_nothing(programme: ServiceUnderTest, accepted_first: bool) -> None:
    await a_second_way(programme)
    person_id, other = uuid4(), await a_clinic(programme)
    accepted = an_answer(person_id, other.organisation_id, 2, pathway=SECOND)
    if accepted_first:
        await programme.deliver(accepted)
    clinic, journey_id = await completed_first(programme, person_id)
    if not accepted_first:
        await programme.deliver(accepted)
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await other.send("PUT", f"/journeys/{journey_id}/stages/2/reopening", REOPENING)).status_code == 404
    assert (await other.start(journey_id, 2, "2025-07-01")).status_code == 404
    assert (await other.get("/journeys")).json()["items"] == []
    assert (await other.try_to_open(person_id)).status_code == 404
    assert (await clinic.get(f"/journeys/{journey_id}")).json()["holder_organisation_id"] == str(clinic.organisation_id)


async def test_it_opens_and_starts_on_its_own_pathway(programme: ServiceUnderTest) -> None:
    await a_second_way(programme)
    person_id, other = uuid4(), await a_clinic(programme)
    await completed_first(programme, person_id)
    await programme.deliver(an_answer(person_id, other.organisation_id, 1, pathway=SECOND))
    opened = await other.try_to_open(person_id, pathway=SECOND)
    assert opened.status_code == 201, opened.text
    assert (await other.start(UUID(opened.json()["id"]), 1, "2025-07-01")).status_code == 200


async def test_one_whose_pathway_an_older_process_did_not_keep_goes_on_until_it_ends(programme: ServiceUnderTest) -> None:
    person_id, other = uuid4(), await a_clinic(programme)
    kept = "INSERT INTO accepted_referral (referral_id, person_id, organisation_id, stage) VALUES ($1, $2, $3, 2)"
    async with programme.worker.transaction() as tx:
        await tx.connection.execute(kept, uuid4(), person_id, other.organisation_id)
    _, journey_id = await completed_first(programme, person_id)
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 200


@pytest.mark.parametrize("names_the_journey", [False, True])
async def test_an_acceptance_of_what_oneself_had_sent_gives_nothing(programme: ServiceUnderTest, names_the_journey: bool) -> None:
    """Source: issue of rights, section 1."""
    person_id, other = uuid4(), await a_clinic(programme)
    _, journey_id = await completed_first(programme, person_id)
    told = an_answer(person_id, other.organisation_id, 3, journey_id if names_the_journey else None)
    await programme.deliver(told.model_copy(update={"by_sender": True}))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await other.start(journey_id, 3, "2025-07-01")).status_code == 404
    assert (await other.try_to_open(person_id)).status_code == 404
    assert (await other.get("/journeys")).json()["items"] == []
    assert (await other.get(f"/seen/referral/{person_id}/1")).json()["state"] == "waiting"


async def test_a_person_reads_its_disclosures_by_its_id_in_any_spelling(programme: ServiceUnderTest) -> None:
    person_id = uuid4()
    for sub in (str(person_id), str(person_id).upper()):
        answer = await programme.call("GET", f"/persons/{person_id}/disclosures", a_caller("person", sub=sub))
        assert answer.status_code == 200
    assert (await programme.call("GET", f"/persons/{person_id}/disclosures", a_caller("person", sub="nobody"))).status_code == 404
