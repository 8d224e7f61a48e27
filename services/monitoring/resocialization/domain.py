"""The figure of resocialization: its cells, its row and its words. Pure. Source: mission row 002-04."""

from services.monitoring.figure.domain import BrokenRow, Count, Reasons
from services.monitoring.table.domain import TOTAL, Spec

COMPLETED = "persons who completed {after_stage} of {pathway}"

RESOCIALIZATION = Spec(
    name="resocialization",
    subject=("after_stage",),
    cells=("exempt", "completed", "started", "neither"),
    published={
        "completed": (TOTAL,),
        "exempt": ("exempt",),
        "started_5": ("completed", "started"),
        "completed_5": ("completed",),
        "neither": ("neither",),
        "in_question": ("completed", "started", "neither"),
    },
    persons={
        "completed": COMPLETED,
        "exempt": f"{COMPLETED} and needed no resocialization",
        "started_5": f"{COMPLETED} and started resocialization",
        "completed_5": f"{COMPLETED} and completed resocialization",
        "neither": f"{COMPLETED} and did not start resocialization",
        "in_question": f"{COMPLETED} and needed resocialization",
    },
    numerator="neither",
    denominator="in_question",
    definition="resocialization",
    dimensions=("region", "period"),
    reasons=("neither", "exempt"),
)

WORDS = {
    "resocialization": (
        "Of persons who completed the stage before resocialization (second figure: the stage before that one), in the month of "
        "the first completion, and were not exempt: started resocialization (stage 5 of five), completed it, or neither, with "
        "the reason. Only of pathways that have a stage resocialization."
    )
}


class ResocializationRow(BrokenRow):
    """`started_5` includes completed_5; 5 stands for the stage resocialization, whatever its position."""

    after_stage: int
    completed: Count
    exempt: Count
    exempt_reasons: Reasons
    started_5: Count
    completed_5: Count
    neither: Count
    neither_reasons: Reasons
    in_question: Count
