"""Scores, goals, withdrawal, the completion of a journey and its summary, on a real database."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from shared.events.programme import JourneyCompleted, LevelScored, WithdrawalScored
from shared.events.referral import ConsentGiven, ConsentRevoked, ReferralAnswered, ReferralClosed
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest, a_caller

LEVELS = ("biological", "psychological", "social", "spiritual")


async def through_all_stages(clinic: Clinic, person_id: UUID) -> UUID:
    journey_id = await clinic.open(person_id)
    for stage in range(1, 6):
        assert (await clinic.start(journey_id, stage, f"2025-07-{stage:02}")).status_code == 200
        assert (await clinic.complete(journey_id, stage, f"2025-07-{stage + 1:02}", outcome="goals-reached")).status_code == 200
    return journey_id


def closing_scores(*levels: str) -> dict[str, Any]:
    return {"scores": [{"level": level, "moment": "closing", "on": "2025-07-10", "score": 7} for level in levels]}


async def test_a_journey_completes_when_every_level_is_closed(programme: ServiceUnderTest) -> None:
    """Source: mission rows 002-02, 002-31, 000-59."""
    clinic, person_id = await a_clinic(programme), uuid4()
    journey_id = await through_all_stages(clinic, person_id)
    path, body = f"/journeys/{journey_id}/completion", {"completed_on": "2025-07-20"}
    refused = await clinic.send("POST", path, body)
    assert refused.json()["unmet"] == [*(f"{level}-closing-score" for level in LEVELS), "adaptation-goal"]
    await clinic.send("POST", f"/journeys/{journey_id}/scores", closing_scores(*LEVELS[:3]))
    refusal = {"scores": [{"level": "spiritual", "moment": "closing", "refused_on": "2025-07-11"}]}
    assert (await clinic.send("POST", f"/journeys/{journey_id}/scores", refusal)).status_code == 200
    goal = await clinic.send("POST", f"/journeys/{journey_id}/goals", {"level": "social", "goal": "restored-ties", "set_on": "2025-07-05"})
    assert (await clinic.send("POST", path, body)).json()["unmet"] == ["social-goals-closed"]
    closing = f"/journeys/{journey_id}/goals/{goal.json()['id']}/closing"
    assert (await clinic.send("PUT", closing, {"result": "partly"})).json()["unmet"] == ["reason"]
    assert (await clinic.send("PUT", closing, {"result": "partly", "reason": "moved"})).json()["status"] == "partly"
    assert (await clinic.send("POST", path, body)).json()["status"] == "completed"
    events = await programme.appended()
    assert [event.completed_on for event in events if isinstance(event, JourneyCompleted)] == [date(2025, 7, 20)]
    assert [event.score for event in events if isinstance(event, LevelScored)] == [7, 7, 7, None]
    assert (await clinic.get("/journeys?status=completed")).json()["items"][0]["standing"] == "completed"


async def test_goals_of_the_last_stage_are_set_and_closed(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-07 (environment, ties with relatives and loved ones, interaction without use)."""
    clinic = await a_clinic(programme)
    journey_id = await through_all_stages(clinic, uuid4())
    goals = ("prosperous-environment", "restored-ties", "new-interaction")
    for goal in goals:
        body = {"level": "social", "goal": goal, "stage": 5, "set_on": "2025-07-05"}
        answer = await clinic.send("POST", f"/journeys/{journey_id}/goals", body)
        assert (answer.status_code, answer.json()["status"]) == (201, "open")
    closing = f"/journeys/{journey_id}/goals/{answer.json()['id']}/closing"
    assert (await clinic.send("PUT", closing, {"result": "reached"})).json()["status"] == "reached"
    kept = (await clinic.get(f"/journeys/{journey_id}/functioning")).json()["goals"]
    assert [(one["goal"], one["stage"], one["result"]) for one in kept] == [*((g, 5, None) for g in goals[:2]), (goals[2], 5, "reached")]


