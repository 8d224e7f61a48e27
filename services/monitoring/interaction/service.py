"""The figure as one thing, for the registry: referrals and concerns from the facts, instructions from their own noun."""

from datetime import date

from services.monitoring.figure.domain import Kind
from services.monitoring.figure.service import Figure
from services.monitoring.instruction import service as instructions
from services.monitoring.interaction import domain, store
from services.monitoring.table.domain import Counted, Subject
from shared.database import Connection


async def acknowledgements(connection: Connection, before: date) -> list[tuple[Subject, Counted]]:
    """Every region that an instruction addressed before that day, and whether it answered."""
    return [domain.instruction(outcome, hours) for outcome, hours in await instructions.acknowledgements(connection, before)]


FIGURE = Figure(
    name="interaction",
    path="/interaction",
    says="How levels answer one another, by pair. Source: mission row 002-22.",
    row=domain.InteractionRow,
    words=domain.WORDS,
    kinds=(Kind(domain.INTERACTION, {"interaction": domain.fall}),),
    units=store.UNITS,
    filters=("from_level", "to_level", "kind"),
    beside=acknowledgements,
)
