"""What is known of a person when its row is locked. Pure."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Known(NamedTuple):
    """A person as heard from referral. `new_id`: a new time-ordered id; `registered_by`: None where it was not told."""

    new_id: UUID
    registered_by: UUID | None
    died_on: date | None
