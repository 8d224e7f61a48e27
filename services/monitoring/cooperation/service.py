"""The figure as one thing, for the registry. It has no units and no long rows: each of its numbers is one of another figure."""

from services.monitoring.cooperation import domain
from services.monitoring.figure.service import Figure

FIGURE = Figure(
    name="cooperation",
    path="/cooperation",
    says="Per region, side by side: stage 4, the hand-overs around it, the offers of stages 4 and 5. Source: mission rows 002-28, 002-29.",
    row=domain.CooperationRow,
    words=domain.WORDS,
    filters=("region",),
    derive=domain.rows,
)
