"""A person's way over HTTP, chapter by chapter; after each step what everyone can see, and what they cannot.

Source: issue of rights, sections 1, 2 and 4; contracts "Rights". Names of chapters are what happens.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2

from shared.database import connect
from tests.e2e.system import System
from tests.e2e.test_one_completion import an_organisation
from tests.eventually import eventually_sync

TODAY = datetime.now(UTC).date()
WRITTEN = {"given_on": str(TODAY), "how": "written"}


def ago(days: int) -> str:
    return str(TODAY - timedelta(days=days))


@dataclass
class Life:
    """The organisations around one person, and the ids that the services answered."""

    system: System
    clinic: UUID
    centre: UUID
    other: UUID
    club: UUID
    ids: dict[str, str] = field(default_factory=dict)

    def call(self, who: UUID | str, role: str, method: str, path: str, body: Any = None, sub: str = "") -> httpx2.Response:
        """A request of a role at an organisation or, for a person or contact, of itself. The path begins with the service."""
        _, service, *rest = path.split("/")
        token = self.system.token(role, sub=who) if isinstance(who, str) else self.system.token(role, who, sub)
        return self.system.call(method, service, "/" + "/".join(rest), token, body)

    def do(self, who: UUID | str, role: str, method: str, path: str, body: Any = None, sub: str = "") -> str:
        """A command that is accepted once its service has heard what it builds on; returns the id it answers."""

        def answered() -> str:
            answer = self.call(who, role, method, path, body, sub)
            assert answer.status_code in (200, 201, 404, 409), f"{path}: {answer.status_code} {answer.text}"
            return str(answer.json()["id"]) if answer.is_success else ""

        return eventually_sync(answered)

    def status(self, who: UUID | str, role: str, path: str, sub: str = "") -> int:
        return self.call(who, role, "GET", path, sub=sub).status_code

    def becomes(self, wanted: int, who: UUID | str, role: str, path: str) -> None:
        """What another service tells is heard a moment later."""
        eventually_sync(lambda: self.status(who, role, path) == wanted)

    @property
    def person(self) -> str:
        return f"/referral/persons/{self.ids['person']}"

    @property
    def journey(self) -> str:
        return f"/programme/journeys/{self.ids['journey']}"

    @property
    def contacts(self) -> str:
        return f"/family/persons/{self.ids['person']}/contacts"

    def name_seen(self, who: UUID) -> str | None:
        """The name as an organisation reads it: None without a consent. Raises for who may not read the person at all."""
        shown = self.call(who, "coordinator", "GET", self.person).raise_for_status().json()["identity"]
        return str(shown["name"]) if shown else None

    def knows_nothing(self, who: UUID) -> None:
        """Wherever it asks, the person does not exist; it can open nothing, consent to nothing, record nothing."""
        places = (("coordinator", self.person), ("clinician", self.journey), ("liaison", self.contacts))
        assert [self.status(who, role, path) for role, path in places] == [404, 404, 404]
        opened = {"person_id": self.ids["person"], "pathway": "addiction-rehabilitation", "opened_on": ago(1)}
        assert self.call(who, "clinician", "POST", "/programme/journeys", opened).status_code == 404
        told = {"discloser_organisation_id": str(self.clinic), "to_organisation_id": str(who), "scope": "referral", "purpose": "care"}
        assert self.call(who, "coordinator", "POST", f"{self.person}/consents", told | WRITTEN).status_code == 404
        assert self.call(who, "coordinator", "PUT", f"{self.person}/death", {"on": ago(1)}).status_code == 404
        assert self.call(who, "coordinator", "GET", f"{self.person}/consents").status_code == 404
        seen = self.call(who, "clinician", "GET", f"/programme/seen/referral/{self.ids['person']}/1").json()
        assert seen == {"state": "waiting"}

    def referral_shown(self, who: UUID) -> dict[str, Any]:
        found: dict[str, Any] = (
            self.call(who, "coordinator", "GET", f"/referral/referrals/{self.ids['referral']}").raise_for_status().json()
        )
        return found


def test_a_life(system: System) -> None:
    clinic, centre, other, club = (an_organisation(system, stage) for stage in (1, 2, 2, 4))
    life = Life(system, clinic, centre, other, club)
    is_registered(life)
    is_asked_for_and_declined(life)
    is_asked_for_and_accepted(life)
    consents(life)
    gets_a_liaison_and_loses_it(life)
    goes_on_to_treatment(life)
    is_said_to_have_relapsed_by_mistake(life)
    has_results_on_paper(life)
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
    eventually_sync(lambda: NO_CHANGE in inbox(life) and sent_for_a_relapse(life) == ["cancelled"])


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
