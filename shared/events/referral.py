"""What the referral service tells the others. Streams: a person, except OrganisationChanged (an organisation)."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.event import Event
from shared.events.pathway import DEFAULT_PATHWAY

LifePeriod = Literal["minor", "adult"]
Level = Literal["macro", "meso", "micro"]
ReferralOrigin = Literal["completion", "relapse", "organisation", "self", "concern"]


class PersonRegistered(Event, topic="referral", name="person_registered"):
    """A person is known; region is ISO 3166-2. Source: mission row 000-24.

    `organisation_id`: who registered the person and so has a relation to it; None in events from before it was told.
    """

    person_id: UUID
    region: str
    life_period: LifePeriod
    organisation_id: UUID | None = None


class PersonCameOfAge(Event, topic="referral", name="person_came_of_age"):
    """Guardian permissions end here. Source: mission rows 000-24, 000-25."""

    person_id: UUID
    on: date


class PersonDied(Event, topic="referral", name="person_died"):
    """The death is confirmed: the one fact that others act on. Told again where the day was corrected."""

    person_id: UUID
    on: date


class PersonDeathReversed(Event, topic="referral", name="person_death_reversed"):
    """A recorded death was none: what it stopped goes on. Referrals that it had cancelled are told as opened, and accepted, behind this."""

    person_id: UUID


class EmergencyAccessGiven(Event, topic="referral", name="emergency_access_given"):
    """An organisation with the case sees who the person is without a consent, until then; the reason stays with its owner."""

    person_id: UUID
    organisation_id: UUID
    until: datetime


class PersonErased(Event, topic="referral", name="person_erased"):
    """A tombstone: whatever else arrives of this person, before or after, the erasure wins."""

    person_id: UUID
    on: date


class PersonMerged(Event, topic="referral", name="person_merged"):
    person_id: UUID
    into_id: UUID


class OfferedService(BaseModel):
    """What an organisation offers for a stage of a pathway; `programme` is its code in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: int
    programme: str
    setting: Literal["inpatient", "outpatient", "natural-environment"]
    status: Literal["active", "inactive", "defunct", "temporarily-closed"] = "active"
    pathway: str = DEFAULT_PATHWAY


class OrganisationChanged(Event, topic="referral", name="organisation_changed"):
    """The whole present entry of an organisation. Source: mission rows 002-10, 002-11, 002-43.

    `confirmed`: whether it may be asked to take anybody; older events were of confirmed ones. What else is told is what was last
    confirmed, and before the first confirmation what the organisation entered.
    """

    organisation_id: UUID
    level: Level
    kind: str
    region: str
    services: tuple[OfferedService, ...]
    confirmed: bool = True


class ConsentGiven(Event, topic="referral", name="consent_given"):
    """`to` may see `scope` of this person until the date, ends included; None: until revoked.

    It shows something only while its discloser has a relation, the referral by which it was asked for stands, and what it rests on holds.
    """

    person_id: UUID
    consent_id: UUID
    scope: str
    to: UUID
    until: date | None
    discloser_organisation_id: UUID | None = None
    rests_on: UUID | None = None
    referral_id: UUID | None = None


class ConsentRevoked(Event, topic="referral", name="consent_revoked"):
    person_id: UUID
    consent_id: UUID


class ReferralOpened(Event, topic="referral", name="referral_opened"):
    """A person was offered a stage. `to_organisation_id` None: any qualified organisation of `region`. Source: mission row 002-06.

    `stage_code`: the code of the stage, None in events from before codes. `limit_days`: days from the completion of the stage
    before by which this one should be started; told of imported history too, which sets no clock. Source: mission row OUR-01.
    """

    person_id: UUID
    referral_id: UUID
    journey_id: UUID | None
    stage: int
    from_organisation_id: UUID | None
    to_organisation_id: UUID | None
    region: str | None
    origin: ReferralOrigin
    due_on: date | None
    pathway: str = DEFAULT_PATHWAY
    stage_code: str | None = None
    limit_days: int | None = None


class ReferralAddressed(Event, topic="referral", name="referral_addressed"):
    """An organisation was named for a referral that was open to any, or the one named was changed."""

    person_id: UUID
    referral_id: UUID
    journey_id: UUID | None
    stage: int
    to_organisation_id: UUID
    due_on: date | None
    pathway: str = DEFAULT_PATHWAY


class ReferralAnswered(Event, topic="referral", name="referral_answered"):
    """Accepted or declined by `organisation_id`; reason is a code of standards section 1. Source: mission rows 002-06, 002-22.

    `by_sender`: who answered had sent it itself, so that an acceptance gives no relation.
    """

    person_id: UUID
    referral_id: UUID
    journey_id: UUID | None
    stage: int
    organisation_id: UUID
    answer: Literal["accepted", "declined"]
    reason: str | None
    in_time: bool
    pathway: str = DEFAULT_PATHWAY
    by_sender: bool = False


class ReferralStarted(Event, topic="referral", name="referral_started"):
    person_id: UUID
    referral_id: UUID
    journey_id: UUID | None
    stage: int
    organisation_id: UUID
    pathway: str = DEFAULT_PATHWAY


class ReferralClosed(Event, topic="referral", name="referral_closed"):
    person_id: UUID
    referral_id: UUID
    journey_id: UUID | None
    stage: int
    end: Literal["completed", "failed", "cancelled", "entered-in-error"]
    reason: str | None
    pathway: str = DEFAULT_PATHWAY


class AnswerOverdue(Event, topic="referral", name="answer_overdue"):
    """No answer by the due date. Source: mission row 002-22."""

    person_id: UUID
    referral_id: UUID
    stage: int
    region: str | None
    pathway: str = DEFAULT_PATHWAY


class HandoverOverdue(Event, topic="referral", name="handover_overdue"):
    """Not started by the hand-over limit."""

    person_id: UUID
    referral_id: UUID
    stage: int
    region: str | None
    pathway: str = DEFAULT_PATHWAY


class PlaceNotFound(Event, topic="referral", name="place_not_found"):
    """No qualified organisation of the region has a place. Source: mission row 000-62."""

    person_id: UUID
    referral_id: UUID
    stage: int
    region: str | None
    pathway: str = DEFAULT_PATHWAY
