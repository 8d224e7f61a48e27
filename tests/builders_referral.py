"""Builders of what the referral tests speak about: organisations, persons, referrals, facts of a journey. No assertion lives here."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.referral.consent.domain import Consent
from services.referral.journey.domain import Spell
from services.referral.organisation.domain import Organisation, Service
from services.referral.person.domain import Person
from services.referral.referral.domain import Referral
from services.referral.transition.domain import Actor, Party
from services.referral.wish.domain import Wish
from shared.events import Event
from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage, code_at
from shared.events.programme import JourneyOpened, RelapseRecorded, StageCompleted, StageLeft, StageSkipped, StageStarted, StayCorrected
from shared.identity import Caller
from tests.harness import ServiceUnderTest, a_caller

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
CLINIC, CENTRE, STRANGER = UUID(int=101), UUID(int=102), UUID(int=199)
PERSON, JOURNEY, GUARDIAN = UUID(int=11), UUID(int=12), UUID(int=13)

REQUESTER = Actor(parties=frozenset[Party]({"requester"}), organisation_id=CLINIC)
TARGET = Actor(parties=frozenset[Party]({"target"}), organisation_id=CENTRE)
NOBODY = Actor(parties=frozenset[Party]())


def a_referral(**changes: Any) -> Referral:
    """Requested by CLINIC of CENTRE for stage 2 unless said otherwise."""
    stage = changes.get("stage", 2)
    fields: dict[str, Any] = {
        "referral_id": UUID(int=1),
        "person_id": PERSON,
        "journey_id": JOURNEY,
        "pathway": DEFAULT_PATHWAY,
        "stage": stage,
        "stage_code": code_at(FIVE_STAGES, stage),
        "status": "requested",
        "from_organisation_id": CLINIC,
        "to_organisation_id": CENTRE,
        "region": "UZ-TK",
        "origin": "organisation",
        "source": "3",
        "due_on": date(2026, 3, 10),
        "replaces": None,
        "imported": False,
        "has_started": False,
        "place_found": True,
        "opened_at": NOW,
    }
    return Referral(**fields | changes)


def a_wish(**changes: Any) -> Wish:
    names = set(Wish.model_fields) - {"draft"}
    return Wish(**a_referral(**changes).model_dump(include=names))


def a_person(**changes: Any) -> Person:
    fields: dict[str, Any] = {
        "person_id": PERSON,
        "name": "0051-0123",
        "birth_on": None,
        "region": "UZ-TK",
        "life_period": "adult",
        "registered_by": CLINIC,
    }
    return Person(**fields | changes)


def a_consent(**changes: Any) -> Consent:
    fields: dict[str, Any] = {
        "consent_id": UUID(int=21),
        "person_id": PERSON,
        "scope": "referral",
        "discloser_organisation_id": CLINIC,
        "to_organisation_id": CENTRE,
        "purpose": "treatment",
        "given_on": TODAY,
        "given_by": "person",
        "how": "written",
        "until": None,
    }
    return Consent(**fields | changes)


def an_organisation(**changes: Any) -> Organisation:
    fields: dict[str, Any] = {"organisation_id": CLINIC, "name": "0051-site-01", "level": "meso", "kind": "ngo", "region": "UZ-TK"}
    return Organisation(**fields | changes)


def a_service(**changes: Any) -> Service:
    fields: dict[str, Any] = {
        "pathway": DEFAULT_PATHWAY,
        "stage": 2,
        "stage_code": "treatment",
        "programme": "naltrexone",
        "setting": "outpatient",
        "status": "active",
        "places_free": None,
        "places_as_of": None,
    }
    return Service(**fields | changes)


def a_spell(stage: int, spell: int = 1, seq: int | None = 1, ended: str | None = None) -> Spell:
    return Spell(stage=stage, spell=spell, organisation_id=CLINIC, started_on=TODAY, started_seq=seq, ended=ended)


def opened(person_id: UUID, journey_id: UUID = JOURNEY, organisation_id: UUID = CLINIC, imported: bool = False) -> JourneyOpened:
    return JourneyOpened(
        person_id=person_id,
        journey_id=journey_id,
        pathway="addiction-rehabilitation",
        version=1,
        organisation_id=organisation_id,
        opened_on=TODAY,
        imported=imported,
    )


def opened_on(
    pathway: str, person_id: UUID, journey_id: UUID, codes: tuple[str, ...], version: int = 1, imported: bool = False
) -> JourneyOpened:
    """A journey on another pathway, with the stages of its version; the last one completes it."""
    stages = [PathwayStage(code=code, completes_the_journey=code == codes[-1]) for code in codes]
    event = opened(person_id, journey_id, imported=imported)
    return event.model_copy(update={"pathway": pathway, "version": version, "stages": tuple(stages)})


def started(person_id: UUID, stage: int, organisation_id: UUID = CENTRE, spell: int = 1, on: date = TODAY) -> StageStarted:
    where = {"stage": stage, "spell": spell, "organisation_id": organisation_id}
    return StageStarted(person_id=person_id, journey_id=JOURNEY, started_on=on, **where)


def completed(
    person_id: UUID, stage: int, to: UUID | None = None, spell: int = 1, organisation_id: UUID = CLINIC, imported: bool = False
) -> StageCompleted:
    return StageCompleted(
        person_id=person_id,
        journey_id=JOURNEY,
        stage=stage,
        spell=spell,
        organisation_id=organisation_id,
        completed_on=TODAY,
        next_organisation_id=to,
        imported=imported,
    )


def handed_over(person_id: UUID, first: UUID, second: UUID) -> list[Event]:
    """CLINIC opened the journey, the first had the person in stage 1 and the second has it in stage 2."""
    on = completed(person_id, 1, to=second, organisation_id=first)
    return [opened(person_id), started(person_id, 1, first), on, started(person_id, 2, second)]


def left(person_id: UUID, stage: int, how: Any, to: UUID | None = None, organisation_id: UUID = CENTRE) -> StageLeft:
    where = {"stage": stage, "spell": 1, "organisation_id": organisation_id}
    return StageLeft(person_id=person_id, journey_id=JOURNEY, how=how, left_on=TODAY, next_organisation_id=to, **where)


def skipped(person_id: UUID, stage: int) -> StageSkipped:
    return StageSkipped(person_id=person_id, journey_id=JOURNEY, stage=stage, how="done-elsewhere")


def stay(person_id: UUID, stage: int, organisation_id: UUID = CENTRE, on: date | None = TODAY, **ended: Any) -> StayCorrected:
    """How the first stay in a stage stands after a correction. `on` None: it never was. `ended`: how, next_organisation_id, spell."""
    fields: dict[str, Any] = {"spell": 1, "ended_on": TODAY if ended.get("how") else None} | ended
    where = {"stage": stage, "organisation_id": organisation_id, "started_on": on}
    return StayCorrected(person_id=person_id, journey_id=JOURNEY, **where, **fields)


def relapse(person_id: UUID, stage: int, reopens: int | None) -> RelapseRecorded:
    return RelapseRecorded(person_id=person_id, relapse_id=uuid4(), journey_id=JOURNEY, stage=stage, spell=1, reopens=reopens)


def coordinator(organisation_id: UUID = CLINIC, sub: str = "") -> Caller:
    return a_caller("coordinator", organisation_id, sub)


def registrar(organisation_id: UUID = CLINIC) -> Caller:
    return a_caller("registrar", organisation_id)


def system(organisation_id: UUID = CLINIC) -> Caller:
    return a_caller("system", organisation_id)


def the_person(person_id: UUID) -> Caller:
    return a_caller("person", sub=str(person_id))


async def an_entry(
    service: ServiceUnderTest,
    organisation_id: UUID,
    stage: int = 2,
    places: int | None = 3,
    confirmed: bool = True,
    **where: str,
) -> None:
    """An organisation that offers a stage, confirmed for it unless said otherwise. `where`: its region, UZ-TK; the stage's pathway."""
    region, pathway = where.get("region", "UZ-TK"), where.get("pathway", DEFAULT_PATHWAY)
    as_of = None if places is None else "2026-03-01"
    offered = {"stage": stage, "programme": "naltrexone", "setting": "outpatient", "places_free": places, "places_as_of": as_of}
    offered |= {} if pathway == DEFAULT_PATHWAY else {"pathway": pathway}
    entry = {"name": "0051-site-01", "level": "meso", "kind": "medical-organisation", "region": region, "services": [offered]}
    answer = await service.call("PUT", f"/organisations/{organisation_id}", registrar(organisation_id), json=entry)
    assert answer.status_code == 200, answer.text
    if confirmed:
        assert await confirm(service, organisation_id, [{"stage": stage, "pathway": pathway}]) == 200


