"""One object of each kind in a service, made by its own commands and the events it hears: for tests that walk over all routes."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.events.programme import JourneyOpened, StageCompleted, StageStarted
from shared.events.referral import OfferedService, OrganisationChanged, PersonRegistered
from tests.harness import ServiceUnderTest, a_caller

CLINIC = UUID("2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f11")
CENTRE = UUID("2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f12")
PERSON = UUID("2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f13")
JOURNEY = UUID("2f1d7a52-8c1e-4f43-9a38-0c9b6f3f0f14")
DAY = date(2026, 1, 5)
Known = dict[str, str]


async def ask(service: ServiceUnderTest, role: str, method: str, path: str, body: dict[str, Any], sub: str = "") -> str:
    """The id that a command answers; the caller is of the clinic."""
    answer = await service.call(method, path, a_caller(role, CLINIC, sub), json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return str(answer.json()["id"])


def an_organisation(organisation_id: UUID, stage: int) -> OrganisationChanged:
    offered = OfferedService(stage=stage, programme="naltrexone", setting="inpatient")
    return OrganisationChanged(
        organisation_id=organisation_id, level="meso", kind="medical-organisation", region="UZ-TK", services=(offered,)
    )


async def referral(service: ServiceUnderTest) -> Known:
    for organisation_id, stage in ((CLINIC, 1), (CENTRE, 2)):
        entry = {"name": f"stage {stage}", "level": "meso", "kind": "medical-organisation", "region": "UZ-TK"}
        offered = {"stage": stage, "programme": "naltrexone", "setting": "inpatient", "places_free": 3, "places_as_of": str(DAY)}
        registrar = a_caller("registrar", organisation_id)
        answer = await service.call("PUT", f"/organisations/{organisation_id}", registrar, json={**entry, "services": [offered]})
        assert answer.is_success, answer.text
        confirmed = {"kind": "medical-organisation", "level": "meso", "stages": [stage]}
        answer = await service.call("PUT", f"/organisations/{organisation_id}/confirmation", a_caller("ministry"), json=confirmed)
        assert answer.is_success, answer.text
    person = await ask(service, "coordinator", "POST", "/persons", {"name": "record 17", "region": "UZ-TK"})
    given = {"scope": "referral", "discloser_organisation_id": str(CLINIC), "to_organisation_id": str(CENTRE), "purpose": "treatment"}
    how = {"given_on": str(DAY), "how": "written"}
    consent = await ask(service, "coordinator", "POST", f"/persons/{person}/consents", {**given, **how})
    asked = {"person_id": person, "stage": 2, "to_organisation_id": str(CENTRE)}
    known = {
        "organisation_id": str(CLINIC),
        "person_id": person,
        "consent_id": consent,
        "referral_id": await ask(service, "coordinator", "POST", "/referrals", asked),
    }
    sought = {"scope": "pathway-summary", "purpose": "treatment"}
    path = f"/referrals/{known['referral_id']}/consent-requests"
    answer = await service.call("POST", path, a_caller("coordinator", CENTRE), json=sought)
    assert answer.is_success, answer.text
    return known | {"consent_request_id": answer.json()["id"], "emergency_access_id": await _emergency(service)}


async def _emergency(service: ServiceUnderTest) -> str:
    """Taken by the centre, which has another person of the clinic."""
    person = UUID(await ask(service, "coordinator", "POST", "/persons", {"name": "record 18", "region": "UZ-TK"}))
    stage = {"person_id": person, "journey_id": JOURNEY, "stage": 2, "spell": 1, "organisation_id": CENTRE}
    opened = {"person_id": person, "journey_id": JOURNEY, "pathway": "addiction-rehabilitation", "version": 1, "organisation_id": CENTRE}
    await service.deliver(JourneyOpened(**opened, opened_on=DAY), StageStarted(**stage, started_on=DAY))
    reason, path = {"reason": "unconscious"}, f"/persons/{person}/emergency-access"
    answer = await service.call("POST", path, a_caller("clinician", CENTRE), json=reason)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def programme(service: ServiceUnderTest) -> Known:
    await service.deliver(
        PersonRegistered(person_id=PERSON, region="UZ-TK", life_period="adult", organisation_id=CLINIC),
        an_organisation(CLINIC, 1),
        an_organisation(CENTRE, 2),
    )
    opened = {"person_id": str(PERSON), "pathway": "addiction-rehabilitation", "opened_on": str(DAY)}
    journey = await ask(service, "clinician", "POST", "/journeys", opened)
    start = {"started_on": str(DAY), "setting": "inpatient", "programme": "naltrexone", "responsible_doctor": "staff-17"}
    await ask(service, "clinician", "PUT", f"/journeys/{journey}/stages/1/start", start)
    return {"person_id": str(PERSON), "journey_id": journey, "organisation_id": str(CLINIC), "code": "addiction-rehabilitation"}


async def family(service: ServiceUnderTest) -> Known:
    stage = {"person_id": PERSON, "journey_id": JOURNEY, "stage": 1, "spell": 1, "organisation_id": CLINIC}
    await service.deliver(
        PersonRegistered(person_id=PERSON, region="UZ-TK", life_period="adult"),
        JourneyOpened(
            person_id=PERSON, journey_id=JOURNEY, pathway="addiction-rehabilitation", version=1, organisation_id=CLINIC, opened_on=DAY
        ),
        StageStarted(**stage, started_on=DAY),
    )
    new = {"name": "contact 1", "relation": "mother", "kind": "family"}
    contact = await ask(service, "liaison", "POST", f"/persons/{PERSON}/contacts", new)
    told = {"topics": ["stage"], "channels": ["inbox"], "given_by": "person", "given_on": str(DAY)}
    permission = await ask(service, "liaison", "POST", f"/contacts/{contact}/permissions", told)
    await service.deliver(StageCompleted(**stage, completed_on=date(2026, 2, 1), next_organisation_id=None))
    message = (await service.fetch("SELECT message_id FROM message"))[0]["message_id"]
    seen = {"link": contact, "signs": [{"sign": "mood-swings", "before": "4-5", "now": "2"}]}
    concern = await ask(service, "contact", "POST", "/concerns", seen, sub=contact)
    ids = {"contact_id": contact, "permission_id": permission, "message_id": str(message), "concern_id": concern}
    return {"person_id": str(PERSON), **ids}


async def monitoring(service: ServiceUnderTest) -> Known:
    title = {"title": "Confirm places", "regions": ["UZ-TK"], "due_on": "2026-06-01"}
    answer = await service.call("POST", "/instructions", a_caller("ministry"), json=title)
    assert answer.is_success, answer.text
    return {"instruction_id": answer.json()["id"], "region": "UZ-TK"}


SEEDS = {"referral": referral, "programme": programme, "family": family, "monitoring": monitoring}
