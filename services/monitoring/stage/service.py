"""The figure as one thing, for the registry. A stage counts each person once, at the organisation of the first start."""

from services.monitoring.figure.domain import Kind, with_reason
from services.monitoring.figure.service import Figure
from services.monitoring.stage import domain, store

FIGURE = Figure(
    name="stage",
    path="/journeys-funnel/stages",
    says="Persons who started, completed, left each stage. Source: mission row 002-28.",
    row=domain.StageRow,
    words=domain.WORDS,
    kinds=(Kind(domain.STAGES, {"stage": with_reason}),),
    units=store.UNITS,
    filters=("stage", "region", "programme", "period"),
)
