"""The one screen after the replay, drawn from figures that are given: exact ones beside released ones. Asks nobody for anything."""

from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.trial.health import Health
from deploy.trial.released import find, items, value

HANDOVER = {
    "completed stage 1": "completed",
    "exempt": "exempt",
    "started stage 2 before (overlapping)": "overlapping",
    "started within 7 days": "within_days.7",
    "started within 14 days": "within_days.14",
    "started within 21 days": "within_days.21",
    "started within 30 days": "within_days.30",
    "started later": "later",
    "declined": "declined",
    "waiting": "waiting",
    "lost": "lost",
    "median days": "median_days",
    "quartiles, days": "quartiles_days",
}
FUNNEL = ("referred", "accepted", "started")

Figures = dict[str, Any]


def show(console: Console, exact: Figures, released: Figures, health: list[Health]) -> None:
    """All tables, the two views of one figure always side by side."""
    console.print(handover(exact, released), funnel(exact, released), relapses(exact, released), messages(released), delivery(health))


def handover(exact: Figures, released: Figures) -> Table:
    """Where the pathway leaks between detoxification and treatment. Source: standards section 4."""
    table = _table("Hand-over 1->2", "", "exact (on this machine)", "released (API)")
    left, right = (find(items(figures["handovers"]), from_stage=1, to_stage=2) for figures in (exact, released))
    for label, name in HANDOVER.items():
        table.add_row(label, value(left, name), value(right, name))
    return table


def funnel(exact: Figures, released: Figures) -> Table:
    """Persons by their first addressed referral for stage 2. Source: mission rows 002-04, 002-05."""
    table = _table(
        "Referral funnel, stage 2",
        "programme",
        *(f"{name} {view}" for name in FUNNEL for view in ("exact", "released")),
        "started / referred",
    )
    for row in items(exact["referral_funnel"]):
        right = find(items(released["referral_funnel"]), stage=row.get("stage"), programme=row.get("programme"))
        if row.get("stage") == 2:
            table.add_row(str(row.get("programme")), *_both(row, right, FUNNEL), share(row.get("started"), row.get("referred")))
    return table


def relapses(exact: Figures, released: Figures) -> Table:
    """Persons who met a definition, of those who started. Source: standards section 3."""
    table = _table(
        "Relapses in stage 2", "definition", "programme", "persons exact", "persons released", "of exact", "of released", "share"
    )
    for row in items(exact["relapses"]):
        same = {name: row.get(name) for name in ("definition", "stage", "programme")}
        cells = _both(row, find(items(released["relapses"]), **same), ("persons", "of"))
        table.add_row(str(row.get("definition")), str(row.get("programme")), *cells, share(row.get("persons"), row.get("of")))
    return table


def messages(released: Figures) -> Table:
    """How messages and answers went, as released. Source: mission row 002-22."""
    table = _table("Answers and messages (released)", "", "")
    for row in items(released["interaction"]):
        names = ", ".join(str(row[name]) for name in ("region", "period", "measure", "name") if row.get(name))
        table.add_row(names or "all", value(row, "numerator") + " of " + value(row, "denominator"))
    return table


def delivery(health: list[Health]) -> Table:
    """Appended = relayed = applied in every listener, and nothing parked."""
    table = _table("Delivery", "topic", "appended", "relayed", "applied by", "set aside", "lag")
    for topic in health:
        applied = ", ".join(f"{listener} {count}" for listener, count in topic.applied.items())
        table.add_row(topic.topic, str(topic.appended), str(topic.relayed), applied, str(topic.aside), str(topic.lag))
    return table


def share(part: object, whole: object) -> str:
    """A percentage, or a dash."""
    return f"{100 * part / whole:.0f} %" if isinstance(part, int) and isinstance(whole, int) and whole else "-"


def _both(left: Figures, right: Figures, names: tuple[str, ...]) -> list[str]:
    return [value(row, name) for name in names for row in (left, right)]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    return table
