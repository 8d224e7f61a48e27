"""The figure of interaction between levels: its cells, how a request falls into them, its row and its words. Pure. Source: 002-22."""

from datetime import date

from pydantic import Field

from services.monitoring.figure.domain import Count, Fallen, PathwayRow, Placed
from services.monitoring.table.domain import NOT_KNOWN, TOTAL, Counted, Spec, Subject

ASKED = "requests ({kind}) from {from_level} to {to_level}"

INTERACTION = Spec(
    name="interaction",
    subject=("from_level", "to_level", "kind"),
    cells=("in-time", "late", "unanswered", "waiting", "withdrawn"),
    published={
        "sent": (TOTAL,),
        "answered_in_time": ("in-time",),
        "late": ("late",),
        "unanswered": ("unanswered",),
        "waiting": ("waiting",),
        "withdrawn": ("withdrawn",),
        "answered": ("in-time", "late"),
    },
    persons={
        "sent": ASKED,
        "answered_in_time": f"{ASKED} answered in time",
        "late": f"{ASKED} answered late",
        "unanswered": f"{ASKED} not answered in time",
        "waiting": f"{ASKED} that wait for an answer",
        "withdrawn": f"{ASKED} that were withdrawn",
        "answered": f"{ASKED} that were answered",
    },
    numerator="answered_in_time",
    denominator="sent",
    definition="interaction",
    dimensions=(),
    quantiles=("answered", "hours"),
)

WORDS = {
    "interaction": (
        "What one level asked of another and was to be answered by a due time: referrals and concerns by the day their own "
        "service set, instructions to regions within {acknowledge_working_days} working days; imported history is left out. "
        "Referrals stand by pathway; concerns and instructions have none. Median in hours over the answered ones."
    )
}


class InteractionRow(PathwayRow):
    from_level: str
    to_level: str
    kind: str = Field(examples=["referral"])
    sent: Count
    answered: Count
    answered_in_time: Count
    late: Count
    unanswered: Count
    waiting: Count
    withdrawn: Count
    median_hours: float | None
    quartiles_hours: tuple[float, float] | None


def fall(unit: Placed, as_of: date) -> Fallen:
    """A concern goes from a family to the clinic; a referral without a sender was asked by the person."""
    sender = unit.from_level or ("meso" if unit.detail == "referral" else "micro")
    kind = "concern" if unit.detail == "concern" else "referral"
    return Fallen(unit.about(sender, unit.to_level or "meso", kind), (unit.outcome,), unit.amount)


def instruction(outcome: str, hours: int | None) -> tuple[Subject, Counted]:
    """An instruction to a region: the ministry asks, nobody's pathway is concerned."""
    return Subject(None, ("macro", "meso", "instruction")), Counted(NOT_KNOWN, NOT_KNOWN, "", (outcome,), hours, 1)
