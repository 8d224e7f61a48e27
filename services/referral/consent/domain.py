"""Sharing consents: what one must name, who may give it, and when it is valid. Pure."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.referral import ConsentGiven, ConsentRevoked, LifePeriod

Scope = Literal["pathway-summary", "referral", "full-record"]
How = Literal["written", "electronic", "verbal-witnessed"]
Giver = Literal["person", "guardian", "both"]
SHOWS_IDENTITY: tuple[Scope, ...] = ("referral", "full-record")
WITH_GUARDIAN: tuple[Giver, ...] = ("guardian", "both")
WHO_GIVES: dict[LifePeriod, str] = {"adult": "given-by-the-person", "minor": "given-with-guardian"}


class Consent(BaseModel):
    """Who may tell what to whom, why, until when, how and by whom it was given. Source: privacy section 4.

    `guardian_id`: the recorded guardian who gave it or took part; None where the person gave it alone, and in older rows.
    `rests_on`: the consent by which the discloser itself knew what it tells. What rests on another ends with it.
    """

    model_config = ConfigDict(frozen=True)

    consent_id: UUID
    person_id: UUID
    scope: Scope
    discloser_organisation_id: UUID
    to_organisation_id: UUID
    purpose: str
    given_on: date
    given_by: Giver
    how: How
    until: date | None
    guardian_id: UUID | None = None
    rests_on: UUID | None = None
    revoked_at: datetime | None = None

    @property
    def parties(self) -> tuple[UUID, UUID]:
        return self.discloser_organisation_id, self.to_organisation_id

    def until_at_most(self, day: date | None) -> "Consent":
        """No consent outlives the guardianship under which it was given, or the consent on which it rests."""
        if day is None or (self.until is not None and self.until <= day):
            return self
        return self.model_copy(update={"until": day})

    def given(self, referral_id: UUID | None) -> ConsentGiven:
        """`referral_id`: by which it was asked for."""
        rests = self.model_dump(include={"discloser_organisation_id", "rests_on"})
        what = self.model_dump(include={"person_id", "consent_id", "scope", "until"})
        return ConsentGiven(**what, **rests, to=self.to_organisation_id, referral_id=referral_id)

    def revoked(self) -> ConsentRevoked:
        return ConsentRevoked(person_id=self.person_id, consent_id=self.consent_id)


class Giving(NamedTuple):
    """What a consent is checked against. `organisation_id` None: the person's own token gives it.

    `givers`: who may give it at the person's age. `discloser_may`: the discloser has a relation that lets it tell this;
    an organisation tells nothing that it may not see itself. `dates`: what is wrong with the day on which it was given.
    """

    period: LifePeriod
    givers: Collection[Giver]
    organisation_id: UUID | None
    guardian_recorded: bool
    recipient_known: bool
    discloser_may: bool
    dates: Mapping[str, bool]


def check_consent(consent: Consent, giving: Giving) -> None:
    """Raises Refused("consent-not-possible"). Who may give it at which age is a setting. Source: mission row 000-25, privacy section 4."""
    by_organisation = giving.organisation_id is not None
    tells_itself = not by_organisation or giving.organisation_id == consent.discloser_organisation_id
    takes_guardian = consent.given_by in WITH_GUARDIAN
    refuse(
        "consent-not-possible",
        {
            **giving.dates,
            "until-on-or-after-given-on": consent.until is not None and consent.until < consent.given_on,
            "between-two-organisations": consent.discloser_organisation_id == consent.to_organisation_id,
            "own-organisation-takes-part": not tells_itself,
            "discloser-may-tell-it": tells_itself and not giving.discloser_may,
            "organisation-known": not giving.recipient_known,
            WHO_GIVES[giving.period]: consent.given_by not in giving.givers,
            "guardian-recorded": takes_guardian and not giving.guardian_recorded,
            "guardian-recorded-by-an-organisation": takes_guardian and not by_organisation,
            "guardian-takes-part": consent.guardian_id is not None and not takes_guardian,
        },
    )
