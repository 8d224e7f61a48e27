"""How what happened to a unit falls into the cells of a table. Pure; the tables themselves are table's."""

from datetime import date, timedelta

from services.monitoring.definition.domain import BANDS

NOT_KNOWN = "not-known"


def hand_over_cells(outcome: str, detail: str, ended_on: date, amount: int | None, as_of: date, limit: int) -> tuple[str, ...]:
    """Where a hand-over stands on the day `as_of`; what happened later had not happened. `amount` in days.

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


def region_of(code: str | None) -> str:
    """The region of a region or district; none is published below it."""
    return "-".join(code.split("-")[:2]) if code else NOT_KNOWN
