"""DEADLINES: what happens when nothing happens: an instruction runs late, and once a day figures are released."""

from uuid import UUID

from services.monitoring.figures import FIGURES
from services.monitoring.instruction import service as instructions
from services.monitoring.release import service as releases
from shared.clock import Deadlines
from shared.database import Tx


async def on_acknowledgement_due(tx: Tx, addressed_id: UUID) -> None:
    await instructions.note_overdue(tx, addressed_id, "acknowledgement")


async def on_implementation_due(tx: Tx, addressed_id: UUID) -> None:
    await instructions.note_overdue(tx, addressed_id, "implementation")


async def on_release_due(tx: Tx, day_id: UUID) -> None:
    """Each day has a deadline of its own, set by the one before; the first by a migration."""
    await releases.make_daily_release(tx, FIGURES)


DEADLINES: Deadlines = {
    instructions.ACKNOWLEDGEMENT_DUE: on_acknowledgement_due,  # 002-13
    instructions.IMPLEMENTATION_DUE: on_implementation_due,
    releases.RELEASE_DUE: on_release_due,
}
