"""Stays: what each fact says of one, which fact of several counts, and how a stay stands. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from shared.events.programme import JourneyCorrected, JourneyOpened, StageCompleted, StageLeft, StageStarted, StayCorrected

# none: it was entered in error. died: it ended by a death.
Standing = Literal["none", "open", "completed", "left", "died"]
OPENING = 0
"""The stage that stands for the opening of a journey: who opened it holds it until a first start."""


class StayFact(NamedTuple):
    """What one fact says of a stay; `seq` is its place in the person's stream.

    `says_start`: it says when the stay began (`started_on` None: never); an end does not. `must_exist`: it corrects what is kept alone.
    """

    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    seq: int
    has_ended: bool
    how: str | None = None
    says_start: bool = True
    started_on: date | None = None
    must_exist: bool = False


def of_opening(event: JourneyOpened | JourneyCorrected, seq: int) -> StayFact:
    """A correction says nothing of who opened a journey by an acceptance, which gave it nothing."""
    is_correction = isinstance(event, JourneyCorrected)
    about = (event.journey_id, OPENING, OPENING, event.organisation_id, seq, True)
    return StayFact(*about, started_on=event.opened_on, must_exist=is_correction)


def of_start(event: StageStarted, seq: int) -> StayFact:
    about = (event.journey_id, event.stage, event.spell, event.organisation_id, seq, False)
    return StayFact(*about, started_on=event.started_on)


def of_end(event: StageCompleted | StageLeft, seq: int) -> StayFact:
    how = "completed" if isinstance(event, StageCompleted) else _ending(event.how)
    return StayFact(event.journey_id, event.stage, event.spell, event.organisation_id, seq, True, how, says_start=False)


def of_correction(event: StayCorrected, seq: int) -> StayFact:
    has_ended = event.started_on is None or event.ended_on is not None
    how = _ending(event.how) if event.started_on and event.ended_on else None
    about = (event.journey_id, event.stage, event.spell, event.organisation_id, seq, has_ended, how)
    return StayFact(*about, started_on=event.started_on)


def _ending(how: str | None) -> str:
    return how if how in ("completed", "died") else "left"


def folded(facts: Iterable[StayFact]) -> list[StayFact]:
    """One fact for each stay, in the order of their keys: what all of these say, the newest last."""
    newest: dict[tuple[UUID, int, int], StayFact] = {}
    for fact in sorted(facts, key=lambda f: f.seq):
        key = (fact.journey_id, fact.stage, fact.spell)
        newest[key] = _after(newest[key], fact) if key in newest else fact
    return [newest[key] for key in sorted(newest)]


def _after(before: StayFact, fact: StayFact) -> StayFact:
    must_exist = before.must_exist and fact.must_exist
    if fact.says_start:
        return fact._replace(must_exist=must_exist)
    return before._replace(seq=fact.seq, has_ended=fact.has_ended, how=fact.how, must_exist=must_exist)


def standing_of(started_on: date | None, has_ended: bool, how: str | None) -> Standing | None:
    """None: it ended, and how was not kept."""
    if started_on is None:
        return "none"
    if not has_ended:
        return "open"
    return "completed" if how == "completed" else "died" if how == "died" else "left" if how else None
