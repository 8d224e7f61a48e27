"""One case in each service, with an organisation in every relation to it, made by the services' own commands and by what they hear."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.events.referral import ConsentGiven, ReferralAddressed, ReferralClosed
from tests import builders_family as circle
from tests import builders_referral as case
from tests.builders_programme import Clinic, a_clinic, an_answer
from tests.harness import NOW, ServiceUnderTest, a_caller
from tests.integration.rights.trying import World

TODAY = NOW.date()


def ago(days: int) -> str:
    return str(TODAY - timedelta(days=days))


async def programme(service: ServiceUnderTest) -> World:
    """Registered by one organisation, opened and had in stage 1 by another, held in stage 2 by a third; the acceptor accepted stage 3.

    All of them have a consent to read the summary, which alone gives no relation.
    """
    names = ("registrar", "former", "holder", "acceptor", "declined", "cancelled", "redirected", "named", "stranger")
    clinics = {name: await a_clinic(service) for name in names}
    former, holder = clinics["former"], clinics["holder"]
    person_id = await clinics["registrar"].register()
    taken = an_answer(person_id, former.organisation_id, 1)
    await service.deliver(taken)
    opened = await former.try_to_open(person_id, opened_on=ago(100))
    await _all_done(opened)
    journey_id = UUID(opened.json()["id"])
    await _all_done(
        await former.start(journey_id, 1, ago(90)),
        await former.complete(journey_id, 1, ago(70), next_organisation_id=str(clinics["named"].organisation_id)),
    )
    await holder.accept(journey_id, 2)
    await _all_done(await holder.start(journey_id, 2, ago(60)))
    goal = await holder.send("POST", f"/journeys/{journey_id}/goals", {"level": "social", "goal": "restored-ties", "set_on": ago(50)})
    planned = {"kind": "work-outside", "planned_on": ago(50)}
    step = await holder.send("POST", f"/journeys/{journey_id}/adaptation-steps", planned)
    relapse = await holder.send("POST", f"/journeys/{journey_id}/relapses", {"stage": 2, "on": ago(21)})
    skipped = await holder.send("PUT", f"/journeys/{journey_id}/stages/5/skip", {"how": "not-needed", "reason": "not-eligible"})
    await _all_done(goal, step, relapse, skipped, *[await holder.send(*one) for one in _recorded(journey_id)])
    await _referrals(service, clinics, person_id, journey_id)
    whose = taken.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
    await service.deliver(
        ReferralClosed(**whose, end="completed", reason=None),
        *(
            ConsentGiven(person_id=person_id, consent_id=uuid4(), scope="pathway-summary", to=clinic.organisation_id, until=None)
            for clinic in clinics.values()
        ),
    )
    ids = {"journey_id": str(journey_id), "person_id": str(person_id), "stage": "2"}
    ids |= {"goal_id": goal.json()["id"], "step_id": step.json()["id"], "relapse_id": relapse.json()["id"]}
    closed_ids = await _closed(holder, journey_id)
    people = {"person": {"person": str(person_id), "another-person": str(uuid4())}}
    at = {name: clinic.organisation_id for name, clinic in clinics.items()}
    return World(service, at, ids, _programme_bodies(person_id), people, paths=_programme_paths() | closed_ids)


def _recorded(journey_id: UUID) -> list[tuple[str, str, Any]]:
    """What the holder recorded beside."""
    journey = f"/journeys/{journey_id}"
    return [
        ("POST", f"{journey}/scores", {"scores": [{**A_SCORE, "score": 3}]}),
        ("PUT", f"{journey}/withdrawal-scores", {"scores": [{"on": ago(50), "score": 1}]}),
        ("PUT", f"{journey}/observations", {"stage": 2, "results": [{"week": 1, "result": "negative"}]}),
    ]


async def _closed(holder: Clinic, journey_id: UUID) -> dict[str, dict[str, str]]:
    """The routes that are tried on a goal that is closed or a step that is reached, and that goal or step."""
    goals = f"/journeys/{journey_id}/goals"
    goal = await holder.send("POST", goals, {"level": "biological", "goal": "health", "set_on": ago(50)})
    await _all_done(goal, await holder.send("PUT", f"{goals}/{goal.json()['id']}/closing", {"result": "reached"}))
    closing = "POST /journeys/{journey_id}/goals/{goal_id}/closing"
    steps = f"/journeys/{journey_id}/adaptation-steps"
    step = await holder.send("POST", steps, {"kind": "work-outside", "planned_on": ago(50)})
    await _all_done(step, await holder.send("PUT", f"{steps}/{step.json()['id']}/reaching", {"reached_on": ago(45)}))
    reaching = "POST /journeys/{journey_id}/adaptation-steps/{step_id}/reaching"
    tried = ((closing, {"goal_id": goal.json()["id"]}), (reaching, {"step_id": step.json()["id"]}))
    return {f"{what}/{how}": which for what, which in tried for how in ("entered-in-error", "amendment")}


async def _all_done(*answers: Any) -> None:
    for answer in answers:
        assert answer.is_success, answer.text


async def _referrals(service: ServiceUnderTest, clinics: dict[str, Clinic], person_id: UUID, journey_id: UUID) -> None:
    """What referral told of stage 3: accepted, declined, accepted and cancelled, accepted and then addressed to another."""
    await clinics["acceptor"].accept(journey_id, 3)
    await clinics["declined"].accept(journey_id, 3, "declined")
    for name in ("cancelled", "redirected"):
        told = an_answer(person_id, clinics[name].organisation_id, 3, journey_id)
        whose = told.model_dump(include={"person_id", "referral_id", "journey_id", "stage"})
        ended: ReferralClosed | ReferralAddressed = ReferralClosed(**whose, end="cancelled", reason="other")
        if name == "redirected":
            ended = ReferralAddressed(**whose, to_organisation_id=clinics["named"].organisation_id, due_on=None)
        await service.deliver(told, ended)


def _programme_paths() -> dict[str, dict[str, str]]:
    """Which stage a route is tried on, where it is not the holder's own."""
    stay = "/journeys/{journey_id}/stages/{stage}"
    ended = [f"PUT {stay}/reopening", f"POST {stay}/end/entered-in-error", f"POST {stay}/end/amendment"]
    tried = {"1": [*ended, f"POST {stay}/reopening/entered-in-error"], "3": [f"PUT {stay}/start", f"PUT {stay}/skip"]}
    tried["5"] = [f"POST {stay}/skip/entered-in-error", f"POST {stay}/skip/amendment"]
    return {route: {"stage": stage} for stage, routes in tried.items() for route in routes}


