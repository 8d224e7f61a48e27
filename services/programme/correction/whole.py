"""What a correction does to a journey itself, its completion, and stages without a stay. Pure. Source: issue of corrections, section 1."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from services.programme.correction.domain import NOT_POSSIBLE, By, How, corrected, has_later, is_by_owner, would_hold_again
from services.programme.day.domain import Days
from services.programme.journey.domain import CaseReason, Correction, Journey, LegalBasis, SkippedHow, StageState, holder
from shared.errors import refuse
from shared.events.programme import CompletionCorrected, JourneyCorrected, SkipWithdrawn, StageSkipped

SKIPPED = ("done-elsewhere", "not-needed")
PLANNED: dict[str, Any] = {"status": "planned", "reason": None, "by": None}


class Opened(NamedTuple):
    """How a journey was opened, as it is corrected."""

    opened_on: date
    reason: CaseReason | None = None
    legal_basis: LegalBasis | None = None
    decided_on: date | None = None
    date_reason: str | None = None


def withdraw_skip(journey: Journey, stage: int, by: By) -> tuple[Journey, list[SkipWithdrawn]]:
    """A stage was not set aside: it is planned again. Raises Refused where a later one began for it."""
    state = journey.state(stage)
    refuse(NOT_POSSIBLE, {**_unmet_of_skip(journey, state, by), "later-stages-corrected": has_later(journey, stage)})
    assert state is not None
    return corrected(journey.with_state(stage, PLANNED), _of_state("skip", "entered-in-error", journey, state, by)), [
        _unskipped(journey, stage)
    ]


def amend_skip(journey: Journey, stage: int, how: SkippedHow, reason: str, by: By) -> tuple[Journey, list[StageSkipped]]:
    """A stage was set aside otherwise, or for another reason; told again where it was otherwise. Raises Refused."""
    state = journey.state(stage)
    refuse(NOT_POSSIBLE, _unmet_of_skip(journey, state, by))
    assert state is not None
    amended = corrected(journey.with_state(stage, {"status": how, "reason": reason}), _of_state("skip", "amended", journey, state, by))
    told = StageSkipped(person_id=journey.person_id, journey_id=journey.journey_id, stage=stage, how=how, imported=journey.imported)
    return amended, [told] if how != state.status else []


def _unmet_of_skip(journey: Journey, state: StageState | None, by: By) -> dict[str, bool]:
    skipped = state is not None and state.status in SKIPPED
    return {"journey-open": journey.status != "open", "stage-skipped": not skipped, "own-or-holder": not _is_own(journey, state, by)}


def withdraw_reopening(journey: Journey, stage: int, by: By, by_relapse: bool) -> Journey:
    """A stage was not reopened by decision: it stands as its last stay ended. Nobody was told, so nobody is now. Raises Refused.

    `by_relapse`: a relapse wants it open; whoever refutes that takes the reopening back.
    """
    spell, state = journey.spell(stage), journey.state(stage)
    refuse(
        NOT_POSSIBLE,
        {
            "journey-open": journey.status != "open",
            "stage-reopened": journey.status_of(stage) != "reopened" or spell is None,
            "own-or-holder": not _is_own(journey, state, by),
            "reopened-by-decision": by_relapse,
        },
    )
    assert spell is not None and state is not None
    ended = {**PLANNED, "status": "completed" if spell.how == "completed" else "left"}
    return corrected(journey.with_state(stage, ended), _of_state("reopening", "entered-in-error", journey, state, by))


def _is_own(journey: Journey, state: StageState | None, by: By) -> bool:
    """Who decided it, or who has the person now."""
    return by.organisation_id is not None and by.organisation_id in (holder(journey), state.by if state else None)


def _of_state(what: Literal["skip", "reopening"], how: How, journey: Journey, state: StageState, by: By) -> Correction:
    before = {"status": state.status, "reason": state.reason}
    return by.of_journey(what, how, state.by or holder(journey), before, state.stage)


def _unskipped(journey: Journey, stage: int) -> SkipWithdrawn:
    return SkipWithdrawn(person_id=journey.person_id, journey_id=journey.journey_id, stage=stage, imported=journey.imported)


def withdraw_completion(journey: Journey, completed_on: date, by: By) -> tuple[Journey, list[CompletionCorrected]]:
    """The last completion of a journey was none: it is open. `completed_on`: which one is meant. Raises Refused."""
    refuse(NOT_POSSIBLE, {"journey-completed": journey.completions[-1:] != (completed_on,)})
    history = by.of_journey("completion", "entered-in-error", holder(journey), {"completed_on": completed_on.isoformat()})
    claims = [one.model_copy(update={"completions": min(one.completions, len(journey.completions) - 1)}) for one in journey.claims or ()]
    changed = journey.model_copy(update={"status": "open", "completions": journey.completions[:-1], "claims": tuple(claims) or None})
    return corrected(changed, history), [_completed(journey, None)]


def amend_completion(journey: Journey, stage: int, on: date, by: By, days: Days) -> tuple[Journey, list[CompletionCorrected]]:
    """It was last completed on another day. `stage`: the one that completes it. Raises Refused.

    One that a relapse has opened since stays open, to others too.
    """
    before = journey.completions[-1] if journey.completions else None
    ends = [spell.ended_on for spell in journey.spells_of(stage) if spell.ended_on and before and spell.ended_on <= before]
    refuse(
        NOT_POSSIBLE,
        {
            "journey-completed": before is None,
            "completed-on-or-after-last-stage": any(on < ended for ended in ends),
            **days.unmet(on),
        },
    )
    assert before is not None
    history = by.of_journey("completion", "amended", holder(journey), {"completed_on": before.isoformat()})
    changed = journey.model_copy(update={"completions": (*journey.completions[:-1], on)})
    told = _completed(journey, on).model_copy(update={"is_open": journey.status != "completed"})
    return corrected(changed, history), [told] if on != before else []


def amend_journey(journey: Journey, opened: Opened, by: By, days: Days) -> tuple[Journey, list[JourneyCorrected]]:
    """It was opened on another day, or for another reason. Raises Refused."""
    dates = [day for day in (opened.opened_on, opened.decided_on) if day is not None]
    refuse(
        NOT_POSSIBLE,
        {
            **_unmet_of_journey(journey, by),
            **days.unmet(*dates),
            **days.unlikely(*dates, reason=opened.date_reason),
            "earlier-starts-with-reason": not journey.imported and _starts_unlikely(journey, opened.opened_on),
            "holder-unchanged": (opened.opened_on > journey.opened_on and would_hold_again(journey, journey, by))
            or _opens_behind(journey, dates, by),
        },
    )
    before = journey.model_dump(mode="json", include=set(Opened._fields), exclude_none=True)
    changed = journey.model_copy(update=opened._asdict())
    told = [_opened(journey, opened.opened_on)] if opened.opened_on != journey.opened_on else []
    return corrected(changed, by.of_journey("journey", "amended", journey.opened_by, before)), told


def _opens_behind(journey: Journey, dates: Sequence[date], by: By) -> bool:
    """Whether who lost the person would open it later than it did, and after another's first start: its days tell of nothing later."""
    if holder(journey) == by.organisation_id:
        return False
    entered = max(journey.opened_on, journey.decided_on or journey.opened_on)
    elsewhere = (spell.started_on for spell in journey.spells if spell.organisation_id != by.organisation_id)
    return max(dates) > max(entered, min(elsewhere, default=entered))


