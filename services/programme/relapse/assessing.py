"""What the changes of a weekly record do to a journey: findings, relapses, withdrawals. Pure."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.programme.definition.domain import DEFINITIONS
from services.programme.journey.domain import Journey, Spell, holder
from services.programme.pathway.domain import StageRule
from services.programme.relapse.domain import Outcome, Relapse, assessed, happened, remembered, wanted_stage
from services.programme.relapse.undoing import Undoing, undone
from services.programme.weekly.domain import Change
from shared.events import Event


class Assessing(NamedTuple):
    """What changes are judged by: the stage's rule, the spell, what else is known, and whether a clinician confirms first."""

    rule: StageRule
    spell: Spell
    undoing: Undoing = Undoing()
    needs_confirmation: bool = True


def assess(journey: Journey, by: Assessing, changes: Sequence[Change]) -> Outcome:
    """What the changes of a spell's weekly record do. Source: standards section 3, issue of corrections, section 2."""
    kept = {one.relapse_id: one for one in by.undoing.kept}
    changed: dict[UUID, Relapse] = {}
    events: list[Event] = []
    for change in changes:
        outcome = _assess_one(journey, by._replace(undoing=by.undoing._replace(kept=tuple(kept.values()))), change)
        journey = outcome.journey
        kept |= (now := {one.relapse_id: one for one in outcome.relapses})
        changed |= now
        events += outcome.events
    return Outcome(journey, list(changed.values()), events)


def _assess_one(journey: Journey, by: Assessing, change: Change) -> Outcome:
    found = {"week": change.week, "known_on": change.known_on, "withdrawn": change.what == "withdrawn"}
    is_relapse = DEFINITIONS[change.definition].is_relapse
    if change.what != "met":
        before = next(one for one in by.undoing.kept if one.relapse_id == change.relapse_id)
        relapse = before.model_copy(update=found)
        if (
            change.what == "moved" and before.status == "refuted" and before.week != change.week
        ):  # the weeks that it shows now were never decided on
            relapse = relapse.model_copy(update={"status": "found", "reason": None})
        if change.what == "withdrawn" and is_relapse:
            return undone(journey, before, relapse, by.undoing)
        return Outcome(journey, [relapse], [assessed(journey, relapse)])
    place = {"relapse_id": change.relapse_id, "stage": by.spell.stage, "spell": by.spell.number, "definition": change.definition}
    relapse = Relapse.model_validate({**place, **found})
    if not is_relapse:
        return Outcome(journey, [relapse], [assessed(journey, relapse)])
    if by.needs_confirmation and not journey.imported:
        decided = _decided(by.undoing.kept, relapse)
        if decided is not None:
            return _stands_again(journey, decided)
        relapse = relapse.model_copy(update={"status": "found"})
        return Outcome(journey, [relapse], [assessed(journey, relapse)])
    outcome = happened(journey, relapse, wanted_by(journey, by.rule, relapse, None))
    return remembered(outcome, would_want(journey, by.rule, relapse, None), by.spell.organisation_id)


def _decided(kept: Sequence[Relapse], relapse: Relapse) -> Relapse | None:
    """The relapse as a clinician decided on it before a mistaken result undid it: confirmed, or refuted for these same weeks.

    None where it was decided in different ways: then it is a finding again.
    """
    place = (relapse.stage, relapse.spell, relapse.definition)
    before = [one for one in kept if one.withdrawn and (one.stage, one.spell, one.definition) == place]
    if {one.status for one in before} not in ({"confirmed"}, {"refuted"}):
        return None
    if before[0].status == "refuted" and any(one.week != relapse.week for one in before):
        return None
    last = next((one for one in before if one.wants), before[0])
    return last.model_copy(update=relapse.model_dump(include={"relapse_id", "week", "known_on", "withdrawn"}))


def _stands_again(journey: Journey, relapse: Relapse) -> Outcome:
    """It does again what was decided, unless somebody has the person in that stage by now."""
    if relapse.status == "refuted":
        return Outcome(journey, [relapse], [assessed(journey, relapse)])
    is_taken = relapse.wants is not None and journey.status_of(relapse.wants) == "started"
    return happened(journey, relapse, None if is_taken else relapse.wants)


def wanted_by(journey: Journey, rule: StageRule, relapse: Relapse, named: int | None) -> int | None:
    """The stage that a relapse by definition is to reopen: none for a stay that a former holder had, or that a later one followed."""
    spell = journey.spell(relapse.stage, relapse.spell)
    if named is None and (spell is None or spell.organisation_id != holder(journey)):
        return None
    return would_want(journey, rule, relapse, named)


def would_want(journey: Journey, rule: StageRule, relapse: Relapse, named: int | None) -> int | None:
    """The same, whoever has the person."""
    return None if named is None and _is_answered(journey, relapse) else wanted_stage(journey, rule, named)


def _is_answered(journey: Journey, relapse: Relapse) -> bool:
    """A later spell of the stage began after the relapse was known: a late result does not undo it. Source: delivery section 2."""
    last = journey.spell(relapse.stage)
    return last is not None and last.number > relapse.spell and last.started_on > relapse.known_on
