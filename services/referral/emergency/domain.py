"""How long emergency access lasts and what it is refused for. Pure."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.referral import EmergencyAccessGiven

LASTS = timedelta(hours=24)


class EmergencyAccess(BaseModel):
    """Who took it, why, until when, and what the review found. Source: issue of rights, section 2; privacy section 1."""

    model_config = ConfigDict(frozen=True)

    emergency_access_id: UUID
    person_id: UUID
    organisation_id: UUID
    reason: str
    taken_by: str
    taken_at: datetime
    until: datetime
    ended_at: datetime | None = None
    reviewed_at: datetime | None = None
    justified: bool | None = None
    finding: str | None = None

    def given(self) -> EmergencyAccessGiven:
        """The reason stays here."""
        return EmergencyAccessGiven(person_id=self.person_id, organisation_id=self.organisation_id, until=self.until)


def check_taking(has_consent: bool, has_died: bool) -> None:
    """Raises Refused("emergency-access-not-possible"): where a consent shows the person there is nothing to override."""
    refuse("emergency-access-not-possible", {"without-a-consent": has_consent, "person-alive": has_died})


def check_review(access: EmergencyAccess) -> None:
    """Raises Refused("emergency-access-not-reviewable")."""
    refuse("emergency-access-not-reviewable", {"not-reviewed-before": access.reviewed_at is not None})