def _starts_unlikely(journey: Journey, opened_on: date) -> bool:
    """Whether a start lies before all that was entered by then, which needs a reason, and has none."""
    begun_on = opened_on
    for spell in journey.spells:
        if spell.started_on < begun_on and not spell.date_reason:
            return True
        begun_on = min(begun_on, spell.started_on)
    return False


def journey_to_withdraw(journey: Journey, by: By, died_on: date | None) -> None:
    """Whether it can be said that the journey never was: its opener says so, and nobody else had a stay in it. Raises Refused.

    A stay of another organisation is that one's to correct first.
    """
    refuse(
        NOT_POSSIBLE,
        {
            "journey-not-entered-in-error": journey.status == "entered-in-error",
            "own-journey": by.organisation_id != journey.opened_by,
            "no-stay-of-another": any(spell.organisation_id != journey.opened_by for spell in journey.spells),
            "death-reversed": died_on is not None and any(spell.how == "died" for spell in journey.spells),
        },
    )


def without_journey(journey: Journey, by: By, recorded: Mapping[str, Any]) -> tuple[Journey, list[JourneyCorrected]]:
    """A journey that was opened by mistake, such as for another person: it never was, with all its own stays."""
    before = journey.model_dump(mode="json", include={"opened_on", "stages", "spells", "completions"}) | dict(recorded)
    gone = {"status": "entered-in-error", "spells": (), "completions": ()}
    history = by.of_journey("journey", "entered-in-error", journey.opened_by, before)
    told = [_opened(journey, None)]
    for state in journey.stages:
        journey = journey.with_state(state.stage, PLANNED)
    return corrected(journey.model_copy(update=gone), history), told


def _unmet_of_journey(journey: Journey, by: By) -> Mapping[str, bool]:
    own = by.organisation_id == journey.opened_by or is_by_owner(journey, None, by)
    return {"journey-not-entered-in-error": journey.status == "entered-in-error", "own-journey-or-holder": not own}


def _opened(journey: Journey, on: date | None) -> JourneyCorrected:
    return JourneyCorrected(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        organisation_id=journey.opened_by,
        opened_on=on,
        imported=journey.imported,
    )


def _completed(journey: Journey, on: date | None) -> CompletionCorrected:
    """Of the journey as it was before: its last completion is meant."""
    key = {"person_id": journey.person_id, "journey_id": journey.journey_id, "imported": journey.imported}
    return CompletionCorrected.model_validate({**key, "completed_on": on, "completion": len(journey.completions)})
