"""A death touches the person and its referrals."""

from datetime import date
from uuid import UUID

from services.referral.person import service as persons
from services.referral.referral import service as referrals
from shared.database import Tx


async def record(tx: Tx, person_id: UUID, on: date) -> None:
    """Record it once; what was still waiting is cancelled, what has begun ends with its stage."""
    if await persons.record_death(tx, person_id, on):
        await referrals.withdraw_waiting(tx, person_id, "died")
