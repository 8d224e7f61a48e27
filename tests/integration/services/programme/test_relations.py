"""Relations come from facts and end with them: unknown ids, organisations nobody confirmed, merged records, used acceptances, streams."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2

from shared.events.referral import (
    ConsentGiven,
    EmergencyAccessGiven,
    OrganisationChanged,
    PersonErased,
    PersonMerged,
    ReferralAnswered,
    ReferralClosed,
)
from tests.builders_programme import Clinic, a_clinic, an_answer, an_organisation
from tests.harness import NOW, ServiceUnderTest, a_caller

SKIP = {"how": "not-needed", "reason": "not-eligible"}


async def in_two(service: ServiceUnderTest) -> tuple[Clinic, Clinic, UUID, ReferralAnswered]:
    """A clinic that completed stage 1, the centre that accepted and started stage 2, their journey and the referral."""
    clinic, centre = await a_clinic(service), await a_clinic(service)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20")
    accepted = await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200
    return clinic, centre, journey_id, accepted


async def person_of(service: ServiceUnderTest, journey_id: UUID) -> UUID:
    (row,) = await service.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    person_id: UUID = row["person_id"]
    return person_id


# What this service may not have heard of.


async def heard_later(service: ServiceUnderTest) -> None:
    """The worker has handled everything of the topic up to five seconds after the command first came."""
    async with service.worker.transaction() as tx:
        await tx.connection.execute("INSERT INTO heard SELECT 'referral', first_at + interval '5 seconds' FROM early_command")


def is_unknown(answer: httpx2.Response, *unmet: str) -> bool:
    return (answer.status_code, answer.json()["type"][-9:], answer.json().get("unmet")) == (422, "not-known", list(unmet))


async def test_a_mistyped_next_organisation_ends_in_a_refusal_that_names_the_field(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    named = {"next_organisation_id": str(uuid4())}
    early = await clinic.complete(journey_id, 1, "2025-06-20", **named)
    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    await heard_later(programme)
    assert is_unknown(await clinic.complete(journey_id, 1, "2025-06-20", **named), "next_organisation_id")
    assert (await clinic.complete(journey_id, 1, "2025-06-20")).status_code == 200


async def test_a_random_person_ends_in_a_refusal_that_names_the_field(programme: ServiceUnderTest) -> None:
    clinic, person_id = await a_clinic(programme), uuid4()
    assert (await clinic.try_to_open(person_id)).status_code == 409
    await heard_later(programme)
    assert is_unknown(await clinic.try_to_open(person_id), "person_id")
    assert await programme.fetch("SELECT * FROM person") == [] == await programme.appended()


async def test_an_organisation_nobody_heard_of_starts_nothing(programme: ServiceUnderTest) -> None:
    unheard = Clinic(programme)
    answer = await unheard.try_to_open(await unheard.register())
    assert (answer.status_code, answer.json()["type"][-13:]) == (409, "not-yet-known")


async def test_a_command_never_waits_for_a_registration_that_is_being_heard(programme: ServiceUnderTest) -> None:
    """A long batch of events holds the person's row until it commits; the command asks again instead."""
    clinic, person_id = await a_clinic(programme), uuid4()
    async with programme.worker.transaction() as tx:
        await tx.connection.execute("INSERT INTO person (person_id, organisation_id) VALUES ($1, $2)", person_id, clinic.organisation_id)
        assert (await clinic.try_to_open(person_id)).status_code == 409
    assert (await clinic.try_to_open(person_id)).status_code == 201


# Organisations that the registry has not confirmed.


def unconfirmed(clinic: Clinic, confirmed: bool = False) -> OrganisationChanged:
    return an_organisation(clinic.organisation_id).model_copy(update={"confirmed": confirmed})


async def test_an_unconfirmed_organisation_works_with_its_own_persons_and_is_not_named(programme: ServiceUnderTest) -> None:
    clinic, own = await a_clinic(programme), await a_clinic(programme)
    await programme.deliver(unconfirmed(own))
    journey_id = await own.open()
    assert (await own.start(journey_id, 1, "2025-06-03")).status_code == 200
    assert (await own.complete(journey_id, 1, "2025-06-20")).status_code == 200
    other = await clinic.open()
    await clinic.start(other, 1, "2025-06-03")
    named = {"next_organisation_id": str(own.organisation_id)}
    early = await clinic.complete(other, 1, "2025-06-20", **named)
    assert early.json()["type"].endswith("not-yet-known"), "its confirmation may be on its way"
    await programme.fetch("INSERT INTO heard VALUES ('referral', $1) RETURNING topic", programme.now + timedelta(days=1))
    refused = await clinic.complete(other, 1, "2025-06-20", **named)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["next-organisation-confirmed"])
    left = await clinic.leave(other, 1, "2025-06-20", how="transferred", **named)
    assert (left.status_code, left.json()["unmet"]) == (422, ["next-organisation-confirmed"])


