"""What programme does when nothing happens."""

from uuid import UUID

from services.programme.relapse import service as relapses
from services.programme.weekly.service import WEEK_OVER
from shared.clock import Deadlines
from shared.database import Tx


async def on_week_over(tx: Tx, waiting_id: UUID) -> None:
    """A week of a weekly record passed: without a result it is missing. Source: standards section 3."""
    await relapses.week_over(tx, waiting_id)


DEADLINES: Deadlines = {WEEK_OVER: on_week_over}
