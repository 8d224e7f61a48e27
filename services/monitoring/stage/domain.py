"""The figure of stages: its cells, its row and its words. Pure. Source: mission row 002-28."""

from services.monitoring.figure.domain import BrokenRow, Count, Reasons
from services.monitoring.table.domain import TOTAL, Spec

STARTED = "persons who started {stage} of {pathway}"

STAGES = Spec(
    name="stages",
    subject=("stage",),
    cells=("completed", "left", "open"),
    published={"started": (TOTAL,), "completed": ("completed",), "left": ("left",), "open": ("open",)},
    persons={
        "started": STARTED,
        "completed": "persons who completed {stage} of {pathway}",
        "left": f"{STARTED} and left it",
        "open": f"{STARTED} and are in it",
    },
    numerator="completed",
    denominator="started",
    definition="stage",
    reasons=("left",),
)

WORDS = {
    "stage": "Persons by the first start of the stage, in the month and at the organisation of that start; completed in any of its stays."
}


class StageRow(BrokenRow):
    stage: int
    started: Count
    completed: Count
    left: Count
    left_reasons: Reasons
    open: Count
