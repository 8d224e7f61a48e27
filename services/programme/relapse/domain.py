"""What a relapse does to a journey: it marks a spell still started, or reopens a stage; nothing is deleted. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT, DEFINITIONS
from services.programme.journey.domain import Journey, Spell, holder, reopen_stage
from services.programme.pathway.domain import StageRule
from services.programme.substance.domain import Use
from services.programme.weekly.domain import Change
from shared.errors import refuse
from shared.events import Event
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn


class Relapse(BaseModel):
    """One definition met in one spell, or a clinician's report (no week). `reopens`: the stage it reopened or opened."""

    model_config = ConfigDict(frozen=True)

    relapse_id: UUID
    stage: int
    spell: int
    definition: str
    week: int | None
    known_on: date
    reopens: int | None = None
    withdrawn: bool = False


class Report(NamedTuple):
    """What a clinician reports; `reopens` None: the pathway's default. `organisation_id`: whose stay it must be, None for any.

    `earlier`: what was reported of the same stay before.
    """

    relapse_id: UUID
    on: date
    reopens: int | None
    earlier: Sequence[Relapse] = ()
    use: Use = "non-medical"
    organisation_id: UUID | None = None

    def repeats(self) -> Relapse | None:
        """The same use, reported again: of one day one is kept."""
        return next((one for one in self.earlier if one.known_on == self.on), None)

    def has_no_consequence_yet(self) -> bool:
        return not any(one.reopens for one in self.earlier)

    def is_by_holder(self, journey: Journey) -> bool:
        return self.organisation_id in (None, holder(journey))


class Outcome(NamedTuple):
    """The journey after it, what is kept and what is told."""

    journey: Journey
    relapses: list[Relapse]
    events: list[Event]


def report(journey: Journey, rule: StageRule, reported: Report, days: Days) -> Outcome:
    """A clinician's report of a use; prescribed use is none. A former holder's marks its stay and reopens nothing.

    Each use is kept, and the first one of a stay is told. A later one is told only where it reopens a stage and none before it did,
    or where the clinician names the stage. Raises Refused("relapse-not-recordable").

    Source: mission rows 002-08, 002-46; standards section 3.
    """
    spell = journey.spell(rule.stage)
    refuse(
        "relapse-not-recordable",
        {
            "stage-started": spell is None,
            "spell-of-own-organisation": spell is not None and reported.organisation_id not in (None, spell.organisation_id),
            "holder-names-what-reopens": reported.reopens is not None and not reported.is_by_holder(journey),
            "on-or-after-start": spell is not None and reported.on < spell.started_on,
            **days.unmet(reported.on),
            "reopens-stage-of-pathway": reported.reopens is not None and journey.status_of(reported.reopens) is None,
            "non-medical-use": reported.use == "prescribed",
        },
    )
    assert spell is not None
    reopens = reported.is_by_holder(journey) and (reported.reopens is not None or reported.has_no_consequence_yet())
    target = _target(journey, rule, reported.reopens) if reopens else None
    repeated = reported.repeats()
    if repeated is not None and target is None:
        return Outcome(journey, [repeated], [])
    relapse = Relapse(
        relapse_id=reported.relapse_id,
        stage=rule.stage,
        spell=spell.number,
        definition=CLINICIAN_REPORT,
        week=None,
        known_on=reported.on,
    )
    if reported.earlier and target is None:
        return Outcome(_mark(journey, relapse), [relapse], [])
    return _happened(journey, relapse, target)


def assess(journey: Journey, rule: StageRule, spell: Spell, changes: Sequence[Change]) -> Outcome:
    """What the changes of a spell's weekly record do. Source: standards section 3, contracts section 3."""
    relapses: list[Relapse] = []
    events: list[Event] = []
    for change in changes:
        outcome = _assess_one(journey, rule, spell, change)
        journey = outcome.journey
        relapses += outcome.relapses
        events += outcome.events
    return Outcome(journey, relapses, events)


def _assess_one(journey: Journey, rule: StageRule, spell: Spell, change: Change) -> Outcome:
    relapse = Relapse(
        relapse_id=change.relapse_id,
        stage=spell.stage,
        spell=spell.number,
        definition=change.definition,
        week=change.week,
        known_on=change.known_on,
        withdrawn=change.what == "withdrawn",
    )
    if change.what == "moved" or not DEFINITIONS[change.definition].is_relapse:
        return Outcome(journey, [relapse], [_assessed(journey, relapse)])
    if change.what == "withdrawn":
        return _undone(journey, relapse)
    reopens = _is_its_own(journey, spell) and not _is_answered(journey, relapse)
    return _happened(journey, relapse, _target(journey, rule, None) if reopens else None)


def _is_its_own(journey: Journey, spell: Spell) -> bool:
    """Whether the holder's stay shows it: results of a former holder mark its stay and reopen nothing. Imported history is as it was."""
    return journey.imported or spell.organisation_id == holder(journey)


def _is_answered(journey: Journey, relapse: Relapse) -> bool:
    """A later spell of the stage began after the relapse was known: a late result does not undo it. Source: delivery section 2."""
    last = journey.spell(relapse.stage)
    return last is not None and last.number > relapse.spell and last.started_on > relapse.known_on


def _target(journey: Journey, rule: StageRule, named: int | None) -> int | None:
    """The stage a relapse reopens, or opens where it is still planned; None where that stage is started or waits to be started again."""
    if journey.status_of(rule.stage) == "started" and named is None:
        return None
    target = named or rule.reopens
    return None if journey.status_of(target) in ("started", "reopened") else target


def _happened(journey: Journey, relapse: Relapse, target: int | None) -> Outcome:
    journey = _mark(journey, relapse)
    if target is not None:
        journey = reopen_stage(journey, target)
    relapse = relapse.model_copy(update={"reopens": target})
    recorded = RelapseRecorded(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        stage=relapse.stage,
        spell=relapse.spell,
        reopens=target,
        imported=journey.imported,
    )
    return Outcome(journey, [relapse], [recorded, _assessed(journey, relapse)])


def _undone(journey: Journey, relapse: Relapse) -> Outcome:
    """The mark goes; what was reopened stays open."""
    withdrawn = RelapseWithdrawn(
        person_id=journey.person_id, relapse_id=relapse.relapse_id, journey_id=journey.journey_id, imported=journey.imported
    )
    return Outcome(_mark(journey, relapse), [relapse], [withdrawn, _assessed(journey, relapse)])


def _mark(journey: Journey, relapse: Relapse) -> Journey:
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    others = tuple(mark for mark in spell.relapses if mark != relapse.relapse_id)
    marks = others if relapse.withdrawn else (*others, relapse.relapse_id)
    return journey.with_spell(spell.model_copy(update={"relapses": marks}))


def _assessed(journey: Journey, relapse: Relapse) -> RelapseAssessed:
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    return RelapseAssessed(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        stage=relapse.stage,
        spell=relapse.spell,
        organisation_id=spell.organisation_id,
        definition=relapse.definition,
        week=relapse.week,
        known_on=relapse.known_on,
        withdrawn=relapse.withdrawn,
        imported=journey.imported,
    )
