"""Rights follow the case: who may open, read, start and write, and what a referral gives and takes. Source: privacy section 1."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.programme import JourneyOpened, RelapseRecorded, StageSkipped, WithdrawalScored
from shared.events.referral import PersonErased, PersonRegistered, ReferralAddressed, ReferralAnswered, ReferralClosed
from tests.builders_programme import Clinic, a_clinic, an_answer
from tests.harness import NOW, ServiceUnderTest

HOLDER = ["holder"]
SCORE = {"level": "social", "moment": "baseline", "on": "2025-07-02", "score": 3}


async def handed_over(service: ServiceUnderTest) -> tuple[Clinic, Clinic, UUID]:
    """A clinic that completed stage 1, the centre that accepted and started stage 2, and their journey."""
    clinic, centre = await a_clinic(service), await a_clinic(service)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20", next_organisation_id=str(centre.organisation_id))
    await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200
    return clinic, centre, journey_id


def closed(answer: ReferralAnswered, end: str) -> ReferralClosed:
    told = answer.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    return ReferralClosed.model_validate({**told, "end": end, "reason": None})


def addressed(answer: ReferralAnswered, to: UUID) -> ReferralAddressed:
    told = answer.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    return ReferralAddressed.model_validate({**told, "to_organisation_id": to, "due_on": None})


# Opening. What bounds its dates, deaths and emergencies: `test_dates.py`, `test_deaths.py`.


async def test_who_declined_a_referral_opens_no_journey(programme: ServiceUnderTest) -> None:
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    person_id = await clinic.register()
    await programme.deliver(an_answer(person_id, other.organisation_id, 1, answer="declined"))
    answer = await other.try_to_open(person_id)
    assert answer.status_code == 404, answer.text
    assert (await clinic.try_to_open(person_id)).status_code == 201


async def test_an_unknown_person_is_not_yet_known(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    answer = await clinic.try_to_open(uuid4())
    assert (answer.status_code, answer.headers.get("retry-after"), answer.json()["type"][-13:]) == (409, "1", "not-yet-known")
    assert await programme.fetch("SELECT * FROM person") == []


async def test_who_accepted_a_referral_without_a_journey_opens_one(programme: ServiceUnderTest) -> None:
    """Opening gives nothing more than the acceptance: when that ends, nothing is left, and the registrar has the case."""
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    person_id = await clinic.register()
    accepted = an_answer(person_id, other.organisation_id, 1)
    await programme.deliver(accepted)
    opened = await other.try_to_open(person_id)
    assert opened.status_code == 201
    (told,) = [event for event in await programme.appended() if isinstance(event, JourneyOpened)]
    assert told.by_acceptance
    path = f"/journeys/{opened.json()['id']}"
    assert (await other.get(path)).json()["holder_organisation_id"] is None
    assert (await clinic.try_to_open(person_id)).status_code == 201
    await programme.deliver(closed(accepted, "cancelled"))
    assert (await other.try_to_open(person_id)).status_code == 404
    assert (await other.get(path)).status_code == 404
    assert (await other.get("/journeys")).json()["items"] == []


async def test_who_opened_by_an_acceptance_is_holder_once_it_started(programme: ServiceUnderTest) -> None:
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    person_id = await clinic.register()
    accepted = an_answer(person_id, other.organisation_id, 1)
    await programme.deliver(accepted)
    journey_id = UUID((await other.try_to_open(person_id)).json()["id"])
    assert (await other.start(journey_id, 1, "2025-06-03")).status_code == 200
    assert (await other.get(f"/journeys/{journey_id}")).json()["holder_organisation_id"] == str(other.organisation_id)
    await programme.deliver(closed(accepted, "completed"))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 200


async def test_a_used_acceptance_and_one_for_a_journey_open_nothing(programme: ServiceUnderTest) -> None:
    """A former holder would make itself holder again, and read what came later."""
    clinic, centre, journey_id = await handed_over(programme)
    third = await a_clinic(programme)
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    await third.accept(journey_id, 3)
    assert (await third.try_to_open(row["person_id"])).status_code == 404
    assert (await third.start(journey_id, 3, "2025-06-27")).status_code == 200
    assert (await centre.try_to_open(row["person_id"])).status_code == 404
    assert (await clinic.try_to_open(row["person_id"])).status_code == 404


async def test_the_registrar_opens_nothing_once_another_is_holder(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await handed_over(programme)
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    assert (await clinic.try_to_open(row["person_id"])).status_code == 404
    assert (await centre.try_to_open(row["person_id"])).status_code == 201


async def test_persons_heard_of_before_registrars_were_told(programme: ServiceUnderTest) -> None:
    """Their opener has a relation, and who accepted a referral; nobody else, as for any known person."""
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    await programme.deliver(PersonRegistered(person_id=person_id, region="UZ-TK", life_period="adult"))
    assert (await clinic.try_to_open(person_id)).status_code == 404
    accepted = an_answer(person_id, clinic.organisation_id, 1)
    await programme.deliver(accepted)
    assert (await clinic.try_to_open(person_id)).status_code == 201
    await programme.deliver(closed(accepted, "failed"))
    assert [(await one.try_to_open(person_id)).status_code for one in (clinic, other)] == [404, 404]


async def test_a_registration_heard_again_without_its_organisation_keeps_it(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    person_id = await clinic.register()
    await programme.deliver(PersonRegistered(person_id=person_id, region="UZ-SA", life_period="adult"))
    assert (await clinic.try_to_open(person_id)).status_code == 201


async def test_an_erased_person_is_absent_also_for_the_registrar(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    person_id = await clinic.register()
    await programme.deliver(PersonErased(person_id=person_id, on=NOW.date()))
    assert (await clinic.try_to_open(person_id)).status_code == 404


# What a referral gives and takes.


async def test_who_is_merely_named_sees_and_starts_nothing(programme: ServiceUnderTest) -> None:
    clinic, named = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20", next_organisation_id=str(named.organisation_id))
    assert (await named.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await named.get("/journeys")).json()["items"] == []
    assert (await named.start(journey_id, 2, "2025-06-25")).status_code == 404
    await named.accept(journey_id, 2)
    assert (await named.get(f"/journeys/{journey_id}")).status_code == 200
    assert (await named.start(journey_id, 2, "2025-06-25")).status_code == 200


@pytest.mark.parametrize("end", ["cancelled", "entered-in-error", "failed", "completed"])
@pytest.mark.parametrize("of_journey", [True, False])
async def test_a_closed_referral_leaves_nothing(programme: ServiceUnderTest, end: str, of_journey: bool) -> None:
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    accepted = an_answer(person_id, other.organisation_id, 1, journey_id if of_journey else None)
    await programme.deliver(accepted)
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 200
    await programme.deliver(closed(accepted, end))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404
    assert (await other.start(journey_id, 1, "2025-07-01")).status_code == 404


async def test_a_referral_addressed_elsewhere_leaves_nothing(programme: ServiceUnderTest) -> None:
    clinic, first, second = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    accepted = await first.accept(journey_id, 1)
    await programme.deliver(addressed(accepted, first.organisation_id))
    assert (await first.get(f"/journeys/{journey_id}")).status_code == 200
    await programme.deliver(addressed(accepted, second.organisation_id))
    assert [(await one.get(f"/journeys/{journey_id}")).status_code for one in (first, second)] == [404, 404]


async def test_who_started_keeps_its_stay_when_the_referral_ends(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    accepted = await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-06-03")
    await programme.deliver(closed(accepted, "cancelled"))
    assert (await centre.complete(journey_id, 1, "2025-06-20")).status_code == 200


async def test_an_acceptance_counts_for_its_stage(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await handed_over(programme)
    third = await a_clinic(programme)
    await third.accept(journey_id, 3)
    assert (await third.start(journey_id, 2, "2025-07-01")).json()["unmet"] == ["holder-or-accepted"]
    assert (await clinic.start(journey_id, 3, "2025-07-01")).json()["unmet"] == ["holder-or-accepted"]
    assert (await third.start(journey_id, 3, "2025-07-01")).status_code == 200
    assert (await centre.start(journey_id, 4, "2025-07-05")).json()["unmet"] == ["holder-or-accepted"], "its acceptance was used"


# Reading.


async def test_a_former_holder_sees_its_own_stays_and_whether_the_next_began(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await handed_over(programme)
    await centre.complete(journey_id, 2, "2025-07-20")
    view = (await clinic.get(f"/journeys/{journey_id}")).json()
    assert [(spell["stage"], spell["ended_on"]) for spell in view["spells"]] == [(1, "2025-06-20")]
    assert [stage["status"] for stage in view["stages"]] == ["completed", "started", "planned", "planned", "planned"]
    hidden = ("holder_organisation_id", "status", "standing", "open_concerns")
    assert [view[name] for name in hidden] == [None] * 4
    assert str(centre.organisation_id) not in str({**view, "spells": [{**one, "own": None} for one in view["spells"]]})
    (listed,) = (await clinic.get("/journeys")).json()["items"]
    assert (listed["holder_organisation_id"], listed["status"]) == (None, None)
    assert (await clinic.get("/journeys?status=open")).json()["items"] == []
    whole = (await centre.get(f"/journeys/{journey_id}")).json()
    assert [spell["stage"] for spell in whole["spells"]] == [1, 2] and whole["holder_organisation_id"] == str(centre.organisation_id)


async def test_a_former_holder_sees_no_later_relapse_score_or_remission(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await handed_over(programme)
    await clinic.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 1, "on": "2025-06-10"})
    await centre.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 2, "on": "2025-06-28"})
    await centre.send("POST", f"/journeys/{journey_id}/scores", {"scores": [SCORE]})
    await centre.send("POST", f"/journeys/{journey_id}/goals", {"level": "social", "goal": "restored-ties"})
    shown = (await clinic.get(f"/journeys/{journey_id}/relapses")).json()["items"]
    assert [one["stage"] for one in shown] == [1]
    assert (await clinic.get(f"/journeys/{journey_id}/remission")).json()["last_use_on"] == "2025-06-10"
    assert (await clinic.get(f"/journeys/{journey_id}/functioning")).json() == {"scores": [], "goals": []}
    assert (await clinic.get(f"/journeys/{journey_id}/adaptation-steps")).status_code == 404
    assert len((await centre.get(f"/journeys/{journey_id}/relapses")).json()["items"]) == 2


# Writing.

OF_THE_HOLDER: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/stages/3/skip", {"how": "not-needed", "reason": "not-eligible"}),
    ("PUT", "/stages/1/reopening", {"reason": "returned"}),
    ("POST", "/scores", {"scores": [SCORE]}),
    ("POST", "/goals", {"level": "social", "goal": "restored-ties"}),
    ("PUT", f"/goals/{uuid4()}/closing", {"result": "reached"}),
    ("POST", "/adaptation-steps", {"kind": "work-outside", "planned_on": "2025-07-03"}),
    ("PUT", f"/adaptation-steps/{uuid4()}/reaching", {"reached_on": "2025-07-03"}),
    ("PUT", "/withdrawal-scores", {"scores": [{"on": "2025-07-02", "score": 2}]}),
    ("POST", "/completion", {"completed_on": "2025-08-01"}),
]
OF_THE_STAY: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/observations", {"stage": 2, "results": [{"week": 1, "result": "positive"}]}),
    ("POST", "/relapses", {"stage": 2, "on": "2025-06-28"}),
    ("PUT", "/stages/2/completion", {"completed_on": "2025-07-12"}),
    ("PUT", "/stages/2/leaving", {"left_on": "2025-07-12", "how": "dropped-out"}),
]


async def test_a_former_holder_writes_nothing_of_the_holder(programme: ServiceUnderTest) -> None:
    clinic, _, journey_id = await handed_over(programme)
    told = len(await programme.appended())
    for method, path, body in OF_THE_HOLDER:
        answer = await clinic.send(method, f"/journeys/{journey_id}{path}", body)
        assert answer.status_code == 422 and answer.json()["unmet"][0].startswith("holder"), (path, answer.text)
    assert len(await programme.appended()) == told


async def test_nobody_else_writes_on_a_stay(programme: ServiceUnderTest) -> None:
    clinic, _, journey_id = await handed_over(programme)
    third = await a_clinic(programme)
    await third.accept(journey_id, 3)
    told = len(await programme.appended())
    for one in (clinic, third):
        for method, path, body in OF_THE_STAY:
            answer = await one.send(method, f"/journeys/{journey_id}{path}", body)
            assert (answer.status_code, answer.json().get("unmet")) == (422, ["spell-of-own-organisation"]), (path, answer.text)
    assert len(await programme.appended()) == told


async def test_a_stay_is_written_on_after_a_later_stage_began(programme: ServiceUnderTest) -> None:
    """A report of a former holder marks its own stay; what is reopened is the holder's to say."""
    clinic, _, journey_id = await handed_over(programme)
    path = f"/journeys/{journey_id}"
    weeks = {"stage": 1, "results": [{"week": 1, "result": "negative"}]}
    assert (await clinic.send("PUT", f"{path}/observations", weeks)).status_code == 200
    named = {"stage": 1, "on": "2025-06-10", "reopens": 2}
    assert (await clinic.send("POST", f"{path}/relapses", named)).json()["unmet"] == ["holder-names-what-reopens"]
    assert (await clinic.send("POST", f"{path}/relapses", named | {"reopens": None})).json()["status"] == "marked"
    (recorded,) = [event for event in await programme.appended() if isinstance(event, RelapseRecorded)]
    assert recorded.reopens is None


