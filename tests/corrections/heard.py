"""What a listener keeps of a journey that does nothing but listen. What it does about it is tested through the running system."""

from collections.abc import Callable
from typing import Any

from shared.events import Event
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    RelapseAssessed,
    RelapseRecorded,
    RelapseWithdrawn,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)


def heard(told: list[Event]) -> dict[Any, Any]:
    """Stays, skips, the completions that stand, the stays of which a relapse is told, and the definitions met in them."""
    kept: dict[Any, Any] = {}
    for event in told:
        HEARS[type(event)](kept, event)
    return {key: bool(value) if key[0] == "met" else value for key, value in kept.items() if value}


def _started(kept: dict[Any, Any], event: StageStarted) -> None:
    kept["stay", event.stage, event.spell] = (event.organisation_id, event.started_on, None, None, None)


def _ended(kept: dict[Any, Any], event: StageCompleted | StageLeft) -> None:
    how, on = ("completed", event.completed_on) if isinstance(event, StageCompleted) else (event.how, event.left_on)
    key = ("stay", event.stage, event.spell)
    kept[key] = (*kept[key][:2], how, on, event.next_organisation_id)


def _corrected(kept: dict[Any, Any], event: StayCorrected) -> None:
    now = (event.organisation_id, event.started_on, event.how, event.ended_on, event.next_organisation_id)
    kept["stay", event.stage, event.spell] = now if event.started_on else None


def _completed(kept: dict[Any, Any], event: JourneyCompleted) -> None:
    kept["completed",] = (*kept.get(("completed",), ()), event.completed_on)


def _completed_otherwise(kept: dict[Any, Any], event: CompletionCorrected) -> None:
    """The last one was none, or was on another day; one from before a stage was reopened stands."""
    kept["completed",] = (*kept["completed",][:-1], *([event.completed_on] if event.completed_on else []))


def _assessed(kept: dict[Any, Any], event: RelapseAssessed) -> None:
    """Counted is whether a definition is met in a stay."""
    key = ("met", event.stage, event.spell, event.definition)
    kept[key] = kept.get(key, set()) - {event.relapse_id} | (set() if event.withdrawn else {event.relapse_id})


HEARS: dict[type[Event], Callable[[dict[Any, Any], Any], None]] = {
    StageStarted: _started,
    StageCompleted: _ended,
    StageLeft: _ended,
    StayCorrected: _corrected,
    StageSkipped: lambda kept, event: kept.update({("skip", event.stage): event.how}),
    SkipWithdrawn: lambda kept, event: kept.update({("skip", event.stage): None}),
    JourneyCompleted: _completed,
    CompletionCorrected: _completed_otherwise,
    RelapseRecorded: lambda kept, event: kept.update({("relapse", event.stage, event.spell): "told"}),
    RelapseWithdrawn: lambda kept, event: kept.pop(("relapse", event.stage, event.spell), None) if event.is_last else None,
    RelapseAssessed: _assessed,
}
