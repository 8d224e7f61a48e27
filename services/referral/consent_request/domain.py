"""A request for a consent and what it is refused for. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.consent.domain import Scope
from shared.errors import refuse

Answer = Literal["asked", "given", "refused"]


class ConsentRequest(BaseModel):
    """What the organisation of a referral asks to see, and why. Nothing is given before that is confirmed.

    Source: issue of rights, section 2.
    """

    model_config = ConfigDict(frozen=True)

    consent_request_id: UUID
    referral_id: UUID
    person_id: UUID
    scope: Scope
    purpose: str
    discloser_organisation_id: UUID
    to_organisation_id: UUID
    asked_at: datetime
    status: Answer = "asked"
    consent_id: UUID | None = None


def check_asking(discloser: UUID | None, organisation_id: UUID) -> None:
    """Raises Refused("consent-not-askable") where there is nobody else to ask."""
    refuse("consent-not-askable", {"another-organisation-tells": discloser in (None, organisation_id)})


def check_answer(request: ConsentRequest, is_asked: bool) -> None:
    """Raises Refused("consent-request-not-answerable"). `is_asked`: the referral still asks the organisation or is taken by it."""
    refuse("consent-request-not-answerable", {"not-answered-before": request.status != "asked", "referral-stands": not is_asked})
