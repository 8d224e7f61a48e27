"""The shape of a unit: one person, journey or request counted once in one figure. Which facts make one is the SQL of its figure."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Unit(NamedTuple):
    """`organisation_id` answers for it (the sender of a hand-over, the one a referral addressed).

    `pathway` and the codes of its stages are empty where a unit has none. `amount` in days; of interactions in hours.
    `limit_days`: the hand-over limit that was told for it, None where none was.
    """

    figure: str
    pathway: str
    stage: str
    to_stage: str
    organisation_id: UUID | None
    to_organisation_id: UUID | None
    period: date
    outcome: str
    detail: str
    amount: int | None
    limit_days: int | None
