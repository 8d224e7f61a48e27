"""A relapse that was none: what it did is taken back. Pure."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT, DEFINITIONS
from services.programme.journey.domain import Journey, Spell, holder
from services.programme.pathway.domain import StageRule
from services.programme.relapse.domain import Outcome, Relapse, Report, assessed, is_since, mark, report
from services.programme.transition.domain import StageStatus
from shared.events import Event
from shared.events.programme import CompletionCorrected, RelapseWithdrawn

NOTHING_REOPENED: dict[str, Any] = {"wants": None, "wanted_after": None, "reopens": None, "reopened_from": None, "reopened_journey": False}


class Undoing(NamedTuple):
    """What an undoing is judged by: all that is kept of the journey, and the stages for which somebody has accepted the person."""

    kept: Sequence[Relapse] = ()
    accepted: Collection[int] = ()


def undone(journey: Journey, before: Relapse, relapse: Relapse, by: Undoing) -> Outcome:
    """A relapse that was refuted, or that the weeks show no more. Nobody was told of a finding.

    The mark goes, and with the last relapse that wants a stage reopened the reopening. Source: issue of corrections, section 2.
    """
    told: list[Event] = [assessed(journey, relapse)] if relapse.withdrawn else []
    if before.status != "confirmed":
        return Outcome(journey, [relapse], told)
    marked = mark(journey, relapse)
    spell = marked.spell(relapse.stage, relapse.spell)
    journey, takes_back = _taken_back(marked, relapse, by)
    is_last = spell is not None and not spell.relapses and not journey.imported
    withdrawn = _withdrawn(journey, relapse, takes_back).model_copy(update={"is_last": is_last})
    return Outcome(journey, _settled(relapse, by.kept, takes_back), [withdrawn, *_told_completed(marked, journey), *told])


def _settled(relapse: Relapse, kept: Sequence[Relapse], takes_back: int | None) -> list[Relapse]:
    """The relapse, and those that had reopened a stage whose reopening was taken back: they keep no claim to it."""
    if takes_back is None:
        return [relapse]
    others = [one for one in kept if one.relapse_id != relapse.relapse_id and one.wants == takes_back and one.reopened_from]
    return [one.model_copy(update={"reopened_from": None}) for one in (relapse, *others)]


def _withdrawn(journey: Journey, relapse: Relapse, takes_back: int | None) -> RelapseWithdrawn:
    return RelapseWithdrawn(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        imported=journey.imported,
        stage=relapse.stage,
        spell=relapse.spell,
        takes_back=takes_back,
    )


def _taken_back(journey: Journey, relapse: Relapse, by: Undoing) -> tuple[Journey, int | None]:
    """The journey as it stood before the reopening, and the stage.

    None where another relapse wants it open, somebody has accepted the person for it, it was started again, or the journey is imported.
    """
    stage, others = relapse.wants, [one for one in by.kept if one.relapse_id != relapse.relapse_id]
    if stage is None or stage in by.accepted or journey.imported:
        return journey, None
    last, now = journey.spell(stage), journey.status_of(stage)
    of_stage = [one for one in (relapse, *others) if one.wants == stage and is_since(one, last)]
    stood = _stood(journey, stage, of_stage)
    is_open = now == ("planned" if stood == "planned" else "reopened")
    if stood is None or not is_open or relapse not in of_stage or any(_stands(one) for one in of_stage):
        return journey, None
    journey = journey.with_status(stage, stood)
    return _completed_again(journey, [relapse, *others]), stage


def _stands(relapse: Relapse) -> bool:
    return relapse.status == "confirmed" and not relapse.withdrawn


def _completed_again(journey: Journey, kept: Sequence[Relapse]) -> Journey:
    """The journey stands as completed again where a relapse had opened it and nothing is open or waits any more."""
    had_opened = [one for one in kept if one.reopened_journey and one.wants and is_since(one, journey.spell(one.wants))]
    is_at_rest = all(state.status not in ("started", "reopened") for state in journey.stages)
    return journey.model_copy(update={"status": "completed"}) if had_opened and journey.completions and is_at_rest else journey


def _told_completed(before: Journey, after: Journey) -> list[Event]:
    """Who heard that a relapse opened the journey hears that it stands as completed."""
    if before.status == after.status:
        return []
    key = {"person_id": after.person_id, "journey_id": after.journey_id, "imported": after.imported}
    return [CompletionCorrected.model_validate({**key, "completed_on": after.completions[-1], "completion": len(after.completions)})]


def _stood(journey: Journey, stage: int, of_stage: Sequence[Relapse]) -> StageStatus | None:
    """How the stage stood before a relapse reopened it; its last stay may have been corrected since then."""
    stood = next((one.reopened_from for one in of_stage if one.reopened_from is not None), None)
    last = journey.spell(stage)
    if stood not in ("completed", "left") or last is None or last.how is None:
        return stood
    return "completed" if last.how == "completed" else "left"


def gone(journey: Journey, spells: Sequence[Spell], by: Undoing) -> Outcome:
    """Stays that never were: no relapse of them stands, and none of them reopened anything. Answers those that are gone.

    Source: issue of corrections, section 1.
    """
    places = {(spell.stage, spell.number) for spell in spells}
    kept = {one.relapse_id: one for one in by.kept}
    events: list[Event] = []
    changed = []
    for before in by.kept:
        if (before.stage, before.spell) not in places:
            continue
        changed.append(before)
        if not before.withdrawn:
            outcome = _gone(journey, before, by._replace(kept=tuple(kept.values())))
            journey, events = outcome.journey, events + outcome.events
        del kept[before.relapse_id]
    return Outcome(journey, changed, events)


def _gone(journey: Journey, before: Relapse, by: Undoing) -> Outcome:
    relapse = before.model_copy(update={"withdrawn": True})
    if before.definition != CLINICIAN_REPORT and not DEFINITIONS[before.definition].is_relapse:
        return Outcome(journey, [relapse], [assessed(journey, relapse)])
    return undone(journey, before, relapse, by)


def wanted_no_more(journey: Journey, stage: int, by: Undoing) -> Outcome:
    """A stay that never was had kept a reopening from being taken back with its relapse: now it is."""
    last = journey.spell(stage)
    found = [one for one in by.kept if one.wants == stage and one.reopened_from and not _stands(one) and is_since(one, last)]
    if journey.status_of(stage) != "reopened" or not found:
        return Outcome(journey, [], [])
    back, takes_back = _taken_back(journey, found[-1], by)
    if takes_back is None:
        return Outcome(journey, [], [])
    told = [_withdrawn(back, found[-1], takes_back), *_told_completed(journey, back)]
    return Outcome(back, _settled(found[-1], by.kept, takes_back), told)


def reported_before(journey: Journey, rule: StageRule, gone_stay: Spell, by: Undoing, days: Days) -> Outcome:
    """Uses that were reported of a stay that never was are of its organisation's stay before, where there is one: nothing is lost.

    `by.kept`: as it was before the stay was gone. `journey`: without the stay.
    """
    last, own = journey.spell(rule.stage), gone_stay.organisation_id
    if last is None or last.organisation_id != own:
        return Outcome(journey, [], [])
    kept = _standing_reports(by.kept, last)
    changed: list[Relapse] = []
    events: list[Event] = []
    for one in sorted(_standing_reports(by.kept, gone_stay), key=lambda one: one.known_on):
        named = one.wants if one.wants != rule.reopens and own == holder(journey) else None
        reported = Report(uuid4(), one.known_on, named, [*kept, *changed], organisation_id=own, is_kept=True)
        outcome = report(journey, rule, reported, days._replace(died_on=None))
        journey, events = outcome.journey, events + outcome.events
        changed += [relapse for relapse in outcome.relapses if relapse not in [*kept, *changed]]
    return Outcome(journey, changed, events)


def _standing_reports(kept: Sequence[Relapse], spell: Spell) -> list[Relapse]:
    place = (spell.stage, spell.number, CLINICIAN_REPORT)
    return [one for one in kept if (one.stage, one.spell, one.definition) == place and not one.withdrawn]


def not_reopened(kept: Sequence[Relapse], spell: Spell) -> list[Relapse]:
    """Those that reopened a stage after its last stay, which goes on after all: they reopened nothing."""
    return [one.model_copy(update=NOTHING_REOPENED) for one in kept if one.wants == spell.stage and is_since(one, spell)]


def wanted_before(kept: Sequence[Relapse], gone_stay: Spell) -> list[Relapse]:
    """Those that wanted a stage after a stay of it that never was: they wanted it after the one before."""
    found = [one for one in kept if one.wants == gone_stay.stage and (one.wanted_after or 0) >= gone_stay.number]
    return [one.model_copy(update={"wanted_after": gone_stay.number - 1}) for one in found]


def not_completed(kept: Sequence[Relapse]) -> list[Relapse]:
    """Those that opened a journey again after a completion that was none."""
    return [one.model_copy(update={"reopened_journey": False}) for one in kept if one.reopened_journey]