async def test_who_accepted_the_next_stage_skips_with_a_reason_and_scores_nothing(programme: ServiceUnderTest) -> None:
    _, _, journey_id = await handed_over(programme)
    third = await a_clinic(programme)
    await third.accept(journey_id, 4)
    scored = await third.send("POST", f"/journeys/{journey_id}/scores", {"scores": [SCORE]})
    assert scored.json()["unmet"] == HOLDER
    skip = f"/journeys/{journey_id}/stages/3/skip"
    assert (await third.send("PUT", skip, {"how": "not-needed"})).json()["unmet"] == ["reason"]
    assert (await third.send("PUT", skip, {"how": "not-needed", "reason": "not-eligible"})).status_code == 200
    assert [event.stage for event in await programme.appended() if isinstance(event, StageSkipped)] == [3]


async def test_a_score_of_another_organisation_is_not_replaced(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    levels, withdrawal = f"/journeys/{journey_id}/scores", f"/journeys/{journey_id}/withdrawal-scores"
    day = {"on": "2025-07-02", "score": 2}
    for number in (2, 3):
        assert (await clinic.send("PUT", withdrawal, {"scores": [day | {"score": number}]})).status_code == 200
        assert (await clinic.send("POST", levels, {"scores": [SCORE | {"score": number}]})).status_code == 200
    await centre.accept(journey_id, 1)
    await centre.start(journey_id, 1, "2025-07-05")
    for path, one in ((withdrawal, day), (levels, SCORE)):
        earlier, same = one | {"on": "2025-07-01", "score": 1}, one | {"score": 3}
        refused = await centre.send("PUT" if path == withdrawal else "POST", path, {"scores": [earlier, one | {"score": 1}]})
        assert refused.json()["unmet"] == ["not-entered-by-another"], refused.text
        assert (await centre.send("PUT" if path == withdrawal else "POST", path, {"scores": [earlier, same]})).status_code == 200
    kept = (await centre.get(f"/journeys/{journey_id}/functioning")).json()["scores"]
    assert sorted((one["on"], one["score"], one["entered_by"]) for one in kept) == [
        ("2025-07-01", 1, str(centre.organisation_id)),
        ("2025-07-02", 3, str(clinic.organisation_id)),
    ]
    told = [(event.on.day, event.score) for event in await programme.appended() if isinstance(event, WithdrawalScored)]
    assert told == [(2, 2), (2, 3), (1, 1)]
