"""What persons count for now, by the definitions of the figures; the same for a batch and for a recomputation from scratch."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.monitoring.unit import store
from services.monitoring.unit.domain import Unit
from shared.database import Connection

__all__ = ["OF_EVERYBODY", "Unit", "units_of"]

OF_EVERYBODY = store.OF_EVERYBODY


async def units_of(connection: Connection, persons: Sequence[UUID]) -> Counter[Unit]:
    """How many units of each shape these persons make.

    Definitions settled here (mission rows, "Decisions"; standards section 4):
    - A hand-over n -> n+1 counts each person once a calendar month, by the first completion of n in that month; n -> n likewise by a
      transfer. It is held against the first start of n+1 in the same journey between this stay in n and the next one, or against a stay
      in n+1 that was still open at the completion.
    - Exempt are who was not started and died by the limit, returned to custody (reason on the referral), or needs no hand-over here because
      n+1 is skipped: done elsewhere (moved with transfer) or not needed. How a later stage ended exempts nobody from the one before.
    - Declined: a referral for n+1 was declined and none is open any more. Any later start moves the person to started.
    - A referral counts once a person and stage, by the first that had an addressee; one opened by a relapse counts in a figure of its own.
      An imported referral has no day of its own: the opening of its journey stands for it.
    - A stage counts each person once, at the organisation of the first start; relapses of any of its stays are counted there.
    """
    return Counter(Unit(*row) for row in await store.list_units(connection, persons))
