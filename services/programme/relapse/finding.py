"""What a clinician decides about a relapse: a finding is confirmed or refuted, a report was entered in error. Pure."""

from typing import NamedTuple
from uuid import UUID

from services.programme.definition.domain import CLINICIAN_REPORT, DEFINITIONS
from services.programme.journey.domain import Journey, holder
from services.programme.pathway.domain import StageRule
from services.programme.relapse.assessing import wanted_by, would_want
from services.programme.relapse.domain import Outcome, Relapse, follows, remembered
from services.programme.relapse.undoing import Undoing, undone
from shared.errors import refuse


class Decision(NamedTuple):
    """Whose it is. `reopens`: the stage the holder names, None for the pathway's default. `reason`: why it is refuted."""

    organisation_id: UUID | None
    reopens: int | None = None
    reason: str | None = None


def may_decide(journey: Journey, relapse: Relapse, organisation_id: UUID | None) -> bool:
    """The organisation whose stay it is, and the holder. Source: issue of corrections, section 1."""
    spell = journey.spell(relapse.stage, relapse.spell)
    return organisation_id is not None and organisation_id in (holder(journey), spell.organisation_id if spell else None)


def confirm(journey: Journey, rule: StageRule, relapse: Relapse, decision: Decision) -> Outcome:
    """A finding, or one refuted before, is a relapse: it marks its stay, and by its holder's word reopens a stage.

    A second time is none, unless the holder names a stage that it did not.

    Raises Refused("relapse-not-confirmable"). Source: issue of corrections, section 2.
    """
    by_holder = decision.organisation_id == holder(journey)
    refuse(
        "relapse-not-confirmable",
        {
            "relapse-standing": relapse.withdrawn,
            "definition-of-relapse": not _is_relapse(relapse),
            "holder-names-what-reopens": decision.reopens is not None and not by_holder,
            "reopens-stage-of-pathway": decision.reopens is not None and journey.status_of(decision.reopens) is None,
        },
    )
    wanted = wanted_by(journey, rule, relapse, decision.reopens) if by_holder else None
    if relapse.status == "confirmed" and (decision.reopens is None or wanted in (None, relapse.wants)):
        return Outcome(journey, [relapse], [])
    outcome = follows(journey, relapse.model_copy(update={"status": "confirmed", "reason": None}), wanted)
    return remembered(outcome, would_want(journey, rule, relapse, decision.reopens), decision.organisation_id)


def refute(journey: Journey, relapse: Relapse, decision: Decision, by: Undoing) -> Outcome:
    """It was none. Of a confirmed one the reopening is taken back; of a report nothing stands any more. A second time is none.

    Raises Refused("relapse-not-refutable"). Source: issue of corrections, sections 1 and 2.
    """
    is_report = relapse.definition == CLINICIAN_REPORT
    refuse(
        "relapse-not-refutable",
        {
            "relapse-standing": relapse.withdrawn and not is_report,
            "definition-of-relapse": not _is_relapse(relapse),
            "holder-takes-back-what-reopened": relapse.reopens is not None and decision.organisation_id != holder(journey),
        },
    )
    if relapse.status == "refuted":
        return Outcome(journey, [relapse], [])
    refuted = relapse.model_copy(update={"status": "refuted", "reason": decision.reason, "withdrawn": is_report})
    return undone(journey, relapse, refuted, by)


def _is_relapse(relapse: Relapse) -> bool:
    return relapse.definition == CLINICIAN_REPORT or DEFINITIONS[relapse.definition].is_relapse
