"""Questions and suggestions, and when their answer is due. Pure."""

from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse

Kind = Literal["question", "suggestion"]


class Enquiry(BaseModel):
    """`to_organisation_id` None: put to the network; the duty organisation or the safeguarding of `region` answers.

    Source: mission row 001-11.
    """

    model_config = ConfigDict(frozen=True)

    enquiry_id: UUID
    kind: Kind
    text: str
    asked_by: str
    to_organisation_id: UUID | None
    region: str
    asked_at: datetime
    due_on: date
    overdue: bool
    answer: str | None
    answered_at: datetime | None


class Reach(NamedTuple):
    """Whose enquiries a caller may answer: an organisation's, with the network's where it is on duty; and the network's of regions."""

    organisation_id: UUID | None
    regions: tuple[str, ...]


def check_asked(is_confirmed: bool, region_known: bool) -> None:
    """Raises Refused("enquiry-not-possible"). `is_confirmed`: the organisation asked, or none is. Source: mission rows 001-11, 002-10."""
    refuse("enquiry-not-possible", {"organisation-confirmed": not is_confirmed, "region-known": not region_known})


def check_answer(enquiry: Enquiry) -> None:
    """Raises Refused("enquiry-not-answerable")."""
    refuse("enquiry-not-answerable", {"not-answered-before": enquiry.answered_at is not None})
