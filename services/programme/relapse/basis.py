"""What a stay, an end or a completion that was none does to the relapses that rest on it. Pure. What a relapse did: `undoing.py`."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT, DEFINITIONS
from services.programme.journey.domain import Journey, Spell, holder
from services.programme.pathway.domain import StageRule
from services.programme.relapse.claiming import claims, place_of
from services.programme.relapse.domain import NOTHING_REOPENED, Outcome, Relapse, Report, assessed, is_since, report, stands
from services.programme.relapse.undoing import Undoing, completed_again, is_needed, stood_now, taken_out, told_completed, withdrawn_from
from shared.events import Event


def gone(journey: Journey, spells: Sequence[Spell], by: Undoing) -> tuple[Outcome, list[Relapse]]:
    """Stays that never were: no relapse of them stands, and none of them reopened anything.

    Answers with those that are gone, and beside it those of other stays that did what they had done.

    Source: issue of corrections, section 1.
    """
    places = {(spell.stage, spell.number) for spell in spells}
    found = [one for one in by.kept if (one.stage, one.spell) in places]
    standing = [one.model_copy(update={"withdrawn": True}) for one in found if not one.withdrawn]
    told = [one for one in standing if one.status == "confirmed" and _is_relapse(one)]
    outcome = taken_out(journey, told, by) if told else Outcome(journey, [], [])
    others = [one for one in outcome.relapses if (one.stage, one.spell) not in places]
    return Outcome(outcome.journey, found, [*outcome.events, *(assessed(journey, one) for one in standing)]), others


def _is_relapse(relapse: Relapse) -> bool:
    return relapse.definition == CLINICIAN_REPORT or DEFINITIONS[relapse.definition].is_relapse


def is_wanted(journey: Journey, stage: int, by: Undoing) -> bool:
    """Whether a relapse that stands wants the stage open since its last stay."""
    last, places = journey.spell(stage), claims(journey, by.kept, by.defaults).places
    standing = [one for one in by.kept if one.wants == stage and stands(one) and is_since(one, last)]
    return any(place_of(one) in places for one in standing)


def wanted_no_more(journey: Journey, stage: int, by: Undoing) -> Outcome:
    """A stay that never was had kept a reopening from being taken back with its relapse: now it is."""
    last, now = journey.spell(stage), journey.status_of(stage)
    held = [one for one in by.kept if one.wants == stage and one.reopened_from and not stands(one) and is_since(one, last)]
    places = claims(journey, by.kept, by.defaults).places
    if not held or place_of(held[-1]) in places or journey.imported:
        return Outcome(journey, [], [])
    stood = stood_now(journey, place_of(held[-1]), by.kept)
    if stood is None or now not in ("reopened", stood) or is_needed(journey, stage, stood, by):
        return Outcome(journey, [], [])
    back = completed_again(journey.with_state(stage, {"status": stood}), by.kept)
    told = [withdrawn_from(back, held[-1], stage).model_copy(update={"is_last": False}), *told_completed(journey, back)]
    return Outcome(back, [one.model_copy(update={"reopened_from": None}) for one in held], told)


class NeverWas(NamedTuple):
    """A stay that never was, the journey while it still had it, and what was kept then."""

    spell: Spell
    journey: Journey
    by: Undoing

    def reports(self) -> list[Relapse]:
        """What was reported of the stay and stood, as it was entered."""
        marks = self.spell.relapses
        found = _standing_reports(self.by.kept, self.spell)
        return sorted(found, key=lambda one: marks.index(one.relapse_id) if one.relapse_id in marks else -1)

    def by_then(self, relapse: Relapse) -> int | None:
        """How many other stays there were when it was entered; None where that is not known."""
        spells = next((claim.spells for claim in self.journey.claims or () if claim.relapse_id == relapse.relapse_id), None)
        return None if spells is None else spells - 1


def reported_before(journey: Journey, rule: StageRule, never_was: NeverWas, days: Days) -> Outcome:
    """Uses that were reported of a stay that never was are of its organisation's stay before, where there is one: nothing is lost.

    `journey`: without the stay.
    """
    last, own = journey.spell(rule.stage), never_was.spell.organisation_id
    if last is None or last.organisation_id != own:
        return Outcome(journey, [], [])
    kept = _standing_reports(never_was.by.kept, last)
    changed: list[Relapse] = []
    events: list[Event] = []
    for one in never_was.reports():
        named = one.wants if one.wants != rule.reopens and own == holder(journey) else None
        earlier, by_then = [*kept, *changed], never_was.by_then(one)
        reported = Report(uuid4(), one.known_on, named, earlier, organisation_id=own, is_kept=True, by_then=by_then)
        outcome = report(journey, rule, reported, days._replace(died_on=None))
        journey, events = outcome.journey, events + outcome.events
        changed += [relapse for relapse in outcome.relapses if relapse not in earlier]
    return Outcome(journey, changed, events)


def at_rest_again(journey: Journey, kept: Sequence[Relapse]) -> Outcome:
    """A stage does not wait after all: a journey that a relapse had opened, which was none, is completed again."""
    back = completed_again(journey, kept)
    return Outcome(back, [], told_completed(journey, back))


def _standing_reports(kept: Sequence[Relapse], spell: Spell) -> list[Relapse]:
    place = (spell.stage, spell.number, CLINICIAN_REPORT)
    return [one for one in kept if (one.stage, one.spell, one.definition) == place and not one.withdrawn]


def not_reopened(journey: Journey, kept: Sequence[Relapse], spell: Spell) -> Outcome:
    """Those that reopened a stage after its last stay, which goes on after all: they reopened nothing, nor would they have."""
    reopened = [one.model_copy(update=NOTHING_REOPENED) for one in kept if one.wants == spell.stage and is_since(one, spell)]
    entered = [(one.stage, one.number) for one in journey.spells].index((spell.stage, spell.number)) + 1
    since = [claim for claim in journey.claims or () if claim.would_want == spell.stage and (claim.spells or 0) >= entered]
    claims = tuple(one.model_copy(update={"would_want": None}) if one in since else one for one in journey.claims or ())
    return Outcome(journey.model_copy(update={"claims": claims or None}), reopened, [])


def wanted_before(kept: Sequence[Relapse], gone_stay: Spell) -> list[Relapse]:
    """Those that wanted a stage after a stay of it that never was: they wanted it after the one before."""
    found = [one for one in kept if one.wants == gone_stay.stage and (one.wanted_after or 0) >= gone_stay.number]
    return [one.model_copy(update={"wanted_after": gone_stay.number - 1}) for one in found]


def not_completed(kept: Sequence[Relapse]) -> list[Relapse]:
    """Those that opened a journey again after a completion that was none."""
    return [one.model_copy(update={"reopened_journey": False}) for one in kept if one.reopened_journey]
