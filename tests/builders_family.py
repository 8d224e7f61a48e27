"""Builders for family's tests: facts about a person, an organisation that asks, contacts with permissions, a mail server that records."""

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx2

from services.family.channel.domain import Outcome, Send
from services.family.message.sender import claim_next, hand_over
from shared.database import Database
from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    JourneyCorrected,
    JourneyOpened,
    RelapseRecorded,
    RelapseWithdrawn,
    StageCompleted,
    StageLeft,
    StageStarted,
    StayCorrected,
)
from shared.events.referral import (
    OrganisationChanged,
    PersonRegistered,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
    ReferralStarted,
)
from shared.identity import Caller
from tests.harness import ServiceUnderTest, a_caller

DAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Way:
    """One person on one journey with one organisation: facts to deliver."""

    person_id: UUID = field(default_factory=uuid4)
    journey_id: UUID = field(default_factory=uuid4)
    organisation_id: UUID = field(default_factory=uuid4)
    imported: bool = False
    pathway: str = DEFAULT_PATHWAY
    stages: tuple[PathwayStage, ...] = FIVE_STAGES

    @property
    def _about(self) -> dict[str, Any]:
        return {
            "person_id": self.person_id,
            "journey_id": self.journey_id,
            "organisation_id": self.organisation_id,
            "imported": self.imported,
        }

    def registered(self, life_period: Any = "adult", by: UUID | None = None) -> PersonRegistered:
        return PersonRegistered(person_id=self.person_id, region="UZ-TK", life_period=life_period, organisation_id=by)

    def opened(self) -> JourneyOpened:
        return JourneyOpened(**self._about, pathway=self.pathway, version=1, opened_on=DAY, stages=self.stages)

    def started(self, stage: int = 1, spell: int = 1) -> StageStarted:
        return self.started_by(self.organisation_id, stage, spell)

    def started_by(self, by: UUID, stage: int = 1, spell: int = 1, on: date = DAY) -> StageStarted:
        return StageStarted(**{**self._about, "organisation_id": by}, stage=stage, spell=spell, started_on=on)

    def completed(self, stage: int = 1, spell: int = 1) -> StageCompleted:
        return StageCompleted(**self._about, stage=stage, spell=spell, completed_on=DAY, next_organisation_id=None)

    def left(self, stage: int = 1, spell: int = 1) -> StageLeft:
        return StageLeft(**self._about, stage=stage, spell=spell, how="dropped-out", left_on=DAY)

    def left_by_death(self, stage: int = 1, spell: int = 1) -> StageLeft:
        return StageLeft(**self._about, stage=stage, spell=spell, how="died", left_on=DAY)

    def corrected(self, stage: int = 1, spell: int = 1, **stands: Any) -> StayCorrected:
        """The stay goes on from DAY, unless `stands` says otherwise."""
        return StayCorrected(**{**self._about, "started_on": DAY, **stands}, stage=stage, spell=spell)

    def opening_corrected(self, opened_on: date | None = None) -> JourneyCorrected:
        return JourneyCorrected(**self._about, opened_on=opened_on)

    def all_completed(self, completion: int | None = None) -> JourneyCompleted:
        about = {"person_id": self.person_id, "journey_id": self.journey_id, "imported": self.imported, "completion": completion}
        return JourneyCompleted.model_validate({**about, "completed_on": DAY})

    def completion_corrected(self, completed_on: date | None = None, completion: int | None = None) -> CompletionCorrected:
        about = {"person_id": self.person_id, "journey_id": self.journey_id, "imported": self.imported, "completion": completion}
        return CompletionCorrected.model_validate({**about, "completed_on": completed_on})

    def relapsed(self, spell: int = 1) -> RelapseRecorded:
        where = {"person_id": self.person_id, "journey_id": self.journey_id, "stage": 2, "spell": spell}
        return RelapseRecorded(**where, relapse_id=uuid4(), reopens=2, imported=self.imported)

    def unrelapsed(self, spell: int = 1, is_last: bool = True) -> RelapseWithdrawn:
        where = {"person_id": self.person_id, "journey_id": self.journey_id, "stage": 2, "spell": spell}
        return RelapseWithdrawn.model_validate({**where, "relapse_id": uuid4(), "is_last": is_last, "imported": self.imported})

    def referred(self, referral_id: UUID, due_on: date | None) -> ReferralOpened:
        return ReferralOpened(
            person_id=self.person_id,
            referral_id=referral_id,
            journey_id=self.journey_id,
            stage=2,
            from_organisation_id=self.organisation_id,
            to_organisation_id=None,
            region="UZ-TK",
            origin="completion",
            due_on=due_on,
            pathway=self.pathway,
        )

    def _of_referral(self, referral_id: UUID) -> dict[str, Any]:
        about = {"person_id": self.person_id, "referral_id": referral_id, "journey_id": self.journey_id}
        return {**about, "stage": 2, "pathway": self.pathway}

    def accepted(self, referral_id: UUID, by: UUID) -> ReferralAnswered:
        return self.answered(referral_id, by, "accepted")

    def answered(self, referral_id: UUID, by: UUID, answer: Any) -> ReferralAnswered:
        about = self._of_referral(referral_id)
        return ReferralAnswered(**about, organisation_id=by, answer=answer, reason=None, in_time=True)

    def addressed(self, referral_id: UUID, to: UUID) -> ReferralAddressed:
        return ReferralAddressed(**self._of_referral(referral_id), to_organisation_id=to, due_on=DAY)

    def closed(self, referral_id: UUID, end: Any) -> ReferralClosed:
        return ReferralClosed(**self._of_referral(referral_id), end=end, reason=None)

    def taken_up(self, referral_id: UUID, by: UUID) -> ReferralStarted:
        return ReferralStarted(**self._of_referral(referral_id), organisation_id=by)


