"""The one screen after the replay, at most 80 columns wide: exact figures beside released ones. Asks nobody for anything."""

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.trial.chaos import Killing
from deploy.trial.health import Health
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

WHENCE = """\
exact: on this machine only; released: from the API, small cells withheld.
Records: CTN-0094 (public, de-identified), moved in time. The regions are
made up, so is the whole micro level: contacts, permissions, messages, concerns."""
PUBLISHED = "Published of trial 0051: 270 of 287, 204 of 283 (Lee and others, Lancet 2018)."
KNOWN = "* in all of trial 0051: 153 of 270, 110 of 204. Dropout is leaving, no relapse."
NOT_RELEASED = "No answers released: imported referrals set no clock, this month is open."
EQUAL = """\
Appended = relayed = applied once by each that listens; -: does not listen.
Parked: set aside for an operator; lag: written, but not yet read by all."""

Figures = dict[str, Any]


def show(console: Console, exact: Figures, released: Figures, health: list[Health]) -> None:
    """Everything, the two views of one figure always side by side."""
    console.print(_note(WHENCE))
    for table, notes in _parts(exact, released, health):
        console.print("", table, *map(_note, notes), sep="\n")


def _parts(exact: Figures, released: Figures, health: list[Health]) -> Iterator[tuple[Table, list[str]]]:
    yield handover(exact, released), []
    yield funnel(exact, released), [PUBLISHED]
    tables = relapses(exact, released)
    yield from ((table, [KNOWN] if table is tables[-1] else []) for table in tables)
    yield messages(exact["messages"]), answers(exact, released)
    yield delivery(health), [EQUAL]


def handover(exact: Figures, released: Figures) -> Table:
    """Where the pathway leaks between detoxification and treatment. Source: standards section 4."""
    table = _table("Hand-over 1->2", "exact", "released")
    left, right = (find(items(figures["handovers"]), from_stage=1, to_stage=2) for figures in (exact, released))
    for label, name in HANDOVER.items():
        table.add_row(label, value(left, name), value(right, name))
    return table


def funnel(exact: Figures, released: Figures) -> Table:
    """Persons by their first addressed referral for stage 2. Source: mission rows 002-04, 002-05."""
    table = _table("Referrals 1->2", *(column for name in FUNNEL for column in (name, "released")), "share", gap=0)
    for row in items(exact["referral_funnel"]):
        right = find(items(released["referral_funnel"]), stage=row.get("stage"), programme=row.get("programme"))
        if row.get("stage") == 2:
            cells = [value(view, name) for name in FUNNEL for view in (row, right)]
            table.add_row(str(row.get("programme")), *cells, share(row.get("started"), row.get("referred")))
    return table


def relapses(exact: Figures, released: Figures) -> list[Table]:
    """Persons who met a definition, of those who started; two programmes a table. Source: standards section 3."""
    rows = [row for row in items(exact["relapses"]) if row.get("stage") == 2]
    programmes = sorted({str(row.get("programme")) for row in rows})
    definitions = sorted({str(row.get("definition")) for row in rows})
    tables = []
    for first in range(0, len(programmes), SIDE_BY_SIDE):
        shown = programmes[first : first + SIDE_BY_SIDE]
        table = _table("Relapses in stage 2", *(column for programme in shown for column in (programme, "released")), gap=0)
        for definition in definitions:
            cells = [cell for programme in shown for cell in _relapse(exact, released, definition, programme)]
            marked = definition == COMPARED
            table.add_row(definition + "*" * marked, *cells, style="bold" if marked else None)
        tables.append(table)
    return tables


def _relapse(exact: Figures, released: Figures, definition: str, programme: str) -> tuple[str, str]:
    left, right = (find(items(view["relapses"]), definition=definition, stage=2, programme=programme) for view in (exact, released))
    part, whole = left.get("persons"), left.get("of")
    return (f"{part} of {whole} {share(part, whole):>5}" if left else "-"), value(right, "persons")


def messages(counts: dict[str, dict[str, int]]) -> Table:
    """How far the messages to permitted contacts are, exact, by topic. Source: mission rows 002-11, 002-23."""
    table = _table("Messages", *STATES)
    for topic, states in counts.items():
        table.add_row(topic, *(str(states.get(state, 0)) for state in STATES))
    if not counts:
        table.add_row("none", *("0" for _ in STATES))
    return table


def answers(exact: Figures, released: Figures) -> list[str]:
    """How levels answer one another, exact, and why nothing of it is released if nothing is. Source: mission row 002-22."""
    lines = [
        f"Answers to {row['sent']} {row['kind']}s, {row['from_level']}->{row['to_level']}: in time {row['answered_in_time']}, "
        f"late {row['late']}, overdue {row['unanswered']}, waiting {row['waiting']}."
        for row in items(exact["interaction"])
    ]
    return lines if items(released["interaction"]) else [*lines, NOT_RELEASED]


def delivery(health: list[Health]) -> Table:
    """Appended = relayed = applied once in every listener, nothing parked, no lag. A service does not listen to itself."""
    table = _table("Events", "appended", "relayed", *SERVICES, "parked", "lag", gap=0)
    for topic in health:
        owner, _, part = topic.topic.partition(".")
        applied = [str(topic.applied[name]) if name in topic.applied else "-" for name in SERVICES]
        row = (str(topic.appended), str(topic.relayed), *applied, str(topic.aside), str(topic.lag))
        table.add_row(f" .{part}" if part else owner, *row, style=None if topic.complete else "red")
    return table


def killings(killed: list[Killing]) -> Table:
    """Who was killed, after how many answered commands, and the seconds until it answered again."""
    table = _table("Killed by SIGKILL", "after commands", "pid", "answers again after")
    for killing in killed:
        away = f"{killing.away:.1f} s" if killing.away is not None else "never"
        table.add_row(killing.service, str(killing.answered), str(killing.pid or "-"), away, style=None if killing.bearable else "red")
    return table


def share(part: object, whole: object) -> str:
    """A percentage, or a dash."""
    return f"{100 * part / whole:.0f} %" if isinstance(part, int) and isinstance(whole, int) and whole else "-"


def _note(text: str) -> Text:
    return Text(text, style="dim")


def _table(title: str, *columns: str, gap: int = 1) -> Table:
    """The title heads the first column, the others are numbers; no heading is cut. `gap`: blanks between columns beside the one."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, gap, 0, 0), pad_edge=False)
    for index, column in enumerate((title, *columns)):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table
