"""Sharing consents: what one must name, and when it is valid. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.referral import ConsentGiven, ConsentRevoked, LifePeriod

Scope = Literal["pathway-summary", "referral", "full-record"]
How = Literal["written", "electronic", "verbal-witnessed"]
Giver = Literal["person", "guardian", "both"]
SHOWS_IDENTITY: tuple[Scope, ...] = ("referral", "full-record")


class Consent(BaseModel):
    """Who may tell what to whom, why, until when, how and by whom it was given. Source: privacy section 4."""

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
    revoked_at: datetime | None = None

    def given(self) -> ConsentGiven:
        return ConsentGiven(
            person_id=self.person_id, consent_id=self.consent_id, scope=self.scope, to=self.to_organisation_id, until=self.until
        )

    def revoked(self) -> ConsentRevoked:
        return ConsentRevoked(person_id=self.person_id, consent_id=self.consent_id)


def check_consent(consent: Consent, period: LifePeriod, organisation_id: UUID | None, today: date) -> None:
    """Raises Refused("consent-not-possible"). `organisation_id` None: the person alone gives it.

    An adult gives it alone; for a minor the guardian takes part. Source: mission row 000-25, privacy section 4.
    """
    refuse(
        "consent-not-possible",
        {
            "given-on-not-in-future": consent.given_on > today,
            "until-on-or-after-given-on": consent.until is not None and consent.until < consent.given_on,
            "between-two-organisations": consent.discloser_organisation_id == consent.to_organisation_id,
            "own-organisation-takes-part": organisation_id is not None
            and organisation_id not in (consent.discloser_organisation_id, consent.to_organisation_id),
            "given-by-the-person": period == "adult" and consent.given_by != "person",
            "given-with-guardian": period == "minor" and consent.given_by == "person",
        },
    )
