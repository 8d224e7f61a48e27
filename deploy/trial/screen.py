"""The one screen after the replay, at most 80 columns wide: exact figures beside released ones. Asks nobody for anything."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.trial.health import LISTENERS, Health
from deploy.trial.released import find, items, value

HANDOVER = {
    "completed stage 1": "completed",
    "exempt": "exempt",
    "started stage 2 before that (overlapping)": "overlapping",
    "started within  7 days": "within_days.7",
    "started within 14 days": "within_days.14",
    "started within 21 days": "within_days.21",
    "started within 30 days": "within_days.30",
    "started later": "later",
    "declined": "declined",
    "waiting": "waiting",
    "lost": "lost",
    "median, days": "median_days",
    "quartiles, days": "quartiles_days",
}
FUNNEL = ("referred", "accepted", "started")
COMPARED = "consecutive-4-from-week-3"
STATES = ("pending", "claimed", "sent", "delivered", "failed", "suppressed", "uncertain")
SERVICES = ("referral", "programme", "family", "monitoring")
SIDE_BY_SIDE = 2

WHENCE = (
    "Records: NIDA CTN-0094, public and de-identified, their dates moved. Organisations are record codes; regions, contacts, permissions,\n"
    "messages and concerns are made up: no real data of the micro level exist."
)
PUBLISHED = "published for all of trial 0051 (Lee and others, Lancet 2018): 204 of 283 and 270 of 287"
KNOWN = "* in all of trial 0051: 110 of 204 and 153 of 270. dropout-4-missing is leaving, no relapse"

Figures = dict[str, Any]


def show(console: Console, exact: Figures, released: Figures, health: list[Health]) -> None:
    """Everything, the two views of one figure always side by side. Exact ones never leave the machine; small released cells are withheld."""
    console.print("exact: on this machine only; released: from the API, small cells withheld", style="dim")
    for part in (*_figures(exact, released), delivery(health)):
        console.print(part)


def _figures(exact: Figures, released: Figures) -> Iterator[RenderableType]:
    yield handover(exact, released)
    yield funnel(exact, released)
    yield _note(PUBLISHED)
    yield from relapses(exact, released)
    yield _note(KNOWN)
    yield messages(exact.get("messages", {}))
    yield answers(exact, released)


def handover(exact: Figures, released: Figures) -> Table:
    """Where the pathway leaks between detoxification and treatment. Source: standards section 4."""
    table = _table("Hand-over 1->2: where the pathway leaks", "exact", "released")
    left, right = (find(items(figures["handovers"]), from_stage=1, to_stage=2) for figures in (exact, released))
    for label, name in HANDOVER.items():
        table.add_row(label, value(left, name), value(right, name))
    return table


def funnel(exact: Figures, released: Figures) -> Table:
    """Persons by their first addressed referral for stage 2. Source: mission rows 002-04, 002-05."""
    names = [name for referred in FUNNEL for name in (referred, "released")]
    table = _table("Referrals for stage 2", *names, "share")
    for row in items(exact["referral_funnel"]):
        right = find(items(released["referral_funnel"]), stage=row.get("stage"), programme=row.get("programme"))
        if row.get("stage") == 2:
            cells = [value(view, name) for name in FUNNEL for view in (row, right)]
            table.add_row(str(row.get("programme")), *cells, share(row.get("started"), row.get("referred")))
    return table


def relapses(exact: Figures, released: Figures) -> Iterator[Table]:
    """Persons who met a definition, of those who started; two programmes a table. Source: standards section 3."""
    rows = [row for row in items(exact["relapses"]) if row.get("stage") == 2]
    programmes = sorted({str(row.get("programme")) for row in rows})
    definitions = sorted({str(row.get("definition")) for row in rows})
    for first in range(0, len(programmes), SIDE_BY_SIDE):
        shown = programmes[first : first + SIDE_BY_SIDE]
        table = _table("Relapses in stage 2", *(name for programme in shown for name in (programme, "released")))
        for definition in definitions:
            cells = [cell for programme in shown for cell in _relapse(exact, released, definition, programme)]
            is_compared = definition == COMPARED
            table.add_row(definition + (" *" if is_compared else ""), *cells, style="bold" if is_compared else None)
        yield table


def _relapse(exact: Figures, released: Figures, definition: str, programme: str) -> tuple[str, str]:
    left, right = (find(items(view["relapses"]), definition=definition, stage=2, programme=programme) for view in (exact, released))
    part, whole = left.get("persons"), left.get("of")
    counted = f"{part} of {whole} {share(part, whole):>5}" if left else "-"
    return counted, value(right, "persons")


def messages(counts: dict[str, dict[str, int]]) -> RenderableType:
    """How far the messages to permitted contacts are, exact. Source: mission rows 002-11, 002-23."""
    if not counts:
        return _note("Messages to contacts: none", gap=True)
    table = _table("Messages to contacts", *STATES)
    for topic, states in counts.items():
        table.add_row(topic, *(str(states.get(state, 0)) for state in STATES))
    return table


def answers(exact: Figures, released: Figures) -> Text:
    """How levels answer one another: one line a pair, exact; and why none is released yet. Source: mission row 002-22."""
    lines = [
        f"{row['kind']}s {row['from_level']} to {row['to_level']}: {row['sent']} sent, {row['answered_in_time']} answered in time, "
        f"{row['late']} late, {row['unanswered']} overdue, {row['waiting']} waiting"
        for row in items(exact.get("interaction", []))
    ]
    if not items(released["interaction"]):
        lines.append("answers released: none; imported referrals have no answer clock, this month is open")
    return _note("\n".join(lines))


def delivery(health: list[Health]) -> Table:
    """Appended = relayed = applied once in every listener, nothing parked, no lag. A service does not listen to itself."""
    table = _table("Events applied by each listener", "appended", "relayed", *SERVICES, "parked", "lag", gap=0)
    for topic in health:
        owner, _, part = topic.topic.partition(".")
        applied = [str(topic.applied[name]) if name in topic.applied else "-" for name in SERVICES]
        row = (str(topic.appended), str(topic.relayed), *applied, str(topic.aside), str(topic.lag))
        table.add_row(f" .{part}" if part else owner, *row, style=None if topic.complete else "red")
    return table


def share(part: object, whole: object) -> str:
    """A percentage, or a dash."""
    return f"{100 * part / whole:.0f} %" if isinstance(part, int) and isinstance(whole, int) and whole else "-"


def _note(text: str, gap: bool = False) -> Text:
    return Text(f"{text}\n" if gap else text, style="dim")


def _table(title: str, *columns: str, gap: int = 1) -> Table:
    """The title heads the first column, the others are numbers; no column is cut."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, gap, 0, 0), pad_edge=False)
    for index, column in enumerate((title, *columns)):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=index > 0)
    return table
