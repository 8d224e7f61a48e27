"""A report that was of another day or another stage. Pure. Of what others are told: as of a refutation and a new report."""

from datetime import date
from typing import NamedTuple
from uuid import UUID, uuid4

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.journey.domain import Journey, holder
from services.programme.pathway.domain import StageRule
from services.programme.relapse.domain import Outcome, Relapse, Report, assessed, report
from services.programme.relapse.finding import Decision, refute
from services.programme.relapse.undoing import Undoing, is_told
from shared.errors import refuse


class Amended(NamedTuple):
    """The day and the stage that were meant; whose correction it is, and why."""

    on: date
    rule: StageRule
    decision: Decision


def amend(journey: Journey, relapse: Relapse, amended: Amended, by: Undoing, days: Days) -> Outcome:
    """The report as it should have been entered. The one that stands comes first in what is kept.

    Another day changes nothing else: the report keeps its place among those of its stay. Of another stage it is none there, and is
    reported anew of the last stay here, which the same organisation had.

    Raises Refused("relapse-not-amendable"), and what a refutation and a report raise. Source: issue of corrections, section 1.
    """
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    is_moved, to = amended.rule.stage != relapse.stage, journey.spell(amended.rule.stage)
    by_holder = amended.decision.organisation_id == holder(journey)
    refuse(
        "relapse-not-amendable",
        {
            "report-standing": relapse.definition != CLINICIAN_REPORT or relapse.withdrawn,
            "holder-takes-back-what-reopened": relapse.reopens is not None and not by_holder,
            "on-or-after-start": not is_moved and amended.on < spell.started_on,
            "within-own-stay": not (is_moved or by_holder or spell.lasts_on(amended.on)),
            "stay-of-same-organisation": is_moved and (to is None or to.organisation_id != spell.organisation_id),
            "day-not-reported-before": not is_moved and _is_reported(by, relapse, amended.on),
            **days.unmet(amended.on),
        },
    )
    if is_moved:
        return _moved(journey, relapse, amended, by, days)
    right = relapse.model_copy(update={"known_on": amended.on})
    told = is_told(journey, by.kept, relapse) and right != relapse
    return Outcome(journey, [right], [assessed(journey, right)] if told else [])


def _moved(journey: Journey, relapse: Relapse, amended: Amended, by: Undoing, days: Days) -> Outcome:
    none = refute(journey, relapse, amended.decision, by)
    kept = {one.relapse_id: one for one in (*by.kept, *none.relapses)}
    to, own = none.journey.spell(amended.rule.stage), _spoken_for(journey, relapse, amended)
    assert to is not None
    earlier = [one for one in kept.values() if (one.stage, one.spell) == (to.stage, to.number) and _is_report(one)]
    new = report(none.journey, amended.rule, Report(uuid4(), amended.on, None, earlier, organisation_id=own), days)
    return Outcome(new.journey, [*new.relapses, *none.relapses], [*none.events, *new.events])


def _spoken_for(journey: Journey, relapse: Relapse, amended: Amended) -> UUID | None:
    """Whose report it is: the holder's word is as good as any."""
    spell, own = journey.spell(relapse.stage, relapse.spell), amended.decision.organisation_id
    return spell.organisation_id if spell and own != holder(journey) else None


def _is_report(relapse: Relapse) -> bool:
    return relapse.definition == CLINICIAN_REPORT and not relapse.withdrawn


def _is_reported(by: Undoing, relapse: Relapse, on: date) -> bool:
    """Of one day one use of a stay is kept; the other one is refuted."""
    of_stay = [one for one in by.kept if (one.stage, one.spell) == (relapse.stage, relapse.spell) and _is_report(one)]
    return any(one.known_on == on and one.relapse_id != relapse.relapse_id for one in of_stay)