async def test_staff_cannot_score_the_spiritual_level(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-35."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    score = {"level": "spiritual", "moment": "baseline", "on": "2025-07-10", "score": 7, "by": "staff"}
    answer = await clinic.send("POST", f"/journeys/{journey_id}/scores", {"scores": [score]})
    assert answer.json()["unmet"] == ["spiritual-self-assessed"]
    bad = {"scores": [{"level": "social", "moment": "baseline", "score": 7}]}
    assert (await clinic.send("POST", f"/journeys/{journey_id}/scores", bad)).status_code == 422


async def test_withdrawal_of_many_days_is_told_once_each(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-38."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-07-01")
    scores = [{"on": f"2025-07-{day:02}", "score": day % 4} for day in range(1, 31)]
    for _ in range(2):
        answer = await clinic.send("PUT", f"/journeys/{journey_id}/withdrawal-scores", {"scores": scores})
        assert answer.status_code == 200
    told = [event for event in await programme.appended() if isinstance(event, WithdrawalScored)]
    assert [event.on.day for event in told] == list(range(1, 31)) and {event.stage for event in told} == {1}


def a_consent(person_id: UUID, to: UUID, until: date | None = None, scope: str = "pathway-summary") -> ConsentGiven:
    return ConsentGiven(person_id=person_id, consent_id=uuid4(), scope=scope, to=to, until=until)


async def test_a_summary_is_shown_under_a_valid_consent_alone(programme: ServiceUnderTest) -> None:
    """Source: mission rows 002-03, 002-38; privacy section 4."""
    clinic, ngo, person_id = await a_clinic(programme), await a_clinic(programme, kind="ngo"), uuid4()
    journey_id = await clinic.open(person_id)
    path = f"/journeys/{journey_id}/summary"
    await clinic.start(journey_id, 1, "2025-07-01")
    await clinic.send("PUT", f"/journeys/{journey_id}/withdrawal-scores", {"scores": [{"on": "2025-07-02", "score": 2}]})
    await clinic.complete(journey_id, 1, "2025-07-12", outcome="goals-reached", next_organisation_id=str(ngo.organisation_id))
    await ngo.accept(journey_id, 2)
    absent = await ngo.get(f"/journeys/{uuid4()}/summary")
    nothing_yet = await ngo.get(path)
    assert (nothing_yet.status_code, nothing_yet.text) == (404, absent.text)
    await programme.deliver(
        a_consent(person_id, ngo.organisation_id, until=date(2026, 3, 1)), a_consent(person_id, ngo.organisation_id, scope="referral")
    )
    assert (await ngo.get(path)).status_code == 404, "expired, or for something else"
    consent = a_consent(person_id, ngo.organisation_id, until=date(2026, 3, 2))
    await programme.deliver(consent)
    shown = (await ngo.get(path)).json()
    assert (shown["notice"], shown["stages"][0]["outcome"]) == ("redisclosure-only-with-consent", "goals-reached")
    assert shown["latest_withdrawal"] == {"on": "2025-07-02", "score": 2}
    assert (await clinic.get(path)).status_code == 404, "the consent names another organisation"
    await programme.deliver(ConsentRevoked(person_id=person_id, consent_id=consent.consent_id))
    assert (await ngo.get(path)).text == absent.text


async def test_a_consent_shows_nothing_once_what_it_rests_on_is_gone(programme: ServiceUnderTest) -> None:
    """Who told it has no relation any more, or the referral by which it was asked for has ended. Source: issue of rights, section 2."""
    clinic, middle, last = [await a_clinic(programme) for _ in range(3)]
    person_id = uuid4()
    journey_id = await clinic.open(person_id)
    path = f"/journeys/{journey_id}/summary"
    first, accepted = await middle.accept(journey_id, 2), await last.accept(journey_id, 3)
    given = a_consent(person_id, middle.organisation_id).model_copy(update={"discloser_organisation_id": clinic.organisation_id})
    resting = {"discloser_organisation_id": middle.organisation_id, "rests_on": given.consent_id, "referral_id": accepted.referral_id}
    await programme.deliver(given, a_consent(person_id, last.organisation_id).model_copy(update=resting))
    assert [(await one.get(path)).status_code for one in (middle, last)] == [200, 200]
    await programme.deliver(cancelled(first))
    assert [(await one.get(path)).status_code for one in (middle, last)] == [404, 404]
    asked = {"discloser_organisation_id": clinic.organisation_id, "referral_id": accepted.referral_id}
    await programme.deliver(a_consent(person_id, last.organisation_id).model_copy(update=asked))
    assert (await last.get(path)).status_code == 200
    await last.accept(journey_id, 3)
    await programme.deliver(cancelled(accepted))
    assert (await last.get(path)).status_code == 404, "it accepted another referral since"


def cancelled(accepted: ReferralAnswered) -> ReferralClosed:
    ids = accepted.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    return ReferralClosed(**ids, end="cancelled", reason="moved")


async def test_each_showing_is_a_disclosure_that_the_person_can_read(programme: ServiceUnderTest) -> None:
    """Source: privacy sections 4 and 5."""
    clinic, person_id = await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    consent = a_consent(person_id, clinic.organisation_id)
    await programme.deliver(consent)
    for _ in range(2):
        assert (await clinic.get(f"/journeys/{journey_id}/summary")).status_code == 200
    person = a_caller("person", sub=str(person_id))
    listed = (await programme.call("GET", f"/persons/{person_id}/disclosures", person)).json()["items"]
    assert [row["consent_id"] for row in listed] == [str(consent.consent_id)] * 2
    assert (await programme.call("GET", f"/persons/{uuid4()}/disclosures", person)).status_code == 404
    audited = await programme.fetch("SELECT principal FROM audit WHERE action = 'read-summary' AND subject_id = $1", person_id)
    assert len(audited) == 2