async def confirm(service: ServiceUnderTest, organisation_id: UUID, stages: list[Any], caller: Caller | None = None, **said: Any) -> int:
    """Judge an organisation as the ministry unless said otherwise; returns the HTTP status."""
    body = {"kind": "medical-organisation", "level": "meso", "stages": stages} | said
    answer = await service.call("PUT", f"/organisations/{organisation_id}/confirmation", caller or a_caller("ministry"), json=body)
    return answer.status_code


async def a_registered(service: ServiceUnderTest, organisation_id: UUID = CLINIC, **fields: Any) -> UUID:
    """A person registered by CLINIC; answers its pseudonym."""
    body = {"name": "0051-0123", "region": "UZ-TK"} | fields
    answer = await service.call("POST", "/persons", coordinator(organisation_id), json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def a_journey(service: ServiceUnderTest, person_id: UUID, journey_id: UUID = JOURNEY) -> None:
    """Heard of: opened by CLINIC on addiction-rehabilitation, unless it was heard of before."""
    if not await service.fetch("SELECT FROM journey WHERE journey_id = $1", journey_id):
        await service.deliver(opened(person_id, journey_id))


async def a_given_consent(service: ServiceUnderTest, person_id: UUID, caller: Caller | None = None, **fields: Any) -> Any:
    """Recorded by CLINIC, which may tell CENTRE; answers the response."""
    body = {
        "scope": "referral",
        "discloser_organisation_id": str(CLINIC),
        "to_organisation_id": str(CENTRE),
        "purpose": "treatment",
        "given_on": "2026-03-01",
        "how": "written",
    }
    return await service.call("POST", f"/persons/{person_id}/consents", caller or coordinator(), json=body | fields)


async def a_consent_request(service: ServiceUnderTest, referral_id: UUID, caller: Caller | None = None, scope: str = "referral") -> UUID:
    """Asked by CENTRE; answers its id."""
    body = {"scope": scope, "purpose": "allergies before admission"}
    answer = await service.call("POST", f"/referrals/{referral_id}/consent-requests", caller or coordinator(CENTRE), json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def a_death(service: ServiceUnderTest, person_id: UUID, on: str = "2026-03-01") -> None:
    """Reported by one coordinator of CLINIC and confirmed by another."""
    path = f"/persons/{person_id}/death"
    assert (await service.call("PUT", path, coordinator(), json={"on": on})).json()["status"] == "reported"
    assert (await service.call("POST", f"{path}/confirmation", coordinator(sub="second"), json={})).status_code == 200


async def a_request(service: ServiceUnderTest, person_id: UUID, caller: Caller | None = None, **fields: Any) -> UUID:
    """A referral for stage 2 by CLINIC, whose journey was heard of; answers its id."""
    if "journey_id" in fields:
        await a_journey(service, person_id, UUID(fields["journey_id"]))
    body = {"person_id": str(person_id), "stage": 2, "source": "3"} | fields
    answer = await service.call("POST", "/referrals", caller or coordinator(), json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def a_request_from_before(service: ServiceUnderTest, person_id: UUID, journey_id: UUID) -> None:
    """As older rows are: for a journey that was not heard of when it was named."""
    await a_request(service, person_id)
    await service.fetch("UPDATE referral SET journey_id = $2 WHERE person_id = $1", person_id, journey_id)


async def change(service: ServiceUnderTest, referral_id: UUID, to: str, caller: Caller, reason: str | None = None) -> int:
    """Ask for a status; answers the HTTP status."""
    answer = await service.call("POST", f"/referrals/{referral_id}/status", caller, json={"to": to, "reason": reason})
    return answer.status_code


async def statuses(service: ServiceUnderTest, person_id: UUID) -> list[tuple[int, str, UUID | None]]:
    """The person's referrals as (stage, status, to), in the order they were opened."""
    rows = await service.fetch(
        "SELECT stage, status, to_organisation_id FROM referral WHERE person_id = $1 ORDER BY opened_at, referral_id", person_id
    )
    return [(row["stage"], row["status"], row["to_organisation_id"]) for row in rows]


async def deadlines(service: ServiceUnderTest) -> list[str]:
    """The kinds of deadlines that stand."""
    return [row["kind"] for row in await service.fetch("SELECT kind FROM deadline ORDER BY kind")]