async def test_what_an_unconfirmed_organisation_accepted_is_nothing_until_it_is_confirmed(programme: ServiceUnderTest) -> None:
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await other.accept(journey_id, 1)
    await programme.deliver(unconfirmed(other))
    path = f"/journeys/{journey_id}"
    assert [(await other.get(path)).status_code, (await other.start(journey_id, 1, "2025-07-01")).status_code] == [404, 404]
    assert (await other.get("/journeys")).json()["items"] == []
    assert (await other.try_to_open(await person_of(programme, journey_id))).status_code == 404
    await programme.deliver(unconfirmed(other, confirmed=True))
    assert (await other.get(path)).status_code == 200


# Merged records.


async def test_of_a_merged_record_only_stays_keep_their_rights(programme: ServiceUnderTest) -> None:
    clinic, other, third = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    person_id = await person_of(programme, journey_id)
    await other.accept(journey_id, 2)
    await programme.deliver(PersonMerged(person_id=person_id, into_id=uuid4()))
    assert (await clinic.try_to_open(person_id)).status_code == 404
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404
    await third.accept(journey_id, 2)
    await programme.deliver(an_answer(person_id, third.organisation_id, 2))
    assert (await third.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await clinic.complete(journey_id, 1, "2025-06-20")).status_code == 200


async def test_a_walk_in_is_registered_where_the_person_walked_in(programme: ServiceUnderTest) -> None:
    """Another record of the person, elsewhere and open, hinders nobody; its pseudonym opens nothing."""
    clinic, walked_into = await a_clinic(programme), await a_clinic(programme)
    known = await person_of(programme, await clinic.open())
    assert (await walked_into.try_to_open(known)).status_code == 404
    assert (await walked_into.start(await walked_into.open(), 1, "2025-06-10")).status_code == 200


# Acceptances.


async def test_an_acceptance_is_used_up_also_before_the_end_of_its_referral_is_heard(programme: ServiceUnderTest) -> None:
    _, centre, journey_id, _ = await in_two(programme)
    third = await a_clinic(programme)
    await centre.complete(journey_id, 2, "2025-07-20")
    await third.accept(journey_id, 3)
    await third.start(journey_id, 3, "2025-07-25")
    view = (await centre.get(f"/journeys/{journey_id}")).json()
    assert (view["status"], [stage["status"] for stage in view["stages"][1:4]]) == (None, ["completed", "started", "planned"])
    reopen = await centre.send("PUT", f"/journeys/{journey_id}/stages/2/reopening", {"reason": "returned"})
    assert reopen.json()["unmet"] == ["holder-or-accepted"]
    assert (await centre.start(journey_id, 4, "2025-07-30")).json()["unmet"] == ["holder-or-accepted"]


async def test_a_referral_that_another_accepted_leaves_nothing_to_the_first(programme: ServiceUnderTest) -> None:
    clinic, first, second = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    accepted = await first.accept(journey_id, 1)
    await programme.deliver(accepted.model_copy(update={"organisation_id": second.organisation_id}))
    assert [(await one.get(f"/journeys/{journey_id}")).status_code for one in (first, second)] == [404, 200]


async def test_who_accepted_decides_about_no_stage_after_its_own(programme: ServiceUnderTest) -> None:
    _, _, journey_id, _ = await in_two(programme)
    third = await a_clinic(programme)
    await third.accept(journey_id, 3)
    refused = await third.send("PUT", f"/journeys/{journey_id}/stages/4/skip", SKIP)
    assert refused.json()["unmet"] == ["holder-or-accepted"]
    assert (await third.send("PUT", f"/journeys/{journey_id}/stages/3/skip", SKIP)).status_code == 200


# What a former holder sees.


async def test_a_former_holder_sees_nothing_after_the_next_start(programme: ServiceUnderTest) -> None:
    """Neither a later stage, nor that its own was reopened, nor how the next one ended."""
    clinic, centre, journey_id, _ = await in_two(programme)
    await centre.send("PUT", f"/journeys/{journey_id}/stages/1/reopening", {"reason": "relapsed"})
    await centre.send("PUT", f"/journeys/{journey_id}/stages/3/skip", SKIP)
    await centre.complete(journey_id, 2, "2025-07-20")
    await centre.start(journey_id, 4, "2025-07-25")
    view = (await clinic.get(f"/journeys/{journey_id}")).json()
    assert [(stage["status"], stage["reason"]) for stage in view["stages"]] == [
        ("completed", None),
        ("started", None),
        *[("planned", None)] * 3,
    ]
    assert [spell["stage"] for spell in view["spells"]] == [1]


