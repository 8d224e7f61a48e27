"""A person's way over HTTP, chapter by chapter; after each step what everyone can see, and what they cannot.

Source: issue of rights, sections 1, 2 and 4; contracts "Rights". Names of chapters are what happens.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from shared.database import connect
from tests.e2e.life import TODAY, WRITTEN, Life, ago
from tests.e2e.system import System
from tests.e2e.test_one_completion import an_organisation
from tests.eventually import eventually_sync


def test_a_life(system: System) -> None:
    clinic, centre, other, club, home = (an_organisation(system, stage) for stage in (1, 2, 2, 4, 3))
    life = Life(system, clinic, centre, other, club, home)
    is_registered(life)
    is_asked_for_and_declined(life)
    is_asked_for_and_accepted(life)
    consents(life)
    gets_a_liaison_and_loses_it(life)
    goes_on_to_treatment(life)
    is_said_to_have_relapsed_by_mistake(life)
    has_results_on_paper(life)
    is_completed_by_mistake(life)
    is_completed_by_mistake_and_accepted(life)
    is_another_person(life)
    has_a_wrong_date(life)
    comes_of_age(life)
    is_an_emergency(life)
    is_taken_for_dead(life)


def is_registered(life: Life) -> None:
    """A minor, with its mother as guardian, who lets herself be told of stages."""
    birth = TODAY.replace(year=TODAY.year - 18) + timedelta(days=1)
    new = {"name": "record 17", "birth_on": str(birth), "region": "UZ-TK"}
    life.ids["person"] = life.do(life.clinic, "coordinator", "POST", "/referral/persons", new)
    mother = {"name": "contact 1", "relation": "mother", "kind": "family", "language": "en"}
    life.ids["mother"] = life.do(life.clinic, "liaison", "POST", life.contacts, mother)
    life.do(life.clinic, "liaison", "POST", f"/family/contacts/{life.ids['mother']}/guardianship", {"basis": "parent"})
    told = {
        "topics": ["stage", "relapse"],
        "channels": ["inbox"],
        "given_by": "guardian",
        "guardian_id": life.ids["mother"],
        "given_on": str(TODAY),
    }
    life.do(life.clinic, "liaison", "POST", f"/family/contacts/{life.ids['mother']}/permissions", told)
    opened = {"person_id": life.ids["person"], "pathway": "addiction-rehabilitation", "opened_on": ago(90)}
    life.ids["journey"] = life.do(life.clinic, "clinician", "POST", "/programme/journeys", opened)
    start = {"started_on": ago(90), "setting": "inpatient", "programme": "detoxification", "responsible_doctor": "staff-17"}
    life.do(life.clinic, "clinician", "PUT", f"{life.journey}/stages/1/start", start)
    assert life.name_seen(life.clinic) == "record 17"
    for stranger in (life.centre, life.other, life.club):
        life.knows_nothing(stranger)


def refer(life: Life, to: UUID) -> None:
    wish = {"person_id": life.ids["person"], "journey_id": life.ids["journey"], "stage": 2, "to_organisation_id": str(to)}
    life.ids["referral"] = life.do(life.clinic, "coordinator", "POST", "/referral/referrals", wish)


def answer(life: Life, who: UUID, to: str, reason: str | None = None) -> None:
    path = f"/referral/referrals/{life.ids['referral']}/status"
    life.do(who, "coordinator", "POST", path, {"to": to, "reason": reason})


def is_asked_for_and_declined(life: Life) -> None:
    """Who is asked sees that somebody is meant, and not who; who declined keeps its own line and nothing else."""
    refer(life, life.other)
    asked = life.referral_shown(life.other)
    assert (asked["status"], asked["person_id"], asked["journey_id"], asked["person"]) == ("requested", None, None, None)
    life.knows_nothing(life.other)
    answer(life, life.other, "rejected", "no-capacity")
    assert (life.referral_shown(life.other)["status"], life.referral_shown(life.other)["person_id"]) == ("rejected", None)
    life.knows_nothing(life.other)


def is_asked_for_and_accepted(life: Life) -> None:
    """Accepting opens the case under its pseudonym: no name without a consent."""
    refer(life, life.centre)
    life.knows_nothing(life.centre)
    answer(life, life.centre, "accepted")
    assert life.referral_shown(life.centre)["person_id"] == life.ids["person"]
    assert life.name_seen(life.centre) is None
    life.becomes(200, life.centre, "clinician", life.journey)
    life.becomes(200, life.centre, "liaison", life.contacts)
    assert life.status(life.centre, "clinician", f"{life.journey}/summary") == 404
    life.knows_nothing(life.other)


def consents(life: Life) -> None:
    """The centre asks; the guardian gives, at the clinic; the minor's own token cannot say that a guardian gave anything."""
    wanted = {"scope": "full-record", "purpose": "allergies before admission"}
    asked = life.do(life.centre, "coordinator", "POST", f"/referral/referrals/{life.ids['referral']}/consent-requests", wanted)
    assert life.name_seen(life.centre) is None
    path = f"/referral/consent-requests/{asked}/confirmation"
    by_guardian = {"given_by": "guardian", "guardian_id": life.ids["mother"], **WRITTEN}
    assert life.call(life.ids["person"], "person", "POST", path, by_guardian).status_code in (404, 422)
    assert life.call(life.centre, "coordinator", "POST", path, by_guardian).status_code == 404
    life.do(life.clinic, "coordinator", "POST", path, by_guardian)
    assert life.name_seen(life.centre) == "record 17"
    life.becomes(200, life.centre, "clinician", f"{life.journey}/summary")
    shown = life.call(life.ids["person"], "person", "GET", f"{life.person}/disclosures").json()["items"]
    assert {line["to_organisation_id"] for line in shown} == {str(life.centre)}
    life.knows_nothing(life.other)


