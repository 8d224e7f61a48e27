"""The shape of a unit: one person, journey or request counted once in one figure. Which facts make one is store's SQL."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Unit(NamedTuple):
    """`organisation_id` answers for it (the sender of a hand-over, the one a referral addressed).

    `amount` in days; of interactions in hours.
    """

    figure: str
    stage: int
    organisation_id: UUID | None
    to_organisation_id: UUID | None
    period: date
    outcome: str
    detail: str
    amount: int | None
