"""When a contact is somebody's guardian. Pure."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Guardian(BaseModel):
    """A contact with the basis and the last day of its guardianship (None: until majority). Source: issue of rights, section 2."""

    model_config = ConfigDict(frozen=True)

    person_id: UUID
    contact_id: UUID
    basis: str
    until: date | None
    is_ended: bool

    def is_one_on(self, day: date) -> bool:
        return not self.is_ended and (self.until is None or day <= self.until)