def gets_a_liaison_and_loses_it(life: Life) -> None:
    """A liaison assigns nobody, and is gone the moment it is removed."""
    path = f"/family/persons/{life.ids['person']}/liaison"
    life.do(life.clinic, "liaison", "POST", path, {"organisation_id": str(life.club)})
    assert life.status(life.club, "liaison", life.contacts) == 200
    assert life.call(life.club, "liaison", "POST", path, {"organisation_id": str(life.other)}).status_code == 404
    life.do(life.ids["person"], "person", "POST", f"{path}/removal", {"organisation_id": str(life.club)})
    life.knows_nothing(life.club)


def goes_on_to_treatment(life: Life) -> None:
    """The centre starts; the clinic learns that, sees nothing later and writes nothing of the centre's."""
    done = {"completed_on": ago(70), "next_organisation_id": str(life.centre)}
    life.do(life.clinic, "clinician", "PUT", f"{life.journey}/stages/1/completion", done)
    start = {"started_on": ago(65), "setting": "outpatient", "programme": "stage-2", "responsible_doctor": "staff-18"}
    life.do(life.centre, "clinician", "PUT", f"{life.journey}/stages/2/start", start)
    score = {"scores": [{"level": "social", "moment": "baseline", "on": ago(5), "score": 3}]}
    life.do(life.centre, "clinician", "POST", f"{life.journey}/scores", score)
    seen = life.call(life.clinic, "clinician", "GET", life.journey).json()
    assert [stage["status"] for stage in seen["stages"]][:3] == ["completed", "started", "planned"]
    assert (seen["status"], seen["holder_organisation_id"], len(seen["spells"])) == (None, None, 1)
    assert life.call(life.clinic, "clinician", "POST", f"{life.journey}/scores", score).status_code == 422
    eventually_sync(lambda: "Step 1 of 5 has been completed." in inbox(life))
    life.becomes(404, life.clinic, "liaison", f"/family/persons/{life.ids['person']}/liaisons")
    assert life.status(life.clinic, "liaison", life.contacts) == 200, "who registered a person keeps its contacts"


def inbox(life: Life) -> list[str]:
    found = life.call(life.ids["mother"], "contact", "GET", "/family/messages").raise_for_status().json()["items"]
    return [str(message["text"]) for message in found]