MISTYPED = {"correction_reason": "mistyped"}
A_SCORE = {"level": "biological", "moment": "repeat", "on": ago(50)}
A_START = {"setting": "outpatient", "programme": "social", "responsible_doctor": "staff-17"}


def _programme_bodies(person_id: UUID) -> dict[str, Any]:
    journey = "/journeys/{journey_id}"
    stay = f"{journey}/stages/{{stage}}"
    return {
        "POST /journeys": {"person_id": str(person_id), "pathway": "addiction-rehabilitation", "opened_on": ago(5)},
        f"PUT {stay}/start": {**A_START, "started_on": ago(3)},
        f"PUT {stay}/completion": {"completed_on": ago(2)},
        f"PUT {stay}/leaving": {"left_on": ago(2), "how": "dropped-out", "reason": "moved"},
        f"PUT {stay}/reopening": {"reason": "returned-to-treatment"},
        f"PUT {stay}/skip": {"how": "not-needed", "reason": "not-eligible"},
        **{f"POST {stay}/{what}/entered-in-error": {**MISTYPED, "spell": 1} for what in ("start", "end")},
        **{f"POST {stay}/{what}/entered-in-error": MISTYPED for what in ("skip", "reopening")},
        f"POST {stay}/skip/amendment": {"how": "not-needed", "why": "too-young", **MISTYPED},
        f"POST {stay}/start/amendment": {**A_START, "started_on": ago(59), **MISTYPED},
        f"POST {stay}/end/amendment": {"ended_on": ago(71), "how": "completed", **MISTYPED},
        f"POST {journey}/entered-in-error": MISTYPED,
        f"POST {journey}/amendment": {"opened_on": ago(101), **MISTYPED},
        f"POST {journey}/completion/entered-in-error": {**MISTYPED, "completed_on": ago(1)},
        f"POST {journey}/completion/amendment": {"completed_on": ago(1), **MISTYPED},
        f"POST {journey}/completion": {"completed_on": ago(1)},
        f"POST {journey}/scores": {"scores": [{"level": "social", "moment": "baseline", "on": ago(40), "score": 3}]},
        f"POST {journey}/goals": {"level": "social", "goal": "restored-ties", "set_on": ago(40)},
        f"PUT {journey}/goals/{{goal_id}}/closing": {"result": "reached"},
        f"PUT {journey}/withdrawal-scores": {"scores": [{"on": ago(55), "score": 1}]},
        f"POST {journey}/adaptation-steps": {"kind": "work-outside", "planned_on": ago(30)},
        f"PUT {journey}/adaptation-steps/{{step_id}}/reaching": {"reached_on": ago(20)},
        f"PUT {journey}/observations": {"stage": 2, "results": [{"week": 1, "result": "negative"}]},
        **_corrections_of_recorded(journey),
        f"POST {journey}/relapses": {"stage": 2, "on": ago(20)},
        f"POST {journey}/relapses/{{relapse_id}}/confirmation": {},
        f"POST {journey}/relapses/{{relapse_id}}/refutation": {"reason": "mistaken-or-duplicate"},
    }


