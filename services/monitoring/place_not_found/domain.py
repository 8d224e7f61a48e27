"""The figure of requests without a place: its cells, how a request falls into them, its row and its words. Pure. Source: 000-62."""

from datetime import date

from services.monitoring.figure.domain import BrokenRow, Count, Fallen, Placed
from services.monitoring.table.domain import TOTAL, Spec

PLACES_NOT_FOUND = Spec(
    name="places_not_found",
    subject=("stage",),
    cells=("not-found",),
    published={"requests": (TOTAL,)},
    persons={"requests": "requests for {stage} of {pathway} that found no place"},
    numerator="requests",
    denominator="requests",
    definition="place-not-found",
    dimensions=("region",),
)

WORDS = {"place-not-found": "Requests for a stage for which no qualified organisation of the region had a place, each once."}


class PlaceNotFoundRow(BrokenRow):
    stage: int
    requests: Count


def fall(unit: Placed, as_of: date) -> Fallen:
    """The region is where a place was looked for."""
    return Fallen(unit.about(unit.at()), ("not-found",), region=unit.detail or None)