CHANGED = "Something has changed. Staying in touch helps."
NO_CHANGE = "An earlier message no longer holds: the change that it told of did not happen."


def decide(life: Life, relapse: str, decision: str, **said: str) -> None:
    life.do(life.centre, "clinician", "POST", f"{life.journey}/relapses/{relapse}/{decision}", said)


def first_stage(life: Life) -> str:
    shown = life.call(life.centre, "clinician", "GET", life.journey).raise_for_status().json()
    return str(shown["stages"][0]["status"])


def sent_for_a_relapse(life: Life) -> list[str]:
    """The statuses of what the person's reopened stage opened, as the person reads them."""
    found = life.call(life.ids["person"], "person", "GET", "/referral/referrals").raise_for_status().json()["items"]
    return [str(one["status"]) for one in found if one["origin"] == "relapse"]


def is_said_to_have_relapsed_by_mistake(life: Life) -> None:
    """It was another person's result: the stage stands as before, nobody is asked, and the mother reads that nothing happened."""
    report = {"stage": 2, "on": ago(20), "reopens": 1}
    relapse = life.do(life.centre, "clinician", "POST", f"{life.journey}/relapses", report)
    assert first_stage(life) == "reopened"
    eventually_sync(lambda: CHANGED in inbox(life) and sent_for_a_relapse(life) == ["requested"])
    assert life.call(life.clinic, "clinician", "POST", f"{life.journey}/relapses/{relapse}/refutation", {"reason": "x"}).status_code == 404
    decide(life, relapse, "refutation", reason="mistaken-or-duplicate")
    assert first_stage(life) == "completed"
    eventually_sync(lambda: NO_CHANGE in inbox(life) and sent_for_a_relapse(life) == ["entered-in-error"])


def has_results_on_paper(life: Life) -> None:
    """Entered late and in two batches: silence between them shows nothing, and what they show waits for a clinician."""
    weeks = f"{life.journey}/observations"

    def enter(results: dict[int, str]) -> dict[str, Any]:
        entered = {"stage": 2, "results": [{"week": week, "result": result} for week, result in results.items()]}
        life.do(life.centre, "clinician", "PUT", weeks, entered)
        items = life.call(life.centre, "clinician", "GET", f"{life.journey}/relapses").raise_for_status().json()["items"]
        return {one["definition"]: one for one in items if not one["withdrawn"] and one["week"]}

    assert enter(dict.fromkeys(range(5, 9), "negative")) == {}
    found = enter(dict.fromkeys(range(1, 5), "positive"))
    told = inbox(life).count(CHANGED)
    assert {one["status"] for one in found.values()} == {"found"}
    decide(life, found["consecutive-3"]["relapse_id"], "refutation", reason="laboratory-error")
    decide(life, found["consecutive-4"]["relapse_id"], "confirmation")
    eventually_sync(lambda: inbox(life).count(CHANGED) == told + 1)
    assert enter(dict.fromkeys(range(1, 5), "negative")) == {}, "the laboratory corrected all four"
    eventually_sync(lambda: inbox(life).count(NO_CHANGE) == 2)


BY_MISTAKE = "An earlier message no longer holds: what it said was entered by mistake."
DONE = "Step 2 of 5 has been completed."
WHY = {"correction_reason": "mistyped"}


def complete_treatment(life: Life, days_ago: int) -> None:
    done = {"completed_on": ago(days_ago), "next_organisation_id": str(life.home)}
    life.do(life.centre, "clinician", "PUT", f"{life.journey}/stages/2/completion", done)


def correct(life: Life, who: UUID, what: str, **said: Any) -> None:
    life.do(who, "clinician", "POST", f"{life.journey}/{what}", {**WHY, **said})


def asked_of_home(life: Life) -> list[dict[str, Any]]:
    """What the home reads of requests to it, the newest last."""
    items = life.call(life.home, "coordinator", "GET", "/referral/referrals?direction=in").raise_for_status().json()["items"]
    return sorted(items, key=lambda one: str(one["opened_at"]))