def _corrections_of_recorded(journey: str) -> dict[str, Any]:
    goal, step = f"{journey}/goals/{{goal_id}}", f"{journey}/adaptation-steps/{{step_id}}"
    return {
        f"POST {journey}/observations/entered-in-error": {"stage": 2, "weeks": [1], **MISTYPED},
        f"POST {step}/entered-in-error": MISTYPED,
        f"POST {step}/amendment": {"kind": "partial-residence", "planned_on": ago(31), **MISTYPED},
        f"POST {step}/reaching/entered-in-error": MISTYPED,
        f"POST {step}/reaching/amendment": {"reached_on": ago(46), **MISTYPED},
        f"POST {goal}/entered-in-error": MISTYPED,
        f"POST {goal}/amendment": {"level": "social", "goal": "own-home", "set_on": ago(51), **MISTYPED},
        f"POST {goal}/closing/entered-in-error": MISTYPED,
        f"POST {goal}/closing/amendment": {"result": "partly", "reason": "moved", **MISTYPED},
        f"POST {journey}/scores/entered-in-error": {**A_SCORE, **MISTYPED},
        f"POST {journey}/withdrawal-scores/entered-in-error": {"on": ago(50), **MISTYPED},
        f"POST {journey}/relapses/{{relapse_id}}/amendment": {"stage": 2, "on": ago(22), **MISTYPED},
    }


