"""What is done to a stage: started, completed, left, skipped. Pure: each answers the new journey and its events, or refuses."""

from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey, Setting, SkippedHow, Spell
from services.programme.length.domain import is_within_months, length_class
from services.programme.pathway.domain import StageRule
from services.programme.transition.domain import step
from shared.errors import refuse
from shared.events.programme import DeathReported, Ending, StageCompleted, StageLeft, StageSkipped, StageStarted

MEDICAL = "medical-organisation"
DAYS_A_WEEK = 7
UNCONFIRMED = "next-organisation-confirmed"


class Visit(NamedTuple):
    """A first attended contact, as it was entered."""

    on: date
    setting: Setting
    programme: str
    planned_until: date | None = None
    responsible_doctor: str | None = None
    warning_reason: str | None = None
    date_reason: str | None = None


class Start(NamedTuple):
    """The visit and what is known beside it: whose spell it becomes, of what kind that organisation is, the referrals it accepted."""

    organisation_id: UUID
    organisation_kind: str
    visit: Visit
    accepted: tuple[UUID, ...] = ()


def start_stage(journey: Journey, rule: StageRule, start: Start, days: Days) -> tuple[Journey, list[StageStarted]]:
    """Open spell n+1 of a planned or reopened stage; the stage before may still be open, then they overlap.

    Raises Refused("stage-not-startable") naming every unmet requirement. Source: mission rows 002-01, 002-18, 002-32, OUR-01.
    """
    visit = start.visit
    refuse("stage-not-startable", _unmet(journey, rule, start, days))
    spell = Spell.model_validate(
        {
            "stage": rule.stage,
            "number": len(journey.spells_of(rule.stage)) + 1,
            "organisation_id": start.organisation_id,
            "accepted": start.accepted,
            **_before(journey, rule.stage),
            **facts_of_visit(rule, visit),
        }
    )
    event = StageStarted(
        **_facts(journey, spell),
        started_on=spell.started_on,
        overlapping=journey.open_spell(rule.stage - 1) is not None,
        imported=journey.imported,
    )
    return journey.with_spell(spell).with_status(rule.stage, "started"), [event]


def _before(journey: Journey, stage: int) -> dict[str, Any]:
    """How the stage stands before the start, and who decided so."""
    state = journey.state(stage)
    return {"began_from": state.status if state else None, "began_by": state.by if state and state.status == "reopened" else None}


def facts_of_visit(rule: StageRule, visit: Visit) -> dict[str, Any]:
    """What a stay keeps of its first attended contact."""
    return {
        "started_on": visit.on,
        "setting": visit.setting,
        "programme": visit.programme,
        "weeks": _weeks(rule, visit),
        "planned_until": visit.planned_until,
        "planned_class": length_class(visit.on, visit.planned_until) if visit.planned_until else None,
        "responsible_doctor": visit.responsible_doctor,
        "warning_reason": visit.warning_reason,
        "date_reason": visit.date_reason,
    }


def _unmet(journey: Journey, rule: StageRule, start: Start, days: Days) -> dict[str, bool]:
    return {
        "journey-open": journey.status != "open",
        "stage-planned-or-reopened": not _is_startable(journey, rule.stage),
        **_unmet_before(journey, rule.stage),
        **unmet_visit(journey, rule, start, days),
    }


def unmet_visit(journey: Journey, rule: StageRule, start: Start, days: Days) -> dict[str, bool]:
    """What a first attended contact lacks, in the journey as it stood before it."""
    last, visit = journey.spell(rule.stage), start.visit
    return {
        "medical-organisation": rule.needs_medical_organisation and start.organisation_kind != MEDICAL,
        # Imported records rarely name a doctor, and none may be made up for them.
        "responsible-doctor": rule.needs_responsible_doctor and not visit.responsible_doctor and not journey.imported,
        "started-on-or-after-last-end": last is not None and last.ended_on is not None and visit.on < last.ended_on,
        "planned-until-on-or-after-start": visit.planned_until is not None and visit.planned_until < visit.on,
        "warning-reason": not visit.warning_reason and (is_unusual(rule, visit) or (is_elsewhere(rule, visit) and not journey.imported)),
        **days.unlikely(visit.on, reason=visit.date_reason, since=days.begun_on),
        **days.unmet(visit.on, after=_begun_before(journey, rule.stage)),
    }