def is_completed_by_mistake(life: Life) -> None:
    """Nobody has accepted yet: the home is asked no more, the treatment goes on, and the mother reads that it was a mistake."""
    corrections = inbox(life).count(BY_MISTAKE)
    complete_treatment(life, 4)
    eventually_sync(lambda: DONE in inbox(life) and [one["status"] for one in asked_of_home(life)] == ["requested"])
    correct(life, life.centre, "stages/2/end/entered-in-error", spell=1)
    shown = life.call(life.centre, "clinician", "GET", life.journey).json()
    assert (shown["stages"][1]["status"], shown["corrections"][-1]["before"]["how"]) == ("started", "completed")
    eventually_sync(lambda: inbox(life).count(BY_MISTAKE) == corrections + 1)
    eventually_sync(lambda: [one["status"] for one in asked_of_home(life)] in ([], ["entered-in-error"]))
    life.knows_nothing(life.home)


def is_completed_by_mistake_and_accepted(life: Life) -> None:
    """The home has accepted: it keeps the person, and both sides are asked whether that goes on."""
    complete_treatment(life, 3)
    eventually_sync(lambda: [one["status"] for one in asked_of_home(life)][-1:] == ["requested"])
    life.ids["home"] = str(asked_of_home(life)[-1]["id"])
    life.do(life.home, "coordinator", "POST", f"/referral/referrals/{life.ids['home']}/status", {"to": "accepted"})
    correct(life, life.centre, "stages/2/end/entered-in-error", spell=1)
    for who in (life.home, life.centre):
        eventually_sync(partial(at_home, life, who, "basis_withdrawn"))
        assert at_home(life, who) == "accepted"
    life.do(life.home, "coordinator", "PUT", f"/referral/referrals/{life.ids['home']}/basis", {})
    assert at_home(life, life.centre, "basis_withdrawn") is None


def at_home(life: Life, who: UUID, what: str = "status") -> Any:
    """What one of the two sides reads of the request that the home accepted."""
    return life.call(who, "coordinator", "GET", f"/referral/referrals/{life.ids['home']}").raise_for_status().json()[what]


def is_another_person(life: Life) -> None:
    """The home starts the stage of somebody else. What it takes back leaves it no stay, and the centre has the person again."""
    start = {"started_on": ago(2), "setting": "inpatient", "programme": "stage-3"}
    life.do(life.home, "clinician", "PUT", f"{life.journey}/stages/3/start", start)
    life.becomes(404, life.centre, "liaison", f"/family/persons/{life.ids['person']}/liaisons")
    correct(life, life.home, "stages/3/start/entered-in-error", spell=1)
    life.becomes(200, life.centre, "liaison", f"/family/persons/{life.ids['person']}/liaisons")
    shown = life.call(life.centre, "clinician", "GET", life.journey).json()
    assert (shown["holder_organisation_id"], shown["stages"][2]["status"]) == (str(life.centre), "planned")
    eventually_sync(lambda: at_home(life, life.home) == "accepted")
    cancelled = {"to": "cancelled", "reason": "mistaken-or-duplicate"}
    life.do(life.centre, "coordinator", "POST", f"/referral/referrals/{life.ids['home']}/status", cancelled)
    eventually_sync(lambda: life.status(life.home, "clinician", life.journey) == 404)
    life.becomes(404, life.home, "liaison", life.contacts)
    life.knows_nothing(life.home)


def has_a_wrong_date(life: Life) -> None:
    """Another day tells the mother nothing; that it was no completion does."""
    complete_treatment(life, 3)
    eventually_sync(lambda: inbox(life).count(DONE) == 3)
    corrections = inbox(life).count(BY_MISTAKE)
    correct(life, life.centre, "stages/2/end/amendment", ended_on=ago(5), how="completed", next_organisation_id=str(life.home))
    assert life.call(life.centre, "clinician", "GET", life.journey).json()["spells"][1]["ended_on"] == ago(5)
    correct(life, life.centre, "stages/2/end/entered-in-error", spell=1)
    eventually_sync(lambda: inbox(life).count(BY_MISTAKE) == corrections + 1)