async def referral(service: ServiceUnderTest) -> World:
    """Registered by one organisation, opened and had by another, held by a third; the holder asked others, each for another pathway."""
    names = ("registrar", "former", "holder", "acceptor", "asked", "declined", "cancelled", "redirected", "next", "stranger")
    at = {name: uuid4() for name in names}
    person_id = await case.a_registered(service, at["registrar"])
    first = case.completed(person_id, 1, organisation_id=at["former"])
    begun = [case.started(person_id, 1, at["former"]), first, case.started(person_id, 2, at["holder"])]
    await service.deliver(case.opened(person_id, organisation_id=at["former"]), *begun)
    own = {name: {"referral_id": str(await _asked(service, person_id, at, name))} for name in names[3:8]}
    assert await case.change(service, UUID(own["acceptor"]["referral_id"]), "accepted", case.coordinator(at["acceptor"])) == 200
    assert (
        await case.change(service, UUID(own["declined"]["referral_id"]), "rejected", case.coordinator(at["declined"]), "no-capacity") == 200
    )
    cancelled = UUID(own["cancelled"]["referral_id"])
    assert await case.change(service, cancelled, "accepted", case.coordinator(at["cancelled"])) == 200
    assert await case.change(service, cancelled, "cancelled", case.coordinator(at["holder"]), "other") == 200
    await case.an_entry(service, at["next"], 2, pathway="way-of-redirected")
    await case.a_request(service, person_id, case.coordinator(at["holder"]), **_wish(at["next"], "redirected"))
    await case.an_entry(service, at["holder"])
    own_one = {"discloser_organisation_id": str(at["registrar"]), "to_organisation_id": str(at["holder"])}
    assert (await case.a_given_consent(service, person_id, case.coordinator(at["registrar"]), **own_one)).is_success
    given = {"discloser_organisation_id": str(at["holder"]), "to_organisation_id": str(at["acceptor"])}
    consent = await case.a_given_consent(service, person_id, case.coordinator(at["holder"]), **given)
    assert consent.is_success, consent.text
    request = await case.a_consent_request(service, UUID(own["asked"]["referral_id"]), case.coordinator(at["asked"]))
    category = {"code": "stroke", "since": ago(10)}
    assert (await service.call("POST", f"/persons/{person_id}/categories", case.coordinator(at["holder"]), json=category)).is_success
    act = await service.call(
        "POST",
        f"/referrals/{own['acceptor']['referral_id']}/motivations",
        case.coordinator(at["holder"]),
        json={"kind": "call", "by": "peer", "on": ago(2)},
    )
    assert act.is_success, act.text
    death = await service.call("PUT", f"/persons/{person_id}/death", case.coordinator(at["holder"], "first"), json={"on": ago(1)})
    assert death.status_code == 200, death.text
    ids = {"person_id": str(person_id), "consent_id": consent.json()["id"], "consent_request_id": str(request)}
    ids["motivation_id"] = act.json()["id"]
    people = {"person": {"person": str(person_id), "another-person": str(uuid4())}}
    return World(service, at, ids | own["acceptor"], _referral_bodies(person_id, at), people, own)


def _wish(to: UUID, name: str) -> dict[str, Any]:
    return {"to_organisation_id": str(to), "pathway": f"way-of-{name}"}


async def _asked(service: ServiceUnderTest, person_id: UUID, at: dict[str, UUID], name: str) -> UUID:
    await case.an_entry(service, at[name], 2, pathway=f"way-of-{name}")
    return await case.a_request(service, person_id, case.coordinator(at["holder"]), **_wish(at[name], name))


def _referral_bodies(person_id: UUID, at: dict[str, UUID]) -> dict[str, Any]:
    person, one = "/persons/{person_id}", "/referrals/{referral_id}"
    how = {"given_on": ago(2), "how": "written"}

    def consent(relation: str) -> dict[str, Any]:
        discloser = at.get(relation, at["holder"])
        to = at["acceptor"] if discloser != at["acceptor"] else at["next"]
        told = {"discloser_organisation_id": str(discloser), "to_organisation_id": str(to)}
        return {"scope": "referral", "purpose": "treatment", **told, **how}

    return {
        f"POST {person}/categories": {"code": "addiction", "since": ago(10)},
        f"POST {person}/categories/entered-in-error": {"code": "stroke", "since": ago(10), "reason": "another person"},
        f"PUT {person}/death": {"on": ago(1)},
        f"POST {person}/death/reversal": {"reason": "another person of the same name"},
        f"POST {person}/consents": consent,
        f"POST {person}/emergency-access": {"reason": "unconscious"},
        "POST /referrals": {"person_id": str(person_id), "stage": 2, "pathway": "way-of-nobody"},
        f"POST {one}/status": {"to": "cancelled", "reason": "other"},
        f"POST {one}/consent-requests": {"scope": "referral", "purpose": "allergies"},
        "POST /consent-requests/{consent_request_id}/confirmation": how,
        f"POST {one}/motivations": {"kind": "conversation", "by": "coordinator", "on": ago(2)},
        f"POST {one}/motivations/{{motivation_id}}/entered-in-error": {"reason": "entered-twice"},
    }