def a_liaison(organisation_id: UUID) -> Caller:
    return a_caller("liaison", organisation_id)


def a_contact_caller(contact_id: UUID) -> Caller:
    return a_caller("contact", sub=str(contact_id))


def an_organisation(organisation_id: UUID, confirmed: bool = True) -> OrganisationChanged:
    about = {"organisation_id": organisation_id, "level": "meso", "kind": "ngo", "region": "UZ-TK", "services": ()}
    return OrganisationChanged.model_validate({**about, "confirmed": confirmed})


async def a_known(family: ServiceUnderTest) -> UUID:
    """An organisation that family has heard of."""
    organisation_id = uuid4()
    await family.deliver(an_organisation(organisation_id))
    return organisation_id


async def a_way(family: ServiceUnderTest, life_period: str = "adult", imported: bool = False) -> Way:
    """A person family has heard of: registered, on a journey."""
    way = Way(imported=imported)
    await family.deliver(way.registered(life_period), way.opened())
    return way


async def add_contact(family: ServiceUnderTest, way: Way, caller: Caller | None = None, **changes: Any) -> httpx2.Response:
    body = {"name": "contact 1", "relation": "mother", "kind": "family", "language": "en", "email": "contact-1@example.org", **changes}
    return await family.call("POST", f"/persons/{way.person_id}/contacts", caller or a_liaison(way.organisation_id), body)


async def give(family: ServiceUnderTest, way: Way, contact_id: UUID, caller: Caller | None = None, **changes: Any) -> httpx2.Response:
    body = {"topics": ["stage"], "channels": ["inbox"], "given_by": "person", "given_on": str(DAY), **changes}
    return await family.call("POST", f"/contacts/{contact_id}/permissions", caller or a_liaison(way.organisation_id), body)


async def name_guardian(
    family: ServiceUnderTest, way: Way, contact_id: UUID, caller: Caller | None = None, **changes: Any
) -> httpx2.Response:
    body = {"basis": "parent", "until": None, **changes}
    return await family.call("POST", f"/contacts/{contact_id}/guardianship", caller or a_liaison(way.organisation_id), body)


async def a_guardian(family: ServiceUnderTest, way: Way, **guardianship: Any) -> UUID:
    """A contact that is recorded as guardian."""
    contact_id = UUID((await add_contact(family, way)).json()["id"])
    answer = await name_guardian(family, way, contact_id, **guardianship)
    assert answer.status_code == 201, answer.text
    return contact_id


async def revoke(family: ServiceUnderTest, way: Way, contact_id: UUID, permission_id: UUID) -> httpx2.Response:
    path = f"/contacts/{contact_id}/permissions/{permission_id}/revocation"
    return await family.call("POST", path, a_liaison(way.organisation_id), {})


async def a_contact(family: ServiceUnderTest, way: Way, **permission: Any) -> tuple[UUID, UUID | None]:
    """A contact and, when anything is said of it, a permission; answers both ids. A guardian gives it as one recorded for it."""
    contact_id = UUID((await add_contact(family, way)).json()["id"])
    if not permission:
        return contact_id, None
    if permission.get("given_by") in ("guardian", "both") and "guardian_id" not in permission:
        permission["guardian_id"] = str(await a_guardian(family, way))
    answer = await give(family, way, contact_id, **permission)
    assert answer.status_code == 201, answer.text
    return contact_id, UUID(answer.json()["id"])


async def states(family: ServiceUnderTest) -> list[str]:
    return [row["state"] for row in await family.fetch("SELECT state FROM message ORDER BY message_id")]


@dataclass
class Recorder:
    """Stands where the mail server does: remembers what it was handed and answers `outcome`."""

    outcome: Outcome = "accepted"
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    async def __call__(self, to: str, subject: str, text: str) -> Outcome:
        self.sent.append((to, subject, text))
        return self.outcome


async def send_next(database: Database, send: Send, channel: str = "email") -> bool:
    """One message from claim to outcome; whether there was one."""
    found, claim = await claim_next(database)
    if claim is not None:
        await hand_over(database, claim, {channel: send}, asyncio.Event())
    return found