async def a_day_passes(life: Life) -> None:
    """Nothing over HTTP moves the clock, so the person is made a day older and what falls due with that falls due."""
    connection = await connect(life.system.described["databases"]["referral"]["worker"])
    try:
        await connection.execute("UPDATE person SET birth_on = birth_on - 2 WHERE person_id = $1", UUID(life.ids["person"]))
        await connection.execute("UPDATE deadline SET due_at = $2 WHERE subject_id = $1", UUID(life.ids["person"]), datetime.now(UTC))
    finally:
        await connection.close()


def comes_of_age(life: Life) -> None:
    """At 18 all ends that the guardian gave: the centre has no name any more, and the mother is told nothing."""
    asyncio.run(a_day_passes(life))
    eventually_sync(lambda: life.name_seen(life.centre) is None)
    life.becomes(404, life.centre, "clinician", f"{life.journey}/summary")
    shown = life.call(life.clinic, "coordinator", "GET", life.person).json()
    assert (shown["life_period"], shown["role_text"]) == ("adult", "decides-alone")
    eventually_sync(lambda: standing_permissions(life) == 0)


def standing_permissions(life: Life) -> int:
    given = life.call(life.clinic, "liaison", "GET", f"/family/contacts/{life.ids['mother']}/permissions").json()["items"]
    return sum(permission["revoked_at"] is None for permission in given)


def is_an_emergency(life: Life) -> None:
    """The centre looks, with a reason and for a day; the clinic and the person read that it did."""
    path = f"{life.person}/emergency-access"
    assert life.call(life.other, "clinician", "POST", path, {"reason": "curious"}).status_code == 404
    taken = life.do(life.centre, "clinician", "POST", path, {"reason": "unconscious, allergies unknown"})
    assert life.name_seen(life.centre) == "record 17"
    for who, role in ((life.clinic, "coordinator"), (life.ids["person"], "person")):
        listed = life.call(who, role, "GET", "/referral/emergency-accesses").json()["items"]
        assert [(line["id"], line["organisation_id"], line["reason"]) for line in listed] == [
            (taken, str(life.centre), "unconscious, allergies unknown")
        ]
    assert life.call(life.other, "coordinator", "GET", "/referral/emergency-accesses").json()["items"] == []


def is_taken_for_dead(life: Life) -> None:
    """One person reports, another confirms; the mistake is taken back with all that it stopped."""
    wish = {"person_id": life.ids["person"], "journey_id": life.ids["journey"], "stage": 4, "to_organisation_id": str(life.club)}
    waiting = life.do(life.centre, "coordinator", "POST", "/referral/referrals", wish)
    path = f"{life.person}/death"
    life.do(life.centre, "coordinator", "PUT", path, {"on": ago(1)}, "first")
    assert died_on(life) is None
    assert life.call(life.centre, "coordinator", "POST", f"{path}/confirmation", {}, "first").status_code == 422
    life.do(life.centre, "coordinator", "POST", f"{path}/confirmation", {}, "second")
    assert died_on(life) == ago(1)
    assert referral_status(life, waiting) == "cancelled"
    eventually_sync(lambda: "not-after-death" in third_stage_refused(life))
    life.do(life.centre, "coordinator", "POST", f"{path}/reversal", {"reason": "another person of the same name"})
    assert died_on(life) is None
    assert referral_status(life, waiting) == "requested"
    eventually_sync(lambda: "not-after-death" not in third_stage_refused(life))


def third_stage_refused(life: Life) -> str:
    start = {"started_on": str(TODAY), "setting": "outpatient", "programme": "social"}
    return life.call(life.centre, "clinician", "PUT", f"{life.journey}/stages/3/start", start).text


def died_on(life: Life) -> str | None:
    found: str | None = life.call(life.centre, "coordinator", "GET", life.person).raise_for_status().json()["died_on"]
    return found


def referral_status(life: Life, referral_id: str) -> str:
    return str(life.call(life.centre, "coordinator", "GET", f"/referral/referrals/{referral_id}").raise_for_status().json()["status"])
