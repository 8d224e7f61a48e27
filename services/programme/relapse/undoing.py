"""A relapse that was none: what it did is taken back, or is the next one's. Pure. What else a correction does to relapses: `basis.py`."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.journey.domain import Journey, reopen_stage
from services.programme.relapse.claiming import Place, Settled, place_of, settled, stood_before
from services.programme.relapse.domain import Outcome, Relapse, assessed, is_since, mark, recorded, stands
from services.programme.transition.domain import StageStatus
from shared.events import Event
from shared.events.programme import CompletionCorrected, RelapseWithdrawn

ENDED: tuple[StageStatus, ...] = ("completed", "left", "done-elsewhere", "not-needed", "planned")


class Undoing(NamedTuple):
    """What an undoing is judged by: all that is kept of the journey, and the stages for which somebody has accepted the person.

    `defaults`: the stages that relapses reopen where a clinician names none, by the stage where they happened.
    """

    kept: Sequence[Relapse] = ()
    accepted: Collection[int] = ()
    defaults: Mapping[int, int] = {}


def undone(journey: Journey, before: Relapse, relapse: Relapse, by: Undoing) -> Outcome:
    """A relapse that was refuted, or that the weeks show no more. Nobody was told of a finding.

    Its mark goes, and what it did is taken back or is the next one's. Source: issue of corrections, section 2.
    """
    told: list[Event] = [assessed(journey, relapse)] if relapse.withdrawn else []
    if before.status != "confirmed":
        return Outcome(journey, [relapse], told)
    outcome = taken_out(journey, [relapse], by)
    return outcome._replace(events=[*outcome.events, *told])


def taken_out(journey: Journey, gone: Sequence[Relapse], by: Undoing) -> Outcome:
    """Relapses that others were told of are none, or want another stage open. `gone`: as they stand now."""
    none, was = {one.relapse_id: one for one in gone}, {one.relapse_id: one for one in by.kept}
    now = settled(journey, by.kept, [none.get(one.relapse_id, one) for one in by.kept], by.defaults)
    changed = none | {one.relapse_id: one for one in (*now.gained, *now.lost)}
    after = [changed.get(one.relapse_id, one) for one in by.kept]
    anew, untold = _anew(journey, now, by), _untold(journey, by.kept, after)
    marked, out = journey, [one for one in gone if not stands(one)]
    counts_no_more = {one.relapse_id for one in out}
    for one in out:
        marked = mark(marked, one)
    for one in anew:
        marked = marked if place_of(one) in now.held else reopen_stage(marked, place_of(one)[0])
    left, back = _taken_back(marked, now, [*after, *by.kept], by)
    passed = back | {place_of(one) for one in anew if place_of(one) in now.held}
    withdrawn = [withdrawn_from(marked, one, _takes_back(was[one.relapse_id], now, passed)) for one in (*out, *now.lost)]
    events: list[Event] = [one for one in withdrawn if one.takes_back is not None or one.relapse_id in counts_no_more]
    events += [recorded(left, one, one.wants) for one in anew]
    events += [recorded(left, one, None) for one in untold if one not in anew]
    events += [*told_completed(marked, left), *(assessed(left, one) for one in untold)]
    over = back | {place_of(one) for one in now.gained if place_of(one) in now.held}
    return Outcome(left, _claimless(changed, after, over), events)


def _anew(journey: Journey, now: Settled, by: Undoing) -> list[Relapse]:
    """Of those that reopen a stage now, the ones that others are told of: it was not open, or by another organisation's word."""
    found = []
    for one in now.gained:
        stage, former = place_of(one)[0], now.held.get(place_of(one))
        can_open = journey.status_of(stage) in ENDED if former is None else stage not in by.accepted
        is_other = former is None or _whose(journey, former) != _whose(journey, one)
        found += [one] if is_other and can_open and is_since(one, journey.spell(stage)) else []
    return found


def _whose(journey: Journey, relapse: Relapse) -> UUID | None:
    """The organisation that asks somebody to take the person for it."""
    spell = journey.spell(relapse.stage, relapse.spell)
    return spell.organisation_id if spell else None


def _untold(journey: Journey, before: Sequence[Relapse], after: Sequence[Relapse]) -> list[Relapse]:
    """The reports that are told only now: the first one of a stay, and who reopens a stage."""
    was = {one.relapse_id: one for one in before}
    told = {one.relapse_id for one in before if is_told(journey, before, one)}
    tells = {one.relapse_id: one for one in (*_first(journey, after), *(one for one in after if one.reopens and stands(one)))}
    is_report = (one for one in tells.values() if was[one.relapse_id].definition == CLINICIAN_REPORT)
    return [one for one in is_report if one.relapse_id not in told]


def is_told(journey: Journey, kept: Sequence[Relapse], relapse: Relapse) -> bool:
    """Whether others were told of a report: it reopened a stage, or is the first of its stay."""
    return relapse.reopens is not None or relapse in _first(journey, kept)


