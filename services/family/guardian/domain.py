"""Guardians: who can be named, and what the others are told. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.family import GuardianBasis, GuardianEnded, GuardianNamed

EndedBecause = Literal["ended", "last-day-over", "came-of-age"]
BY_A_GUARDIAN = ("guardian", "both")
"""Givers of a consent or permission that need a recorded guardian."""


class Guardianship(BaseModel):
    """A contact as guardian. `until` is the last day; None: until majority. Source: mission rows 000-24, 000-25."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    guardianship_id: UUID
    contact_id: UUID
    basis: GuardianBasis
    until: date | None
    named_at: datetime
    named_by: str
    named_by_organisation_id: UUID | None
    ended_at: datetime | None = None
    ended_because: EndedBecause | None = None

    def named(self, person_id: UUID) -> GuardianNamed:
        return GuardianNamed(person_id=person_id, contact_id=self.contact_id, basis=self.basis, until=self.until)

    def ended(self, person_id: UUID) -> GuardianEnded:
        return GuardianEnded(person_id=person_id, contact_id=self.contact_id)


@dataclass(frozen=True)
class Naming:
    """What is known where a guardian is named. `givers`: who may consent at the person's age; `lasting`: it is a guardian already."""

    today: date
    givers: Collection[str]
    majority: str
    lasting: bool


def must_be_namable(until: date | None, naming: Naming) -> None:
    """Raises Refused("guardian-not-possible"). The contact is of age, and at the person's age a guardian has something to say."""
    refuse(
        "guardian-not-possible",
        {
            "person-has-guardians": not set(BY_A_GUARDIAN).intersection(naming.givers),
            "contact-is-adult": naming.majority != "adult",
            "not-guardian-already": naming.lasting,
            "until-today-or-later": until is not None and until < naming.today,
        },
    )