def _begun_before(journey: Journey, stage: int) -> date | None:
    """The last start of the stages before; records brought from outside may overlap as they like."""
    return max((spell.started_on for spell in journey.spells if spell.stage < stage and not journey.imported), default=None)


def _is_startable(journey: Journey, stage: int) -> bool:
    last, status = journey.spell(stage), journey.status_of(stage)
    transferred = last is not None and last.how == "transferred"
    return step("start", status) is not None or (transferred and step("take-over", status) is not None)


def _unmet_before(journey: Journey, stage: int) -> dict[str, bool]:
    """Each earlier stage was begun or skipped; records brought from outside need not tell of it."""
    return {
        f"stage-{state.stage}-begun-or-skipped": state.status == "planned" and not journey.imported
        for state in journey.stages
        if state.stage < stage
    }


def is_unusual(rule: StageRule, visit: Visit) -> bool:
    """The plan is shorter or longer than the pathway's months for the stage: a warning that needs a reason. Source: mission row 002-18."""
    if rule.planned_months is None or visit.planned_until is None:
        return False
    return not is_within_months(visit.on, visit.planned_until, *rule.planned_months)


def is_elsewhere(rule: StageRule, visit: Visit) -> bool:
    """The stage belongs in the natural environment and takes place in another setting, which needs a reason. Source: mission row 002-20."""
    return rule.natural_environment and visit.setting != "natural-environment"


