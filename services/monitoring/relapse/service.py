"""The figure as one thing, for the registry. Relapses of any stay of a stage count once, where the stage was first started."""

from services.monitoring.figure.domain import Kind
from services.monitoring.figure.service import Figure
from services.monitoring.relapse import domain, store

FIGURE = Figure(
    name="relapse",
    path="/relapses",
    says="Persons by definition, stage and programme, of those who started. Source: standards section 3.",
    row=domain.RelapseRow,
    words=domain.WORDS,
    kinds=(Kind(domain.RELAPSES, {"stage": domain.started, "relapse": domain.met}, domain.values),),
    units=store.UNITS,
    filters=("definition", "stage", "programme"),
)