def _first(journey: Journey, kept: Sequence[Relapse]) -> list[Relapse]:
    """Of each stay the report that was entered first."""
    reports = {one.relapse_id: one for one in kept if stands(one) and one.definition == CLINICIAN_REPORT}
    of_stays = ([mark for mark in spell.relapses if mark in reports] for spell in journey.spells)
    return [reports[marks[0]] for marks in of_stays if marks]


def _takes_back(relapse: Relapse, now: Settled, passed: Collection[Place]) -> int | None:
    """The stage whose reopening goes with the relapse."""
    if relapse.wants is None or place_of(relapse) not in passed:
        return None
    return relapse.wants if now.held[place_of(relapse)].relapse_id == relapse.relapse_id else None


def withdrawn_from(journey: Journey, relapse: Relapse, takes_back: int | None) -> RelapseWithdrawn:
    """The stay of the relapse is as it is without it."""
    spell = journey.spell(relapse.stage, relapse.spell)
    return RelapseWithdrawn(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        imported=journey.imported,
        stage=relapse.stage,
        spell=relapse.spell,
        takes_back=takes_back,
        is_last=spell is not None and not spell.relapses and not journey.imported,
    )


def _taken_back(journey: Journey, now: Settled, kept: Sequence[Relapse], by: Undoing) -> tuple[Journey, set[Place]]:
    """The journey as it stands without the reopenings that nobody wants any more, and which these are."""
    back = set[Place]()
    for place in now.left:
        stood, is_since_then = stood_now(journey, place, kept), is_since(now.held[place], journey.spell(place[0]))
        if stood is None or journey.imported:
            continue
        if not is_since_then:
            journey = _begun_from(journey, place, stood)
        elif _waits(journey, place[0], stood) and not is_needed(journey, place[0], stood, by):
            journey = journey.with_state(place[0], {"status": stood})
            back.add(place)
    return completed_again(journey, kept) if back else journey, back


def _waits(journey: Journey, stage: int, stood: StageStatus) -> bool:
    return journey.status_of(stage) == ("planned" if stood == "planned" else "reopened")


def is_needed(journey: Journey, stage: int, stood: StageStatus, by: Undoing) -> bool:
    """Whether somebody has accepted the person for a reopened stage who could not start it as it stood before."""
    last = journey.spell(stage)
    return stage in by.accepted and not (stood == "planned" or (stood == "left" and last is not None and last.how == "transferred"))


def _begun_from(journey: Journey, place: Place, stood: StageStatus) -> Journey:
    """The stay that began on the reopening began on the end of the one before, such as a transfer."""
    spell = journey.spell(place[0], place[1] + 1) if place[1] is not None else None
    if spell is None or spell.began_from != "reopened":
        return journey
    return journey.with_spell(spell.model_copy(update={"began_from": stood}))


def stood_now(journey: Journey, place: Place, kept: Sequence[Relapse]) -> StageStatus | None:
    """How the stage stood before a relapse reopened it; its stay by then may have been corrected since."""
    stood = stood_before(kept, place)
    last = journey.spell(place[0], place[1]) if place[1] else journey.spell(place[0])
    if stood not in ("completed", "left") or last is None or last.how is None:
        return stood
    return "completed" if last.how == "completed" else "left"


def completed_again(journey: Journey, kept: Sequence[Relapse]) -> Journey:
    """The journey stands as completed again where relapses alone had opened it since, none of them counts, and nothing is open or waits."""
    since = {claim.relapse_id for claim in journey.claims or () if claim.completions == len(journey.completions)}
    reopening = [one for one in kept if one.reopens is not None]
    answered = {one.relapse_id for one in reopening if one.wants and not is_since(one, journey.spell(one.wants))}
    had_opened = any(one.reopened_journey and one.wants and one.relapse_id not in answered for one in reopening)
    is_open_by_another = any(one.relapse_id in since and (stands(one) or one.relapse_id in answered) for one in reopening)
    is_at_rest = all(state.status not in ("started", "reopened") for state in journey.stages)
    is_over = had_opened and journey.completions and is_at_rest and not is_open_by_another
    return journey.model_copy(update={"status": "completed"}) if is_over else journey


def told_completed(before: Journey, after: Journey) -> list[Event]:
    """Who heard that a relapse opened the journey hears that it stands as completed."""
    if before.status == after.status:
        return []
    key = {"person_id": after.person_id, "journey_id": after.journey_id, "imported": after.imported}
    return [CompletionCorrected.model_validate({**key, "completed_on": after.completions[-1], "completion": len(after.completions)})]


def _claimless(changed: Mapping[UUID, Relapse], kept: Sequence[Relapse], over: Collection[Place]) -> list[Relapse]:
    """What changed of the relapses. Those that do not count keep no claim to what was taken back or is another one's."""
    rows = []
    for one in kept:
        is_over = one.wants is not None and one.reopened_from is not None and not stands(one) and place_of(one) in over
        rows += [one.model_copy(update={"reopened_from": None})] if is_over else [one] if one.relapse_id in changed else []
    return sorted(rows, key=lambda one: list(changed).index(one.relapse_id) if one.relapse_id in changed else len(changed))