async def test_how_another_stay_ended_later_is_not_seen(programme: ServiceUnderTest) -> None:
    """Stage 1 was still open elsewhere when the centre's stage 2 was followed by stage 3."""
    clinic, centre, third = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    for one, stage, on in ((centre, 2, "2025-06-05"), (third, 3, "2025-06-10")):
        await one.accept(journey_id, stage)
        assert (await one.start(journey_id, stage, on)).status_code == 200
    assert (await clinic.complete(journey_id, 1, "2025-06-20")).status_code == 200
    view = (await centre.get(f"/journeys/{journey_id}")).json()
    assert [(spell["stage"], spell["ended_on"], spell["how"]) for spell in view["spells"]] == [(1, None, None), (2, None, None)]
    assert [stage["status"] for stage in view["stages"][:4]] == ["started", "started", "started", "planned"]


async def test_a_list_by_status_does_not_tell_a_former_holder_how_its_journeys_stand(programme: ServiceUnderTest) -> None:
    """Nor does the cursor of an empty page tell that there are more of them."""
    clinic, centre, _, _ = await in_two(programme)
    another = await clinic.open()
    await centre.accept(another, 1)
    assert (await centre.start(another, 1, "2025-06-03")).status_code == 200
    answer = (await clinic.get("/journeys?status=open&limit=1")).json()
    assert (answer["items"], answer["next"]) == ([], None)
    answer = (await clinic.get("/journeys?limit=1")).json()
    assert len(answer["items"]) == 1 and answer["next"]
    assert len((await centre.get("/journeys?status=open")).json()["items"]) == 2


# Summaries.


