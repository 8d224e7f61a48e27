"""Questions and suggestions, and when their answer is due. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse

Kind = Literal["question", "suggestion"]


class Enquiry(BaseModel):
    """`to_organisation_id` None: put to the network, any organisation may answer. Source: mission row 001-11."""

    model_config = ConfigDict(frozen=True)

    enquiry_id: UUID
    kind: Kind
    text: str
    asked_by: str
    to_organisation_id: UUID | None
    asked_at: datetime
    due_on: date
    overdue: bool
    answer: str | None
    answered_at: datetime | None

    def may_answer(self, organisation_id: UUID | None) -> bool:
        return organisation_id is not None and self.to_organisation_id in (None, organisation_id)


def check_answer(enquiry: Enquiry) -> None:
    """Raises Refused("enquiry-not-answerable")."""
    refuse("enquiry-not-answerable", {"not-answered-before": enquiry.answered_at is not None})