async def family(service: ServiceUnderTest) -> World:
    """The same case as family hears it, with an assigned liaison, one that was removed, and a contact that wrote a concern."""
    names = ("registrar", "former", "holder", "acceptor", "liaison", "removed", "declined", "cancelled", "redirected", "asked", "stranger")
    at = {name: uuid4() for name in names}
    way = circle.Way(organisation_id=at["former"])
    answers = {name: uuid4() for name in names}
    await service.deliver(
        *(circle.an_organisation(at[name]) for name in ("liaison", "removed", "stranger")),
        *(way.registered(by=at["registrar"]), way.opened(), way.started_by(at["former"], 1)),
        way.started_by(at["holder"], 2, on=circle.DAY + timedelta(days=1)),
        *(way.accepted(answers[name], at[name]) for name in ("acceptor", "cancelled", "redirected")),
        way.answered(answers["declined"], at["declined"], "declined"),
        way.closed(answers["cancelled"], "cancelled"),
        way.addressed(answers["redirected"], at["asked"]),
    )
    holder, person = circle.a_liaison(at["holder"]), f"/persons/{way.person_id}"
    for name in ("liaison", "removed"):
        assigned = await service.call("POST", f"{person}/liaison", holder, {"organisation_id": str(at[name])})
        assert assigned.is_success, assigned.text
    removed = await service.call("POST", f"{person}/liaison/removal", holder, {"organisation_id": str(at["removed"])})
    assert removed.is_success, removed.text
    new = await circle.add_contact(service, way, holder)
    contact = new.json()["id"]
    permitted = await circle.give(service, way, UUID(contact), holder)
    await service.deliver(way.completed(2))
    (message,) = await service.fetch("SELECT message_id FROM message")
    seen = {"link": contact, "signs": [{"sign": "mood-swings", "before": "4-5", "now": "2"}]}
    concern = await service.call("POST", "/concerns", a_caller("contact", sub=contact), seen)
    ids = {"person_id": str(way.person_id), "contact_id": contact, "permission_id": permitted.json()["id"]}
    ids |= {"message_id": str(message["message_id"]), "concern_id": concern.json()["id"]}
    people = {
        "person": {"person": str(way.person_id), "another-person": str(uuid4())},
        "contact": {"contact": contact, "another-contact": str(uuid4())},
    }
    return World(service, at, ids, _family_bodies(at), people)


def _family_bodies(at: dict[str, UUID]) -> dict[str, Any]:
    one = "/contacts/{contact_id}"
    return {
        "POST /persons/{person_id}/liaison": {"organisation_id": str(at["stranger"])},
        "POST /persons/{person_id}/liaison/removal": {"organisation_id": str(at["liaison"])},
        "POST /persons/{person_id}/contacts": {"name": "contact 2", "relation": "mother", "kind": "family"},
        f"PUT {one}/language": {"language": "ru"},
        f"POST {one}/entered-in-error": {"reason": "other-person"},
        f"POST {one}/guardianship": {"basis": "parent"},
        f"POST {one}/permissions": {"topics": ["stage"], "channels": ["inbox"], "given_by": "person", "given_on": str(circle.DAY)},
        "POST /concerns/{concern_id}/answer": {"measure": "talked"},
        "POST /concerns/{concern_id}/answer/amendment": {"measure": "referred", "correction_reason": "mistyped"},
        "POST /concerns/{concern_id}/entered-in-error": {"reason": "other-person"},
    }
