"""Builders for programme's tests: journeys in a wanted state, visits and endings, and a clinic that sends commands."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey
from services.programme.journey.opening import Opening, open_journey
from services.programme.pathway.domain import Pathway, StageRule, with_properties
from services.programme.stage.domain import Ended, Start, Visit, complete_stage, leave_stage, start_stage
from shared.events.referral import OrganisationChanged, PersonRegistered, ReferralAnswered
from tests.harness import ServiceUnderTest, a_caller

DAY = date(2026, 1, 5)
TODAY = Days(date(2026, 12, 31))
CLINIC, CENTRE, NGO = UUID(int=11), UUID(int=12), UUID(int=13)
MIGRATIONS = Path("services/programme/migrations")


def day(number: int) -> date:
    """The n-th day after DAY."""
    return DAY + timedelta(days=number)


def a_pathway() -> Pathway:
    """The pathway as the migrations bring it."""
    pathway = json.loads((MIGRATIONS / "0002_addiction_rehabilitation.sql").read_text().split("$pathway$")[1])
    titles = json.loads((MIGRATIONS / "0003_properties_of_stages.sql").read_text().split("$titles$")[1])
    said = [{**stage, "titles": titles[stage["code"]]} for stage in pathway["stages"]]
    return Pathway(code=pathway["code"], version=pathway["version"], stages=with_properties(pathway["code"], said))


def another_pathway(*codes: str, **last: Any) -> Pathway:
    """Another pathway with these stages, of one week each; `last`: what is said of the last one."""
    said: list[dict[str, Any]] = [{"stage": number, "code": code, "planned_weeks": 1} for number, code in enumerate(codes, start=1)]
    said[-1] |= last
    return Pathway(code="return-from-prison", version=1, stages=with_properties("return-from-prison", said))


def a_start(on: date = DAY, at: UUID = CLINIC, kind: str = "medical-organisation", **visit: Any) -> Start:
    values = {"setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1", **visit}
    return Start(at, kind, Visit(on, **values))


def completed(on: date = DAY, at: UUID | None = CLINIC, to: UUID | None = None) -> Ended:
    return Ended(on, "completed", at, "goals-reached", None, to)


def left(on: date = DAY, at: UUID | None = CLINIC) -> Ended:
    return Ended(on, "dropped-out", at, None, "moved")


def an_opened_journey(imported: bool = False, pathway: Pathway | None = None) -> Journey:
    opening = Opening(person_id=uuid4(), organisation_id=NGO, opened_on=DAY, imported=imported, by_system=imported)
    return open_journey(uuid4(), pathway or a_pathway(), opening, TODAY)[0]


def a_journey(*ends: str, imported: bool = False, pathway: Pathway | None = None) -> Journey:
    """A journey whose stages 1, 2, ... are "completed", "left" or "started"; stage n starts on day 10 n and ends 5 days later."""
    journey = an_opened_journey(imported, pathway)
    for stage, end in enumerate(ends, start=1):
        journey = begun(journey, the_rule(pathway or a_pathway(), stage), day(10 * stage))
        if end == "completed":
            journey = complete_stage(journey, stage, completed(day(10 * stage + 5)), TODAY)[0]
        if end == "left":
            journey = leave_stage(journey, stage, left(day(10 * stage + 5)), TODAY)[0]
    return journey


def started(journey: Journey, stage: int, on: date, at: UUID = CLINIC, **visit: Any) -> Journey:
    return begun(journey, the_rule(a_pathway(), stage), on, at, **visit)


def begun(journey: Journey, rule: StageRule, on: date, at: UUID = CLINIC, **visit: Any) -> Journey:
    return start_stage(journey, rule, a_start(on, at, **visit), TODAY)[0]


def the_rule(pathway: Pathway, stage: int) -> StageRule:
    rule = pathway.rule(stage)
    assert rule is not None
    return rule


def an_organisation(organisation_id: UUID, kind: str = "medical-organisation") -> OrganisationChanged:
    return OrganisationChanged(organisation_id=organisation_id, level="meso", kind=kind, region="UZ-TK", services=())


def an_answer(
    person_id: UUID, organisation_id: UUID, stage: int, journey_id: UUID | None = None, answer: str = "accepted", **fields: str
) -> ReferralAnswered:
    told = {"person_id": person_id, "referral_id": uuid4(), "journey_id": journey_id, "stage": stage, "organisation_id": organisation_id}
    return ReferralAnswered.model_validate({**told, "answer": answer, "reason": None, "in_time": True, **fields})


@dataclass
class Clinic:
    """An organisation's people at their screens: sends commands to the service under test."""

    service: ServiceUnderTest
    organisation_id: UUID = field(default_factory=uuid4)
    role: str = "clinician"

    async def become_known(self, kind: str = "medical-organisation") -> None:
        await self.service.deliver(an_organisation(self.organisation_id, kind))

    async def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        return await self.service.call(method, path, a_caller(self.role, self.organisation_id), body, key)

    async def get(self, path: str) -> httpx2.Response:
        return await self.service.call("GET", path, a_caller(self.role, self.organisation_id))

    async def register(self, person_id: UUID | None = None) -> UUID:
        """A person whom this organisation registered, as heard from referral."""
        person_id = person_id or uuid4()
        told = PersonRegistered(person_id=person_id, region="UZ-TK", life_period="adult", organisation_id=self.organisation_id)
        await self.service.deliver(told)
        return person_id

    async def try_to_open(self, person_id: UUID, **fields: Any) -> httpx2.Response:
        body = {"person_id": str(person_id), "pathway": "addiction-rehabilitation", "opened_on": "2025-06-02", **fields}
        return await self.send("POST", "/journeys", body)

    async def open(self, person_id: UUID | None = None, **fields: Any) -> UUID:
        """A journey of a person it registered."""
        answer = await self.try_to_open(await self.register(person_id), **fields)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def accept(self, journey_id: UUID, stage: int, answer: str = "accepted") -> ReferralAnswered:
        """Its answer to a new referral for a stage of the journey, as heard from referral."""
        (row,) = await self.service.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
        told = an_answer(row["person_id"], self.organisation_id, stage, journey_id, answer)
        await self.service.deliver(told)
        return told

    async def start(self, journey_id: UUID, stage: int, on: str, **fields: Any) -> httpx2.Response:
        body = {"started_on": on, "setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1", **fields}
        return await self.send("PUT", f"/journeys/{journey_id}/stages/{stage}/start", body)

    async def complete(self, journey_id: UUID, stage: int, on: str, key: str | None = None, **fields: Any) -> httpx2.Response:
        return await self.send("PUT", f"/journeys/{journey_id}/stages/{stage}/completion", {"completed_on": on, **fields}, key)

    async def leave(self, journey_id: UUID, stage: int, on: str, **fields: Any) -> httpx2.Response:
        return await self.send("PUT", f"/journeys/{journey_id}/stages/{stage}/leaving", {"left_on": on, "how": "dropped-out", **fields})


async def a_clinic(service: ServiceUnderTest, role: str = "clinician", kind: str = "medical-organisation") -> Clinic:
    clinic = Clinic(service, role=role)
    await clinic.become_known(kind)
    return clinic
