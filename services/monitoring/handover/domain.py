"""The hand-over figure: its cells, the rule how a hand-over falls into them, its row and its words. Pure. Source: standards section 4."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pydantic import Field

from services.monitoring.figure.domain import BrokenRow, Count, Fallen, Placed, Reasons
from services.monitoring.row.domain import Row, View, values_of
from services.monitoring.table.domain import TOTAL, RowKey, Spec, Table

BANDS = (7, 14, 21, 30)
"""Days from a completion to the next start, cumulative."""
BAND_CELLS = tuple(f"within-{band}" for band in BANDS)
OUTCOMES = ("overlapping", *BAND_CELLS, "later", "declined", "waiting", "lost")
DEFAULT_LIMIT_DAYS = 21
"""The limit of a hand-over for which no referral told one. Source: mission rows, "Deadlines"."""
NEXT = "persons who completed {from_stage} of {pathway}"

HANDOVERS = Spec(
    name="handovers",
    subject=("from_stage", "to_stage"),
    cells=("exempt", *OUTCOMES),
    published={
        "completed": (TOTAL,),
        "exempt": ("exempt",),
        "overlapping": ("overlapping",),
        **{f"within_{band}": BAND_CELLS[: place + 1] for place, band in enumerate(BANDS)},
        "later": ("later",),
        "declined": ("declined",),
        "waiting": ("waiting",),
        "lost": ("lost",),
        "in_question": OUTCOMES,
        "started_after": (*BAND_CELLS, "later"),
    },
    persons={
        "completed": NEXT,
        "exempt": f"{NEXT} and needed no hand-over to {{to_stage}}",
        "overlapping": f"{NEXT} and had started {{to_stage}} before",
        **{f"within_{band}": f"{NEXT} and started {{to_stage}} within {band} days" for band in BANDS},
        "later": f"{NEXT} and started {{to_stage}} after more than {BANDS[-1]} days",
        "declined": f"{NEXT} and were declined for {{to_stage}}",
        "waiting": f"{NEXT} and wait for {{to_stage}}",
        "lost": f"{NEXT} and are lost on the way to {{to_stage}}",
        "in_question": f"{NEXT} and needed a hand-over to {{to_stage}}",
        "started_after": f"{NEXT} and started {{to_stage}} on that day or later",
    },
    numerator="lost",
    denominator="in_question",
    definition="handover",
    reasons=("declined", "exempt"),
    quantiles=("started_after", "days"),
)
TRANSFERRED = "persons transferred out of {from_stage} of {pathway}"
TRANSFERS = replace(HANDOVERS, persons={name: text.replace(NEXT, TRANSFERRED) for name, text in HANDOVERS.persons.items()})
"""The same after a stage that ended with a transfer: from_stage and to_stage are one."""

WORDS = {
    "handover": (
        "Of persons who completed the stage in the month (each once a month, by the first completion) and were not exempt "
        "(died, incarcerated, next stage done elsewhere or not needed): lost = the next stage was not started and the limit told "
        "with the newest referral for it has passed since the completion (told here: {handover_limits}; where none was told, "
        "{handover_default_days} days); waiting = not yet passed. within_days is cumulative; overlapping = started before the "
        "completion. Median and quartiles in days over those started on or after the completion. Region and programme are the "
        "sender's. from_stage = to_stage: the stage ended with a transfer."
    )
}


class HandoverRow(BrokenRow):
    """`within_days` is cumulative. A pair of equal stages: transfers."""

    from_stage: int
    to_stage: int
    completed: Count
    exempt: Count
    overlapping: Count
    within_days: dict[str, Count] = Field(examples=[{"7": 237, "14": 328, "21": 375, "30": None}])
    later: Count
    declined: Count
    waiting: Count
    lost: Count
    in_question: Count
    started_after: Count
    declined_reasons: Reasons
    exempt_reasons: Reasons
    median_days: float | None
    quartiles_days: tuple[float, float] | None


def fall(unit: Placed, as_of: date) -> Fallen:
    """A hand-over from its stage to the next one, or after a transfer to the same one."""
    limit = unit.limit_days or DEFAULT_LIMIT_DAYS
    cells = cells_of(unit.outcome, unit.detail, unit.period, unit.amount, as_of, limit)
    started = cells[0].startswith("within-") or cells[0] == "later"
    return Fallen(unit.about(unit.at(), unit.to()), cells, unit.amount if started else None)


def cells_of(outcome: str, detail: str, ended_on: date, amount: int | None, as_of: date, limit: int) -> tuple[str, ...]:
    """Where a hand-over stands on the day `as_of`; what happened later had not happened. `amount` and `limit` in days.

    Source: standards section 4. Waiting until `limit` days have passed, lost after; a death within them exempts.
    """
    happened = amount is None or ended_on + timedelta(days=amount) <= as_of
    if outcome == "started" and happened:
        return (_band(amount or 0),)
    if outcome == "died" and happened and (amount or 0) <= limit:
        return ("exempt", "exempt/died")
    if outcome in ("exempt", "declined"):
        return (outcome, f"{outcome}/{detail}")
    if outcome == "overlapping":
        return (outcome,)
    return ("waiting",) if (as_of - ended_on).days <= limit else ("lost",)


def _band(days: int) -> str:
    return next((f"within-{band}" for band in BANDS if days <= band), "later")


def values(table: Table, row: RowKey, view: View) -> Iterator[Row]:
    """`within_7` and its like become one object, as readers know them."""
    for found in values_of(table, row, view):
        bands = {str(band): found.pop(f"within_{band}") for band in BANDS}
        yield {**found, "within_days": bands}


def terms(counts: Sequence[Placed]) -> dict[str, Any]:
    """The limits that were told for what is counted, in words."""
    told = sorted({unit.limit_days for unit in counts if unit.figure in ("handover", "transfer") and unit.limit_days})
    limits = " or ".join(str(days) for days in told)
    return {"handover_limits": f"{limits} days" if told else "none", "handover_default_days": DEFAULT_LIMIT_DAYS}
