"""The figure as one thing, for the registry."""

from services.monitoring.figure.domain import Kind
from services.monitoring.figure.service import Figure
from services.monitoring.place_not_found import domain, store

FIGURE = Figure(
    name="place_not_found",
    path="/places-not-found",
    says="Requests that found no place, by region and stage. Source: mission row 000-62.",
    row=domain.PlaceNotFoundRow,
    words=domain.WORDS,
    kinds=(Kind(domain.PLACES_NOT_FOUND, {"no-place": domain.fall}),),
    units=store.UNITS,
    filters=("stage", "region"),
)
