"""Contacts: the codes they are described with. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Kind = Literal["family", "school", "mentor"]
Majority = Literal["adult", "minor"]
Language = Literal["uz-Latn", "ru", "en"]
Relation = Literal[
    "parent",
    "mother",
    "father",
    "guardian",
    "partner",
    "sibling",
    "child",
    "grandparent",
    "other-relative",
    "friend",
    "neighbour",
    "classmate",
    "teacher",
    "school-psychologist",
    "university",
    "colleague",
    "employer",
    "mentor",
    "peer",
    "other",
]


ErrorReason = Literal["other-person", "entered-twice", "other"]
"""Why a contact should not have been entered."""


class Contact(BaseModel):
    """Someone of a person's circle, always at the micro level. Source: mission rows 002-11, 002-23.

    `error_at`: it was entered in error; who reads the circle sees so, and the contact itself sees nothing any more.
    """

    model_config = ConfigDict(frozen=True)

    contact_id: UUID
    person_id: UUID
    name: str
    relation: str
    kind: Kind
    majority: Majority
    language: Language
    addresses: dict[str, str]
    organisation_id: UUID | None
    added_at: datetime
    added_by_organisation_id: UUID | None = None
    added_by: str | None = None
    error_reason: str | None = None
    error_at: datetime | None = None
    error_by: str | None = None
    error_by_organisation_id: UUID | None = None
