"""What the monitoring service tells the others. Stream: the instruction."""

from datetime import date
from uuid import UUID

from shared.events.event import Event


class InstructionIssued(Event, topic="monitoring", name="instruction_issued"):
    """Asked of regions (ISO 3166-2), to be implemented by the date. Source: mission row 002-13."""

    instruction_id: UUID
    regions: tuple[str, ...]
    due_on: date


class InstructionClosed(Event, topic="monitoring", name="instruction_closed"):
    """`in_error`: it was issued by mistake, and never was."""

    instruction_id: UUID
    in_error: bool = False