def _weeks(rule: StageRule, visit: Visit) -> int:
    """Weeks of the weekly record: the plan's, a part of a week counting as one, or else the pathway's default."""
    if visit.planned_until is None:
        return rule.planned_weeks
    return max(1, -(-(visit.planned_until - visit.on).days // DAYS_A_WEEK))


class Ended(NamedTuple):
    """How a spell ended, as it was entered. `organisation_id`: whose spell it must be, None for the process itself.

    `may_report_death`: the caller is holder or registered the person, or the death is known. `next_is_confirmed`: by the registry.
    """

    on: date
    how: Literal["completed"] | Ending
    organisation_id: UUID | None
    outcome: str | None = None
    reason: str | None = None
    next_organisation_id: UUID | None = None
    may_report_death: bool = True
    next_is_confirmed: bool = True


def complete_stage(journey: Journey, stage: int, ended: Ended, days: Days) -> tuple[Journey, list[StageCompleted]]:
    """Close the open spell of `stage`. Raises Refused("stage-not-completable"), or "stage-reopened" for what a reopening overtook.

    Source: mission rows 002-01, 002-15.
    """
    closed = _end(journey, stage, ended, days, "completable")
    event = StageCompleted(
        **_facts(journey, closed), completed_on=ended.on, next_organisation_id=ended.next_organisation_id, imported=journey.imported
    )
    return journey.with_spell(closed).with_status(stage, "completed"), [event]


def leave_stage(journey: Journey, stage: int, ended: Ended, days: Days) -> tuple[Journey, list[StageLeft | DeathReported]]:
    """Close the open spell of `stage` otherwise than completed. Raises Refused("stage-not-leavable") or "stage-reopened".

    A stage left because the person died reports the death to its owner. Source: standards section 2, contracts "Death".
    """
    assert ended.how != "completed"
    closed = _end(journey, stage, ended, days, "leavable")
    event = StageLeft(
        **_facts(journey, closed),
        how=ended.how,
        left_on=ended.on,
        next_organisation_id=ended.next_organisation_id,
        imported=journey.imported,
    )
    return journey.with_spell(closed).with_status(stage, "left"), [event, *_death(journey, closed)]


def _death(journey: Journey, left: Spell) -> list[DeathReported]:
    if left.how != "died" or left.ended_on is None:
        return []
    by = left.organisation_id
    return [DeathReported(person_id=journey.person_id, on=left.ended_on, organisation_id=by, imported=journey.imported)]


def _facts(journey: Journey, spell: Spell) -> dict[str, UUID | int]:
    return {
        "person_id": journey.person_id,
        "journey_id": journey.journey_id,
        "stage": spell.stage,
        "spell": spell.number,
        "organisation_id": spell.organisation_id,
    }


def _end(journey: Journey, stage: int, ended: Ended, days: Days, verb: str) -> Spell:
    status, spell = journey.status_of(stage), journey.open_spell(stage)
    overtaken = status == "reopened" or (spell is not None and spell.number > 1 and ended.on < spell.started_on)
    refuse(
        "stage-reopened" if overtaken else f"stage-not-{verb}",
        {
            "stage-started": spell is None,
            "spell-of-own-organisation": spell is not None and ended.organisation_id not in (None, spell.organisation_id),
            **unmet_end(journey, spell, ended, days),
            "holder-or-registrar-reports-death": ended.how == "died" and not ended.may_report_death,
        },
    )
    assert spell is not None
    return ended_as(spell, ended)


def unmet_end(journey: Journey, spell: Spell | None, ended: Ended, days: Days) -> dict[str, bool]:
    """What the end of a stay lacks, whether it is entered or corrected."""
    transferred = ended.how == "transferred"
    return {
        "completed-on-or-after-start": spell is not None and ended.on < spell.started_on,
        **days.unmet(ended.on),
        "next-organisation": transferred and ended.next_organisation_id is None,
        "next-organisation-another": transferred and not journey.imported and _is_own(spell, ended.next_organisation_id),
        UNCONFIRMED: not ended.next_is_confirmed,
    }


def ended_as(spell: Spell, ended: Ended) -> Spell:
    """The stay with this end."""
    update = {
        "ended_on": ended.on,
        "how": ended.how,
        "outcome": ended.outcome,
        "reason": ended.reason,
        "next_organisation_id": ended.next_organisation_id,
        "actual_class": length_class(spell.started_on, ended.on),
    }
    return spell.model_copy(update=update)


def _is_own(spell: Spell | None, organisation_id: UUID | None) -> bool:
    """Whether the stay would be handed to who has it: that would ask for the person back, whoever holds it by now."""
    return spell is not None and spell.organisation_id == organisation_id


def correct_stage(journey: Journey, stage: int, reason: str, by: UUID | None = None) -> Journey:
    """Reopen an ended stage by decision; its end stays kept. Raises Refused("stage-not-reopenable"). Source: standards section 2."""
    row = step("correct", journey.status_of(stage))
    refuse("stage-not-reopenable", {"journey-open": journey.status != "open", "stage-ended": row is None, "reason": not reason})
    return journey.with_status(stage, "reopened", reason, by)


def skip_stage(
    journey: Journey, stage: int, how: SkippedHow, reason: str | None, by: UUID | None = None
) -> tuple[Journey, list[StageSkipped]]:
    """Set a stage aside at entry: `done-elsewhere` with its evidence, `not-needed` with a reason.

    Raises Refused("stage-not-skippable"). Source: mission row 002-01.
    """
    row = step(how, journey.status_of(stage))
    refuse(
        "stage-not-skippable",
        {
            "journey-open": journey.status != "open",
            "stage-planned": row is None,
            ("evidence" if how == "done-elsewhere" else "reason"): (row is None or row.needs_reason) and not reason,
        },
    )
    event = StageSkipped(person_id=journey.person_id, journey_id=journey.journey_id, stage=stage, how=how, imported=journey.imported)
    return journey.with_status(stage, how, reason, by), [event]
