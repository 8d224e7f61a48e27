"""Who hears of a person's stream in monitoring: by stays and accepted referrals it heard of. Source: issue of rights, section 5."""

from uuid import UUID, uuid4

import pytest

from shared.events.referral import OrganisationChanged, ReferralAddressed, ReferralAnswered, ReferralClosed, ReferralOpened
from tests.builders_monitoring import JANUARY, Story
from tests.harness import ServiceUnderTest, a_caller

OTHER = UUID(int=77)


async def sees(service: ServiceUnderTest, person_id: UUID, organisation_id: UUID, role: str = "clinician") -> bool:
    answer = await service.call("GET", f"/seen/programme/{person_id}/1", a_caller(role, organisation_id))
    assert answer.status_code == 200
    return bool(answer.json()["state"] == "has-it")


def answered(person_id: UUID, referral_id: UUID, answer: str = "accepted") -> ReferralAnswered:
    told = {"person_id": person_id, "referral_id": referral_id, "journey_id": None, "stage": 2, "organisation_id": OTHER}
    return ReferralAnswered.model_validate({**told, "answer": answer, "reason": None, "in_time": True})


@pytest.mark.parametrize("role", ["clinician", "coordinator", "system"])
async def test_a_stay_lets_its_organisation_hear_and_nobody_else(monitoring: ServiceUnderTest, role: str) -> None:
    story = Story()
    await monitoring.deliver(story.started(1, JANUARY))
    assert await sees(monitoring, story.person_id, story.organisation_id, role)
    assert not await sees(monitoring, story.person_id, OTHER, role)


async def test_a_stay_or_a_journey_entered_in_error_lets_nobody_hear(monitoring: ServiceUnderTest) -> None:
    story, other = Story(), Story()
    await monitoring.deliver(story.opened(), story.started(1, JANUARY, OTHER), other.opened(), other.started(1, JANUARY, OTHER))
    assert await sees(monitoring, story.person_id, OTHER)
    await monitoring.deliver(story.corrected(1, None, at=OTHER), other.journey_corrected(None))
    assert not await sees(monitoring, story.person_id, OTHER)
    assert await sees(monitoring, story.person_id, story.organisation_id), "its journey stays"
    assert not await sees(monitoring, other.person_id, OTHER)
    assert not await sees(monitoring, other.person_id, other.organisation_id)


@pytest.mark.parametrize("end", ["declined", "cancelled", "redirected"])
async def test_an_acceptance_lets_hear_as_long_as_it_stands(monitoring: ServiceUnderTest, end: str) -> None:
    story, referral_id = Story(), uuid4()
    await monitoring.deliver(story.started(1, JANUARY), answered(story.person_id, referral_id))
    assert await sees(monitoring, story.person_id, OTHER)
    whose = {"person_id": story.person_id, "referral_id": referral_id, "journey_id": None, "stage": 2}
    ends = {
        "declined": answered(story.person_id, referral_id, "declined"),
        "cancelled": ReferralClosed.model_validate({**whose, "end": "cancelled", "reason": "other"}),
        "redirected": ReferralAddressed.model_validate({**whose, "to_organisation_id": uuid4(), "due_on": None}),
    }
    await monitoring.deliver(ends[end])
    assert not await sees(monitoring, story.person_id, OTHER)


async def test_an_acceptance_lets_hear_while_the_registry_confirms_who_accepted(monitoring: ServiceUnderTest) -> None:
    story = Story()
    about = {"organisation_id": OTHER, "level": "meso", "kind": "ngo", "region": "UZ-TK", "services": ()}
    await monitoring.deliver(story.opened(), answered(story.person_id, uuid4()))
    for confirmed in (True, False, True):
        await monitoring.deliver(OrganisationChanged.model_validate({**about, "confirmed": confirmed}))
        assert await sees(monitoring, story.person_id, OTHER) == confirmed
    await monitoring.deliver(story.started(1, JANUARY, OTHER), OrganisationChanged.model_validate({**about, "confirmed": False}))
    assert await sees(monitoring, story.person_id, OTHER), "by its stay"


async def test_who_accepted_what_it_had_sent_itself_hears_nothing_by_that(monitoring: ServiceUnderTest) -> None:
    story, referral_id = Story(), uuid4()
    whose = {"person_id": story.person_id, "referral_id": referral_id, "journey_id": None, "stage": 2, "region": "UZ-TK"}
    sent = {"from_organisation_id": OTHER, "to_organisation_id": None, "origin": "organisation", "due_on": None}
    await monitoring.deliver(story.opened(), ReferralOpened.model_validate({**whose, **sent}), answered(story.person_id, referral_id))
    assert not await sees(monitoring, story.person_id, OTHER)


async def test_the_login_of_the_api_reads_no_fact_of_a_person(monitoring: ServiceUnderTest) -> None:
    async with monitoring.api.connection() as connection:
        for table in ("person", "spell", "journey", "referral"):
            assert not await connection.fetchval("SELECT has_table_privilege(current_user, $1, 'SELECT')", table)