async def test_emergency_access_shows_the_summary_to_the_case_alone_and_ends(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id, _ = await in_two(programme)
    stranger, person_id, path = await a_clinic(programme), await person_of(programme, journey_id), f"/journeys/{journey_id}/summary"
    assert (await centre.get(path)).status_code == 404
    for one in (clinic, centre, stranger):
        until = NOW + timedelta(hours=24)
        await programme.deliver(EmergencyAccessGiven(person_id=person_id, organisation_id=one.organisation_id, until=until))
    assert [(await one.get(path)).status_code for one in (clinic, centre, stranger)] == [404, 200, 404]
    listed = await programme.call("GET", f"/persons/{person_id}/disclosures", a_caller("person", sub=str(person_id)))
    assert [(one["consent_id"], one["to_organisation_id"]) for one in listed.json()["items"]] == [(None, str(centre.organisation_id))]
    programme.now = NOW + timedelta(hours=24)
    assert (await centre.get(path)).status_code == 404


async def test_a_former_holder_reads_no_summary_under_an_old_consent(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id, _ = await in_two(programme)
    person_id = await person_of(programme, journey_id)
    for one in (clinic, centre):
        told = {"person_id": person_id, "consent_id": uuid4(), "scope": "full-record", "to": one.organisation_id, "until": None}
        await programme.deliver(ConsentGiven.model_validate(told))
    assert [(await one.get(f"/journeys/{journey_id}/summary")).status_code for one in (clinic, centre)] == [404, 200]


# Streams and kept answers.


async def seen(service: ServiceUnderTest, clinic: Clinic, stream_id: UUID) -> str:
    return str((await clinic.get(f"/seen/referral/{stream_id}/1")).json()["state"])


async def test_whose_events_are_counted_for_whom(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id, _ = await in_two(programme)
    third, stranger, person_id = await a_clinic(programme), await a_clinic(programme), await person_of(programme, journey_id)
    accepted = await third.accept(journey_id, 3)
    assert [await seen(programme, one, person_id) for one in (clinic, centre, third, stranger)] == ["has-it"] * 3 + ["waiting"]
    told = accepted.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    await programme.deliver(ReferralClosed.model_validate({**told, "end": "entered-in-error", "reason": None}))
    assert await seen(programme, third, person_id) == "waiting"
    assert [await seen(programme, clinic, one.organisation_id) for one in (clinic, centre)] == ["has-it", "waiting"]
    await programme.deliver(PersonErased(person_id=person_id, on=datetime.now(UTC).date()))
    assert [await seen(programme, one, person_id) for one in (clinic, centre)] == ["waiting"] * 2


async def test_a_kept_answer_ends_with_the_right(programme: ServiceUnderTest) -> None:
    _, _, journey_id, _ = await in_two(programme)
    third = await a_clinic(programme)
    accepted = await third.accept(journey_id, 4)
    skip = f"/journeys/{journey_id}/stages/3/skip"
    assert [(await third.send("PUT", skip, SKIP, key="once-only")).status_code for _ in range(2)] == [200, 200]
    told = accepted.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    await programme.deliver(ReferralClosed.model_validate({**told, "end": "cancelled", "reason": None}))
    assert (await third.send("PUT", skip, SKIP, key="once-only")).status_code == 404


# One holder on a pathway.


async def refused_to(clinic: Clinic, journey_id: UUID) -> list[int]:
    """What the answers to a skip, a start of what was skipped and a withdrawal score are."""
    scores = {"scores": [{"on": "2025-07-02", "score": 1}]}
    answers = [
        await clinic.send("PUT", f"/journeys/{journey_id}/stages/2/skip", SKIP),
        await clinic.start(journey_id, 2, "2025-07-02"),
        await clinic.send("PUT", f"/journeys/{journey_id}/withdrawal-scores", scores),
    ]
    return [answer.status_code for answer in answers]


async def gone_on(service: ServiceUnderTest, on: str, pathway: str = "addiction-rehabilitation") -> tuple[Clinic, Clinic, UUID, UUID]:
    """A clinic that completed stage 1; a centre that accepted the person, opened a journey by that and started in it on a day."""
    clinic, centre = await a_clinic(service), await a_clinic(service)
    first = await clinic.open()
    await clinic.start(first, 1, "2025-06-03")
    await clinic.complete(first, 1, "2025-06-20")
    person_id = await person_of(service, first)
    await service.deliver(an_answer(person_id, centre.organisation_id, 1, pathway=pathway))
    opened = await centre.try_to_open(person_id, opened_on="2025-06-21", pathway=pathway)
    assert opened.status_code == 201, opened.text
    second = UUID(opened.json()["id"])
    begun = await centre.start(second, 1, on, date_reason="records-from-before")
    assert begun.status_code == 200, begun.text
    return clinic, centre, first, second


async def test_who_goes_on_in_another_journey_leaves_the_holder_of_the_one_before(programme: ServiceUnderTest) -> None:
    clinic, centre, first, second = await gone_on(programme, "2025-06-25")
    assert await refused_to(clinic, first) == [422, 422, 422]
    completion = await clinic.send("POST", f"/journeys/{first}/completion", {"completed_on": "2025-07-02"})
    assert completion.json()["type"].endswith("journey-not-completable"), "it may, once nothing is missing: nobody else can"
    assert (await clinic.get("/journeys?status=open")).json()["items"] == []
    assert [one["journey_id"] for one in (await centre.get("/journeys?status=open")).json()["items"]] == [str(second)]
    relapse = {"stage": 1, "reopens": None, "on": "2025-06-20"}
    assert (await clinic.send("POST", f"/journeys/{first}/relapses", relapse)).json().get("reopens") is None
    assert (await clinic.try_to_open(await person_of(programme, first), opened_on="2025-07-01")).status_code == 404


async def test_a_stay_in_an_earlier_stage_keeps_the_journey(programme: ServiceUnderTest) -> None:
    """Stages may overlap: the one started last ended, the one before goes on."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    first = await clinic.open()
    await clinic.start(first, 1, "2025-06-03")
    await clinic.start(first, 2, "2025-06-10")
    await clinic.leave(first, 2, "2025-06-20")
    person_id = await person_of(programme, first)
    await programme.deliver(an_answer(person_id, centre.organisation_id, 1))
    second = UUID((await centre.try_to_open(person_id, opened_on="2025-06-21")).json()["id"])
    assert (await centre.start(second, 1, "2025-06-25")).status_code == 200
    assert (await clinic.send("PUT", f"/journeys/{first}/stages/3/skip", SKIP)).status_code == 200


async def test_an_earlier_start_elsewhere_takes_nobody_over(programme: ServiceUnderTest) -> None:
    clinic, _, first, _ = await gone_on(programme, "2025-06-02")
    assert await refused_to(clinic, first) == [200, 422, 200]


async def test_an_acceptance_starts_one_stay_on_whichever_journey(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    first = await clinic.open()
    person_id = await person_of(programme, first)
    await programme.deliver(an_answer(person_id, centre.organisation_id, 1))
    second = UUID((await centre.try_to_open(person_id)).json()["id"])
    assert (await centre.start(first, 1, "2025-06-03")).status_code == 200
    assert (await centre.start(second, 1, "2025-06-04")).status_code == 404


async def test_an_acceptance_by_mistake_gives_no_right_and_a_cancellation_by_mistake_takes_none(programme: ServiceUnderTest) -> None:
    """An acceptance that stands again is told again. Source: issue of corrections, section 1."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    for end, told_again in (("entered-in-error", False), ("cancelled", True)):
        accepted = await centre.accept(journey_id, 2)
        assert (await centre.get(f"/journeys/{journey_id}")).status_code == 200
        about = accepted.model_dump(include={"person_id", "referral_id", "journey_id", "pathway", "stage"})
        await programme.deliver(ReferralClosed.model_validate({**about, "end": end, "reason": "mistaken-or-duplicate"}))
        assert (await centre.get(f"/journeys/{journey_id}")).status_code == 404
        if told_again:
            await programme.deliver(accepted)
            assert (await centre.get(f"/journeys/{journey_id}")).status_code == 200
