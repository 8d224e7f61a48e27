"""The figure as one thing, for the registry."""

from services.monitoring.figure.domain import Kind, with_reason
from services.monitoring.figure.service import Figure
from services.monitoring.resocialization import domain, store

FIGURE = Figure(
    name="resocialization",
    path="/journeys-funnel/resocialization",
    says="Of those who completed stage 4 (second figure: 3): started 5, completed it, neither, with reasons. Source: mission row 002-04.",
    row=domain.ResocializationRow,
    words=domain.WORDS,
    kinds=(Kind(domain.RESOCIALIZATION, {"resocialization": with_reason}),),
    units=store.UNITS,
    filters=("after_stage", "region", "period"),
)
