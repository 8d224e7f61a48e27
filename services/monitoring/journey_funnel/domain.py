"""The funnel of journeys: its cells, how a journey falls into them, its row and its words. Pure. Source: mission rows 002-37, 002-49."""

from datetime import date

from services.monitoring.figure.domain import BrokenRow, Count, Fallen, Placed
from services.monitoring.table.domain import TOTAL, Spec

JOURNEYS = Spec(
    name="journeys",
    subject=(),
    cells=("completed", "left", "open"),
    published={
        "journeys": (TOTAL,),
        "persons": ("order/first",),
        "completed": ("completed",),
        "left": ("left",),
        "open": ("open",),
        "treated": ("treatment/treated", "treatment/treated-not-complete"),
        "treated_not_complete": ("treatment/treated-not-complete",),
    },
    persons={
        "journeys": "journeys on {pathway}",
        "persons": "persons with a journey on {pathway}",
        "completed": "journeys on {pathway} that were completed",
        "left": "journeys on {pathway} that ended early",
        "open": "journeys on {pathway} that go on",
        "treated": "journeys on {pathway} with a completed treatment",
        "treated_not_complete": "journeys on {pathway} with a completed treatment and nothing after it",
    },
    numerator="treated_not_complete",
    denominator="treated",
    definition="journey",
    dimensions=("region", "period"),
    quantiles=("completed", "days"),
)

WORDS = {
    "journey": (
        "Journeys by the month of their opening and the organisation that opened them; persons are counted by their first "
        "journey on the pathway. Completed = the stage that completes the journey (stage 5 of five) was completed. "
        "treated_not_complete = the stage treatment (stage 2 of five) was completed and nothing later started, of all that "
        "completed it: never counted as completed. Median and quartiles in days from the first start of any stage to the "
        "completion of the journey's last one."
    )
}


class JourneyRow(BrokenRow):
    """Journeys and persons are different numbers."""

    journeys: Count
    persons: Count
    completed: Count
    left: Count
    open: Count
    treated: Count
    treated_not_complete: Count
    median_days: float | None
    quartiles_days: tuple[float, float] | None


def journey(unit: Placed, as_of: date) -> Fallen:
    cells = (unit.outcome, f"treatment/{unit.detail or 'none'}")
    return Fallen(unit.about(), cells, unit.amount if unit.outcome == "completed" else None)


def order(unit: Placed, as_of: date) -> Fallen:
    """A person's first journey on the pathway, or a later one."""
    return Fallen(unit.about(), (f"order/{unit.outcome}",))
