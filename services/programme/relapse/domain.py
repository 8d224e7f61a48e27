"""What a relapse does to a journey: it marks a spell still started, or reopens a stage; nothing is deleted. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT, DEFINITIONS
from services.programme.journey.domain import Journey, Spell, holder, reopen_stage
from services.programme.pathway.domain import StageRule
from services.programme.substance.domain import Use
from services.programme.transition.domain import StageStatus
from services.programme.weekly.domain import Change
from shared.errors import refuse
from shared.events import Event
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn

Status = Literal["found", "confirmed", "refuted"]


class Relapse(BaseModel):
    """One definition met in one spell, or a clinician's report (no week). `reopens`: the stage it reopened or opened.

    `status`: what a clinician says of it. `withdrawn`: the weeks show it no more, or the report was none. `reopened_from`: how the stage
    stood before, None where there is nothing to take back; `reopened_journey`: the journey was completed.
    """

    model_config = ConfigDict(frozen=True)

    relapse_id: UUID
    stage: int
    spell: int
    definition: str
    week: int | None
    known_on: date
    reopens: int | None = None
    withdrawn: bool = False
    status: Status = "confirmed"
    reason: str | None = None
    reopened_from: StageStatus | None = None
    reopened_journey: bool = False


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


class Assessing(NamedTuple):
    """What changes are judged by: the stage's rule, the spell, what is kept of it, and whether a clinician confirms first."""

    rule: StageRule
    spell: Spell
    kept: Sequence[Relapse] = ()
    needs_confirmation: bool = True


def assess(journey: Journey, by: Assessing, changes: Sequence[Change]) -> Outcome:
    """What the changes of a spell's weekly record do. Source: standards section 3, issue of corrections, section 2."""
    kept = {one.relapse_id: one for one in by.kept}
    changed: dict[UUID, Relapse] = {}
    events: list[Event] = []
    for change in changes:
        outcome = _assess_one(journey, by._replace(kept=tuple(kept.values())), change)
        journey = outcome.journey
        kept |= (now := {one.relapse_id: one for one in outcome.relapses})
        changed |= now
        events += outcome.events
    return Outcome(journey, list(changed.values()), events)


def _assess_one(journey: Journey, by: Assessing, change: Change) -> Outcome:
    found = {"week": change.week, "known_on": change.known_on, "withdrawn": change.what == "withdrawn"}
    is_relapse = DEFINITIONS[change.definition].is_relapse
    if change.what != "met":
        before = next(one for one in by.kept if one.relapse_id == change.relapse_id)
        relapse = before.model_copy(update=found)
        if change.what == "withdrawn" and is_relapse:
            return undone(journey, before, relapse, by.kept)
        return Outcome(journey, [relapse], [_assessed(journey, relapse)])
    place = {"relapse_id": change.relapse_id, "stage": by.spell.stage, "spell": by.spell.number, "definition": change.definition}
    relapse = Relapse.model_validate({**place, **found})
    if not is_relapse:
        return Outcome(journey, [relapse], [_assessed(journey, relapse)])
    if by.needs_confirmation and not journey.imported:
        relapse = relapse.model_copy(update={"status": "found"})
        return Outcome(journey, [relapse], [_assessed(journey, relapse)])
    return _happened(journey, relapse, target_of(journey, by.rule, relapse, None))


def target_of(journey: Journey, rule: StageRule, relapse: Relapse, named: int | None) -> int | None:
    """The stage that a relapse by definition reopens: none for a stay that a former holder had, or that a later one followed."""
    spell = journey.spell(relapse.stage, relapse.spell)
    if named is None and (spell is None or not _is_its_own(journey, spell) or _is_answered(journey, relapse)):
        return None
    return _target(journey, rule, named)


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
    outcome = follows(journey, relapse, target)
    return outcome._replace(events=[*outcome.events, _assessed(outcome.journey, outcome.relapses[0])])


def follows(journey: Journey, relapse: Relapse, target: int | None) -> Outcome:
    """What a relapse that counts does: it marks its stay and reopens the target."""
    if target is not None:
        stood = {"reopens": target, "reopened_from": journey.status_of(target), "reopened_journey": journey.status == "completed"}
        relapse, journey = relapse.model_copy(update=stood), reopen_stage(journey, target)
    journey = _mark(journey, relapse)
    recorded = RelapseRecorded(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        stage=relapse.stage,
        spell=relapse.spell,
        reopens=target,
        imported=journey.imported,
    )
    return Outcome(journey, [relapse], [recorded])


def undone(journey: Journey, before: Relapse, relapse: Relapse, kept: Sequence[Relapse]) -> Outcome:
    """A relapse that was refuted, or that the weeks show no more. Nobody was told of a finding.

    The mark goes, and with the last mark of the stay what was reopened for it, unless that stage was started again. `kept`: of the stay.
    """
    told: list[Event] = [_assessed(journey, relapse)] if relapse.withdrawn else []
    if before.status != "confirmed":
        return Outcome(journey, [relapse], told)
    journey = _mark(journey, relapse)
    spell = journey.spell(relapse.stage, relapse.spell)
    is_last = spell is not None and not spell.relapses and not journey.imported
    others = [one for one in kept if one.relapse_id != relapse.relapse_id]
    opener = next((one for one in (relapse, *others) if one.reopened_from is not None), None) if is_last else None
    journey, takes_back = _taken_back(journey, opener)
    withdrawn = RelapseWithdrawn(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        imported=journey.imported,
        stage=relapse.stage,
        spell=relapse.spell,
        takes_back=takes_back,
        is_last=is_last,
    )
    changed = {one.relapse_id: one for one in (relapse, opener) if one is not None}
    if opener is not None:
        changed[opener.relapse_id] = changed[opener.relapse_id].model_copy(update={"reopened_from": None})
    return Outcome(journey, list(changed.values()), [withdrawn, *told])


def _taken_back(journey: Journey, opener: Relapse | None) -> tuple[Journey, int | None]:
    """The journey as it stood before the reopening, and the stage; None where nothing was reopened or it was started again."""
    if opener is None or opener.reopens is None or opener.reopened_from is None:
        return journey, None
    now = journey.status_of(opener.reopens)
    if opener.reopened_from == "planned":
        return journey, opener.reopens if now == "planned" else None
    if now != "reopened":
        return journey, None
    journey = journey.with_status(opener.reopens, opener.reopened_from)
    return journey.model_copy(update={"status": "completed"}) if opener.reopened_journey else journey, opener.reopens


def _mark(journey: Journey, relapse: Relapse) -> Journey:
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    others = tuple(mark for mark in spell.relapses if mark != relapse.relapse_id)
    marks = others if relapse.withdrawn or relapse.status != "confirmed" else (*others, relapse.relapse_id)
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
