"""The figure as one thing, for the registry."""

from services.monitoring.figure.domain import Kind
from services.monitoring.figure.service import Figure
from services.monitoring.journey_funnel import domain, store

FIGURE = Figure(
    name="journey_funnel",
    path="/journeys-funnel",
    says="Journeys completed, left, open, and treated but not complete; the time it took. Source: mission rows 002-37, 002-49, 000-66.",
    row=domain.JourneyRow,
    words=domain.WORDS,
    kinds=(Kind(domain.JOURNEYS, {"journey": domain.journey, "journey-order": domain.order}),),
    units=store.UNITS,
    filters=("region", "period"),
)
