"""What a correction does to a stay: its start or its end never was, or was another one. Pure.

What is corrected of a journey itself, and of stages without a stay: `whole.py`. Source: issue of corrections, section 1.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.programme.day.domain import Days
from services.programme.journey.domain import Correction, Journey, Recorded, Spell, begun_as, holder
from services.programme.length.domain import length_class
from services.programme.pathway.domain import StageRule
from services.programme.relapse.domain import Relapse
from services.programme.stage.domain import Ended, Start, ended_as, facts_of_visit, unmet_end, unmet_visit
from services.programme.transition.domain import StageStatus
from shared.errors import refuse
from shared.events.programme import StayCorrected

What = Literal["skip", "reopening", "journey", "completion", "relapse"] | Recorded
How = Literal["entered-in-error", "amended"]
NOT_POSSIBLE = "correction-not-possible"
NO_END: dict[str, Any] = dict.fromkeys(("ended_on", "how", "outcome", "reason", "next_organisation_id", "actual_class"))
FOUND = {"is_lost": False}
Place = tuple[int, int | None]
"""A stage and the number of a stay in it; None: the last one."""
HISTORY_OF_SPELL = {"stage", "number", "organisation_id", "accepted", "began_from", "began_by", "relapses"}
"""What a correction never changes, and so does not keep."""


class By(NamedTuple):
    """Who corrects, when and why. `reason` is a code."""

    organisation_id: UUID | None
    on: date
    reason: str

    def of_stay(self, what: Literal["start", "end"], how: How, spell: Spell, recorded: Mapping[str, Any] | None = None) -> Correction:
        """One line of history about a stay, with the stay as it stood, and what else was recorded of it."""
        before = spell.model_dump(mode="json", exclude=HISTORY_OF_SPELL, exclude_none=True) | dict(recorded or {})
        place = {"stage": spell.stage, "spell": spell.number, "of_organisation_id": spell.organisation_id}
        return Correction.model_validate({"what": what, "how": how, **place, **self._said(), "before": before})

    def of_journey(self, what: What, how: How, of: UUID | None, before: dict[str, Any], stage: int | None = None) -> Correction:
        """One line of history about anything else. `of`: the organisation whose fact it was."""
        place = {"stage": stage, "of_organisation_id": of}
        return Correction.model_validate({"what": what, "how": how, **place, **self._said(), "before": before})

    def _said(self) -> dict[str, Any]:
        return {"organisation_id": self.organisation_id, "on": self.on, "reason": self.reason}


def corrected(journey: Journey, *corrections: Correction) -> Journey:
    """The journey with these lines in its history."""
    return journey.model_copy(update={"corrections": (*journey.corrections, *corrections)})


def amended_relapse(journey: Journey, before: Relapse, by: By) -> Journey:
    """The journey with the line that a use was reported of another day or stage."""
    spell = journey.spell(before.stage, before.spell)
    stood = {"spell": before.spell, "known_on": before.known_on.isoformat()}
    return corrected(journey, by.of_journey("relapse", "amended", spell.organisation_id if spell else None, stood, before.stage))


def is_by_owner(journey: Journey, spell: Spell | None, by: By) -> bool:
    """Who entered it, or who has the person now."""
    return by.organisation_id is not None and by.organisation_id in (holder(journey), spell.organisation_id if spell else None)


def withdraw_end(
    journey: Journey, place: Place, by: By, died_on: date | None, reopens_another: bool = False
) -> tuple[Journey, Spell, list[StayCorrected]]:
    """The last stay of a stage did not end. What reopened the stage since then marks the stay, and reopens nothing.

    `died_on`: of the person; a stay left by a death goes on only once its owner has reversed the death. `reopens_another`: a relapse of
    the stay has reopened another stage, by the pathway's rule for stays that ended. Raises Refused.
    """
    spell = journey.spell(place[0])
    refuse(
        NOT_POSSIBLE,
        {
            "journey-open": journey.status != "open",
            "stage-ended": spell is None or spell.is_open,
            **_unmet_last(journey, place, by),
            "holder-unchanged": journey.is_lost,
            "journey-completion-corrected": spell is not None and _is_completed_after(journey, spell),
            "death-reversed": spell is not None and spell.how == "died" and died_on is not None,
            "relapse-refuted": reopens_another,
        },
    )
    assert spell is not None
    goes_on = spell.model_copy(update=NO_END)
    history = by.of_stay("end", "entered-in-error", spell)
    journey = corrected(journey.with_spell(goes_on).with_status(spell.stage, "started"), history)
    return journey, goes_on, [stands(journey, goes_on)]


def _unmet_last(journey: Journey, place: Place, by: By) -> dict[str, bool]:
    """The stay that is meant is the last one of its stage, so that a second click takes back nothing more."""
    spell = journey.spell(place[0])
    return {
        "last-stay-of-stage": spell is not None and place[1] not in (None, spell.number),
        "own-stay-or-holder": not is_by_owner(journey, spell, by),
    }


def amend_end(journey: Journey, place: Place, ended: Ended, by: By, days: Days) -> tuple[Journey, Spell, list[StayCorrected]]:
    """A stay ended on another day or otherwise; of one that another followed in its stage only the day. Raises Refused."""
    spell = journey.spell(*place)
    refuse(
        NOT_POSSIBLE,
        {
            "stage-ended": spell is None or spell.is_open,
            "own-stay-or-holder": not is_by_owner(journey, spell, by),
            **unmet_end(journey, spell, ended, days),
            **(_unmet_around(journey, spell, ended) if spell else {}),
            "holder-unchanged": spell is not None and holder(journey) != by.organisation_id and _ends_behind(journey, spell, ended.on),
        },
    )
    assert spell is not None
    amended = ended_as(spell, ended)
    changed = corrected(journey.with_spell(amended), by.of_stay("end", "amended", spell))
    if journey.status_of(spell.stage) in ("completed", "left") and spell == journey.spell(spell.stage):
        changed = changed.with_status(spell.stage, _status_of_end(amended))
    return changed, amended, told_if_changed(journey, spell, amended)


def _ends_behind(journey: Journey, spell: Spell, on: date) -> bool:
    """Whether a former stay would end later than it did, and after the person had gone on elsewhere.

    So the days that are refused to who lost the person tell of nothing that came later, such as a death. Records from outside overlap
    as they were.
    """
    others = (one for one in journey.spells if one.organisation_id != spell.organisation_id)
    elsewhere = [one.started_on for one in others if begun_as(one) > begun_as(spell)]
    if journey.imported or not (elsewhere or journey.is_lost):
        return False
    ended_on = spell.ended_on or spell.started_on
    return on > max(ended_on, min(elsewhere, default=ended_on))


def _unmet_around(journey: Journey, spell: Spell, ended: Ended) -> dict[str, bool]:
    """What else of the journey stands on the end of the stay."""
    following, is_other = journey.spell(spell.stage, spell.number + 1), ended.how != spell.how
    completed_on = journey.completions[-1] if journey.completions else None
    return {
        "last-stay-of-stage": is_other and following is not None,
        "reopening-corrected": is_other and following is None and journey.status_of(spell.stage) == "reopened",
        "on-or-before-next-start": following is not None and ended.on > following.started_on,
        "journey-completion-corrected": _is_completed_after(journey, spell) and (is_other or (completed_on or ended.on) < ended.on),
        "death-by-its-own-command": "died" in (ended.how, spell.how),
    }


def start_to_withdraw(journey: Journey, place: Place, by: By, died_on: date | None) -> Spell:
    """The last stay of a stage, if it can be said that it never was. Raises Refused.

    What stands on it is corrected first: a later stage that could not have begun without it, the completion of the journey.
    """
    spell = journey.spell(place[0])
    refuse(
        NOT_POSSIBLE,
        {
            "journey-open": journey.status != "open",
            "stage-started": spell is None,
            **_unmet_last(journey, place, by),
            "later-stages-corrected": spell is not None and _before(journey, spell) == "planned" and has_later(journey, spell.stage),
            "journey-completion-corrected": spell is not None and _is_completed_after(journey, spell),
            "death-reversed": spell is not None and spell.how == "died" and died_on is not None,
        },
    )
    assert spell is not None
    return spell


def without_start(journey: Journey, spell: Spell, by: By, recorded: Mapping[str, Any]) -> tuple[Journey, list[StayCorrected]]:
    """The journey without the stay: its stage stands as before. `recorded`: what else was kept of the stay, for the history."""
    history = by.of_stay("start", "entered-in-error", spell, recorded)
    without = corrected(journey.without_spell(spell), history)
    without = without.with_status(spell.stage, _before(journey, spell), by=spell.began_by)
    gone = {"started_on": None, "how": None, "ended_on": None, "next_organisation_id": None}
    return without, [stands(journey, spell).model_copy(update=gone)]


def amend_start(
    journey: Journey, rule: StageRule, number: int | None, start: Start, by: By, days: Days
) -> tuple[Journey, Spell, list[StayCorrected]]:
    """A stay began on another day or otherwise; judged as if it had been entered so at first. Raises Refused."""
    spell = journey.spell(rule.stage, number)
    refuse(NOT_POSSIBLE, {"stage-started": spell is None, "own-stay-or-holder": not is_by_owner(journey, spell, by)})
    assert spell is not None
    entered = journey.spells.index(spell)
    before = journey.model_copy(update={"spells": journey.spells[:entered]})
    amended = _begun_so(spell, facts_of_visit(rule, start.visit))
    changed = corrected(journey.with_spell(amended), by.of_stay("start", "amended", spell))
    begun = amended.started_on
    refuse(
        NOT_POSSIBLE,
        {
            **unmet_visit(before, rule, start, days._replace(begun_on=before.begun_on)),
            "started-on-or-before-end": spell.ended_on is not None and begun > spell.ended_on,
            "on-or-before-later-starts": not journey.imported and _starts_earlier(journey.spells[entered + 1 :], rule.stage, begun),
            "holder-unchanged": holder(journey) != by.organisation_id == holder(changed)
            or (begun > spell.started_on and would_hold_again(journey, changed, by))
            or (holder(journey) != by.organisation_id and _overtakes(journey, spell, amended)),
        },
    )
    return changed, amended, told_if_changed(journey, spell, amended)


def _overtakes(journey: Journey, before: Spell, after: Spell) -> bool:
    """Whether the stay would begin after one of another organisation that began after it: who had it sees what came before."""
    others = (spell for spell in journey.spells if spell.organisation_id != before.organisation_id)
    return any(begun_as(before) < begun_as(other) < begun_as(after) for other in others)


def would_hold_again(journey: Journey, changed: Journey, by: By) -> bool:
    """Whether the person went on elsewhere, and the one who corrects would have it again by that alone."""
    return journey.is_lost and holder(changed.model_copy(update=FOUND)) == by.organisation_id


def _begun_so(spell: Spell, facts: Mapping[str, Any]) -> Spell:
    amended = spell.model_copy(update=facts)
    if amended.ended_on is None:
        return amended
    return amended.model_copy(update={"actual_class": length_class(amended.started_on, amended.ended_on)})


def _starts_earlier(entered_later: Sequence[Spell], stage: int, begun: date) -> bool:
    """Whether a later stage that was entered after it began before that day, which its own start would have been refused for."""
    return any(one.stage > stage and one.started_on < begun for one in entered_later)


def has_later(journey: Journey, stage: int) -> bool:
    """Whether a later stage began, for which this one had to be begun or skipped; records from outside need neither."""
    return not journey.imported and any(one.stage > stage for one in journey.spells)


def _is_completed_after(journey: Journey, spell: Spell) -> bool:
    """Whether the journey was completed once the stay had begun."""
    return bool(journey.completions) and spell.started_on <= journey.completions[-1]


def _before(journey: Journey, spell: Spell) -> StageStatus:
    """How the stage stood before the stay began; of one from before that was kept what is likely."""
    if spell.began_from is not None:
        return spell.began_from
    earlier = journey.spell(spell.stage, spell.number - 1) if spell.number > 1 else None
    return "planned" if earlier is None else "left" if earlier.how == "transferred" else "reopened"


def _status_of_end(spell: Spell) -> Literal["completed", "left"]:
    return "completed" if spell.how == "completed" else "left"


def told_if_changed(journey: Journey, before: Spell, after: Spell) -> list[StayCorrected]:
    """Nothing of the plan or the outcome is told to others, and so neither is its correction."""
    now = stands(journey, after)
    return [] if now == stands(journey, before) else [now]


def stands(journey: Journey, spell: Spell) -> StayCorrected:
    """The stay as others are told of it."""
    return StayCorrected(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        stage=spell.stage,
        spell=spell.number,
        organisation_id=spell.organisation_id,
        started_on=spell.started_on,
        how=spell.how,
        ended_on=spell.ended_on,
        next_organisation_id=spell.next_organisation_id,
        imported=journey.imported,
    )
